"""The SSH connection of a host: tried again when it fails, watched while it lasts, and closed."""

import re
from collections.abc import Callable
from contextlib import suppress
from socket import EAI_AGAIN, gaierror
from typing import Any, Final

import gevent
from paramiko import AuthenticationException, BadHostKeyException, SSHException
from pyinfra.api import Host
from pyinfra.api.exceptions import ConnectError, PyinfraError
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.util import remove_any_sudo_askpass_file

BACKOFF: Final = (1, 4)  # seconds before the second and the third attempt
# What a connection that is gone raises, paramiko's and the socket's own.
BROKEN: Final = (SSHException, EOFError, OSError)
GOODBYE: Final = 5  # seconds for what is put away at the end


def connect(host: Host) -> None:
    """Connect, three times at most. Raises ConnectError.

    A host that refuses the login or shows another key is not asked again.
    """
    for pause in BACKOFF:
        try:
            host.connect(show_errors=False, raise_exceptions=True)
            break
        except ConnectError as error:
            if not passing(error.__context__):
                raise
        gevent.sleep(pause)
    else:
        host.connect(show_errors=False, raise_exceptions=True)
    host.state.activate_host(host)


def passing(cause: BaseException | None) -> bool:
    """Whether what kept us from connecting may be over in a moment."""
    if isinstance(cause, (AuthenticationException, BadHostKeyException)):
        return False
    if isinstance(cause, gaierror):
        return cause.errno == EAI_AGAIN
    if isinstance(cause, SSHException):
        # paramiko has one class for all: an unknown host key, and a server that is too busy.
        return bool(re.search("banner|negotiation|session|timeout", str(cause), re.IGNORECASE))
    return isinstance(cause, (OSError, EOFError))


def watch(host: Host, silence: float, lost: Callable[[str], None]) -> None:
    """Ask a host for a sign of life again and again; call `lost` with the reason when none comes.

    sshd answers beside whatever runs (RFC 4254, section 4), so only a host that is frozen or gone
    is silent. paramiko's own keepalive expects no answer. A host that pyinfra reboots has one
    connection after the other, and none in between; this goes on until it is killed.
    """
    while True:
        gevent.sleep(min(15, silence / 4))
        transport = _connected(host)
        if transport is None or gevent.with_timeout(
            silence, _answers, transport, timeout_value=False
        ):
            continue
        if transport is _connected(host):
            lost(f"no sign of life for {silence:g} s; look at the host, then run this again")
            return


def _answers(transport: Any) -> bool:
    # A connection that ends meanwhile is told by what runs over it.
    with suppress(*BROKEN):
        transport.global_request("keepalive@openssh.com")
    return True


def _connected(host: Host) -> Any:
    client = getattr(host.connector, "client", None)
    transport = client.get_transport() if client and host.connected else None
    return transport if transport and transport.is_active() else None


def answer_within(host: Host, seconds: float) -> None:
    """A host that has no answer to the beginning of a command by then is given up.

    paramiko waits an hour.
    """
    if transport := _connected(host):
        transport.channel_timeout = seconds


def hang_up(host: Host, *, gone: bool = False) -> None:
    """Close the connection; with `gone`, the host is not expected to answer."""
    connector = host.connector
    with suppress(PyinfraError, *BROKEN):
        if not isinstance(connector, SSHConnector):
            host.disconnect()
        elif not gone:
            with gevent.Timeout(GOODBYE, False):
                remove_any_sudo_askpass_file(host)
    if isinstance(connector, SSHConnector):
        _forget_uploads(connector)
        if connector.client:  # pyinfra leaves the connection to the end of the process
            with suppress(OSError):  # a ProxyCommand that has gone already
                connector.client.close()
    host.connected = False


def _forget_uploads(connector: SSHConnector) -> None:
    # pyinfra's own disconnect() forgets the SFTP sessions of all hosts. Those that go on would open
    # another one each time, until there are more than sshd allows (MaxSessions, 10).
    sessions = connector.get_file_transfer_connection.cache
    sessions.pop(f"{(connector,)}{{}}", None)  # the key of pyinfra.api.util.memoize
