"""Bytes over a real SSH connection within a process of its own, which gevent patches."""

import subprocess
import sys

SCRIPT = """
from gevent import monkey

monkey.patch_all()
import random
import socket
import threading

import gevent
import paramiko
from rackwright.host.stream import relay


class Server(paramiko.ServerInterface):
    def check_auth_none(self, username):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, number):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        gevent.spawn(COMMANDS[command.decode()], channel)
        return True


def endless(channel):
    try:
        while True:
            channel.send(b"a line")
    except (OSError, EOFError):  # the client has gone
        pass


def count(channel):
    read = sum(map(len, iter(lambda: channel.recv(1 << 15), b"")))
    channel.sendall(b"%d bytes" % read)
    channel.sendall_stderr(b"and a word")
    channel.send_exit_status(3)
    channel.close()


COMMANDS = {"endless": endless, "count": count}
ours, theirs = socket.socketpair()
server, client = paramiko.Transport(theirs), paramiko.Transport(ours)
server.add_server_key(paramiko.ECDSAKey.generate())
server.start_server(threading.Event(), Server())
client.start_client()
client.auth_none("admin")


def started(command):
    channel = client.open_session()
    channel.exec_command(command)
    return channel

"""

KILLED = """
for _ in range(50):
    said = []
    following = gevent.spawn(relay, started("endless"), said.append, said.append, None, True)
    while not said:
        gevent.sleep(0)
    gevent.sleep(random.random() / 50)
    following.kill()
print("done")
"""

WHOLE = """
import io

out, err = bytearray(), bytearray()
print(relay(started("count"), out.extend, err.extend, io.BytesIO(b"x" * 5_000_000)))
print(out.decode(), err.decode())


def full(_):
    raise OSError("no space")


for sinks in ((full, err.extend), (out.extend, full)):
    try:
        relay(started("count"), *sinks)
    except OSError as error:
        print(error)
try:
    relay(started("endless"), full, full, None, True)
except OSError as error:
    print(error)
"""


def _run(script: str) -> tuple[str, str]:
    words = [sys.executable, "-c", SCRIPT + script]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    return ended.stdout, ended.stderr


def test_what_is_killed_amid_a_torrent_leaves_the_connection_whole() -> None:
    assert _run(KILLED) == ("done\n", "")


def test_all_bytes_go_both_ways_and_a_full_disk_ends_the_command() -> None:
    said = "3\n5000000 bytes and a word\n" + "no space\n" * 3
    assert _run(WHOLE) == (said, "")
