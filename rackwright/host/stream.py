"""Bytes to and from a command on a host as they come, over the connection that pyinfra holds.

pyinfra's own run_shell_command keeps all output in memory, takes it for UTF-8, and gives no exit
code.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO

import gevent
from gevent.event import Event
from paramiko import Channel, SSHClient, SSHException
from pyinfra.api import Host

from rackwright.host.answer import announced, answering
from rackwright.host.error import HostError
from rackwright.host.remote import command_line

Sink = Callable[[bytes], object]
CHUNK = 1 << 18
GOODBYE: float = 5  # seconds for the end of a channel
KEEPALIVE = 15  # seconds; a silent command must not let a firewall forget the connection


def stream(
    host: Host,
    shell: str,
    out: Sink,
    err: Sink,
    source: BinaryIO | None = None,
    endless: bool = False,
) -> int:
    """Run shell code as root; returns its exit code. What the login prints before it is left out.

    `source` is sent to its standard input; without one, that is empty, or with `endless` open
    and silent, so that its end tells the command that nobody listens any more. Raises HostError
    when the host is not reached over SSH or when the connection breaks, and OSError of `source`
    and sinks.
    """
    client = getattr(host.connector, "client", None)
    transport = client.get_transport() if isinstance(client, SSHClient) else None
    if transport is None:
        raise HostError("this works only on hosts that are reached over SSH")
    transport.set_keepalive(KEEPALIVE)
    try:
        channel = transport.open_session()
        channel.exec_command(command_line(host, announced(shell)))
        code = relay(channel, answering(out), err, source, endless)
    except (SSHException, EOFError) as error:
        raise HostError(f"the connection broke ({error}); run it again") from None
    if code == -1:
        raise HostError("the connection broke before the command ended; look at it, run it again")
    return code


def relay(
    channel: Channel,
    out: Sink,
    err: Sink,
    source: BinaryIO | None = None,
    endless: bool = False,
) -> int:
    """Pass on all bytes until the command ends; returns its exit code.

    That is -1 where it gave none, or not all that it said arrived. Closes the channel. Raises
    EOFError and SSHException of a connection that broke, OSError of `source` and sinks.
    """
    over = Event()
    parts = [
        gevent.spawn(_tried, part)
        for part in (
            partial(_drain, channel.recv, out, over),
            partial(_drain, channel.recv_stderr, err, over),
            partial(_send, channel, source, endless),
        )
    ]
    try:
        for part in gevent.iwait(parts):
            if part.value:
                raise part.value
        code = channel.recv_exit_status()
        # It may come before the last of the output does (RFC 4254, section 6.10), and the end of
        # the output may come without a word (section 5.3).
        transport = channel.get_transport()
        whole = transport.is_active() and not transport.saved_exception
        return code if channel.eof_received or whole else -1
    finally:
        over.set()
        # Never killed: in the middle of one of paramiko's locks, they would give back what another
        # one holds. The end of the channel ends them; where the host reads no more, not even that
        # can be sent, and the end of the connection does.
        parts.append(gevent.spawn(_tried, channel.close))
        gevent.joinall(parts, timeout=GOODBYE)
        if not all(part.dead for part in parts):
            channel.get_transport().close()
            gevent.joinall(parts)


def _tried(part: Callable[[], None]) -> Exception | None:
    try:
        part()
    except Exception as error:  # relay() raises it: a greenlet would print it
        return error
    return None


def _drain(receive: Callable[[int], bytes], sink: Sink, over: Event) -> None:
    for chunk in iter(partial(receive, CHUNK), b""):
        if over.is_set():
            return
        sink(chunk)


def _send(channel: Channel, source: BinaryIO | None, endless: bool) -> None:
    # A command that ends before it has read all tells why by its exit code and its words.
    for chunk in iter(partial(source.read, CHUNK), b"") if source else ():
        with suppress(OSError):
            channel.sendall(chunk)
            continue
        return
    if not endless:
        channel.shutdown_write()
