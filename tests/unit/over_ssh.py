"""A program: bytes over a real SSH connection, both ends in one process that gevent patches.

`python -m tests.unit.over_ssh NAME` plays the scene of that name and prints what came of it.
"""

# ruff: noqa: E402 - nothing may be imported before the patches
from gevent import monkey

monkey.patch_all()

import io
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from select import select

import gevent
import paramiko
from gevent.event import Event
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from rackwright.host import stream
from rackwright.host.stream import relay

(OURS, NEAR), (FAR, THEIRS) = socket.socketpair(), socket.socketpair()
SERVER, CLIENT = paramiko.Transport(THEIRS), paramiko.Transport(OURS)
THAWED = Event()
FROZEN: set[socket.socket] = set()


class Server(paramiko.ServerInterface):
    """Lets anybody in, to run one of the commands."""

    def check_auth_none(self, username: str) -> int:
        """Whether this user may log in."""
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Whether a channel may be opened."""
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Whether there is such a command; it is begun."""
        gevent.spawn(COMMANDS[command.decode()], channel)
        return True


def _endless(channel: paramiko.Channel) -> None:
    with suppress(OSError, EOFError):  # the client has gone
        while True:
            channel.send(b"a line " * 99)


def _count(channel: paramiko.Channel) -> None:
    read = sum(map(len, iter(lambda: channel.recv(1 << 15), b"")))
    with suppress(OSError):  # the client has gone
        channel.sendall(b"%d bytes" % read)
        channel.sendall_stderr(b"and a word")
        channel.send_exit_status(3)
        channel.close()


def _torn(channel: paramiko.Channel) -> None:
    channel.send_exit_status(0)
    channel.send(b"the first half")
    SERVER.close()


def _hasty(channel: paramiko.Channel) -> None:
    channel.send(b"all of it")
    channel.send_exit_status(0)
    channel.eof_sent = True  # as far as this end knows
    channel.close()


COMMANDS = {"endless": _endless, "count": _count, "torn": _torn, "hasty": _hasty}


def _between(one: socket.socket, other: socket.socket) -> None:
    for data in iter(lambda: one.recv(1 << 16), b""):
        other.sendall(data)
        if not THAWED.is_set():
            FROZEN.add(one)
        THAWED.wait()
    other.shutdown(socket.SHUT_WR)


def _connect() -> None:
    THAWED.set()
    gevent.spawn(_between, NEAR, FAR)
    gevent.spawn(_between, FAR, NEAR)
    SERVER.add_server_key(paramiko.ECDSAKey.generate())
    SERVER.start_server(threading.Event(), Server())
    CLIENT.start_client()
    CLIENT.auth_none("admin")


def _started(command: str) -> paramiko.Channel:
    channel = CLIENT.open_session()
    channel.exec_command(command)
    return channel


def killed() -> None:
    """What listens to a torrent is killed at any moment, again and again."""
    for moment in range(50):
        said: list[bytes] = []
        following = gevent.spawn(relay, _started("endless"), said.append, said.append, None, True)
        while not said:
            gevent.sleep(0)
        gevent.sleep(moment * 7 % 50 / 2500)  # up to 20 ms
        following.kill()
    print("done")


def whole() -> None:
    """Five million bytes go there, and a count comes back."""
    out, err = bytearray(), bytearray()
    print(relay(_started("count"), out.extend, err.extend, io.BytesIO(b"x" * 5_000_000)))
    print(out.decode(), err.decode())


class _Torn(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("no such disk")


def full() -> None:
    """A sink that takes nothing, and a source that gives nothing."""

    def none(_: bytes) -> None:
        raise OSError("no space")

    some = bytearray().extend
    tries: list[Callable[[], int]] = [
        lambda: relay(_started("count"), none, some),
        lambda: relay(_started("count"), some, none),
        lambda: relay(_started("count"), some, some, _Torn()),
        lambda: relay(_started("endless"), none, none, None, True),
    ]
    for each in tries:
        try:
            print(each())
        except OSError as error:
            print(error)


def frozen() -> None:
    """The host reads no more in the middle of a packet, and what sends is killed."""
    stream.GOODBYE = 0.1
    OURS.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # less than a packet
    sending = gevent.spawn(relay, _started("count"), print, print, io.BytesIO(b"x" * 5_000_000))
    gevent.sleep(0)
    THAWED.clear()
    while NEAR not in FROZEN or select([], [OURS], [], 0)[1]:
        gevent.sleep(0.01)
    sending.kill()
    print("connected" if CLIENT.is_active() else "closed")


def torn() -> None:
    """The exit code comes, and the connection breaks before all of the output has come."""
    said: list[bytes] = []
    print(relay(_started("torn"), said.append, said.append, None, True), *said)


def hasty() -> None:
    """The channel is closed, and nobody has said that the output is at its end."""
    said: list[bytes] = []
    print(relay(_started("hasty"), said.append, said.append), *said)


if __name__ == "__main__":
    _connect()
    {each.__name__: each for each in (killed, whole, full, frozen, torn, hasty)}[sys.argv[1]]()
