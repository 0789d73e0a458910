"""Run by network.py inside a fresh network namespace: brings loopback up, then hands out listening sockets."""

from __future__ import annotations

import fcntl
import socket
import struct
import sys

SET_FLAGS = 0x8914  # SIOCSIFFLAGS
UP_AND_RUNNING = 0x41


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SET_FLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))
    channel.sendall(b"!")
    while channel.recv(1):
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.send_fds(channel, [b"!"], [server.fileno()])


if __name__ == "__main__":
    main()
