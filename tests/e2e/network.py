"""A network that holds nothing but loopback, for programs that would otherwise call home.

Where the kernel allows it, a child holds a network namespace of its own. Listening sockets are opened in there and
handed out, so that the fakes live in the test's process; programs enter it through ``prefix``. Elsewhere ``variables``
sends whatever honours a proxy into nothing.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HOLDER = Path(__file__).with_name("network_holder.py")
NOWHERE = "http://127.0.0.1:9"
PROXIES = {
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "ALL_PROXY": NOWHERE,
    "NO_PROXY": "127.0.0.1,localhost,::1",
}


@dataclass(frozen=True)
class Network:
    """Either a namespace (``holder`` and ``channel``) or, without them, this machine's own network."""

    holder: subprocess.Popen[bytes] | None = None
    channel: socket.socket | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> tuple[str, ...]:
        """The words before a command that make it run in this network."""
        if self.holder is None:
            return ()
        return (
            "nsenter",
            "--preserve-credentials",
            "--user",
            "--net",
            "--target",
            str(self.holder.pid),
            "--",
        )

    @property
    def isolated(self) -> bool:
        return self.holder is not None

    def listener(self) -> socket.socket:
        """A listening socket on a free port of this network's 127.0.0.1."""
        if self.channel is None:
            return socket.create_server(("127.0.0.1", 0))
        self.channel.sendall(b"?")
        _, handles, _, _ = socket.recv_fds(self.channel, 1, 1)
        return socket.socket(fileno=handles[0])

    def dead_port(self) -> int:
        """A port of 127.0.0.1 where nobody listens."""
        with self.listener() as listener:
            return int(listener.getsockname()[1])

    def close(self) -> None:
        if self.channel is not None:
            self.channel.close()
        if self.holder is not None:
            self.holder.wait(10)


def loopback_only() -> Network:
    """The narrowest network that this machine can make."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        return Network(variables=PROXIES)
    ours, theirs = socket.socketpair()
    argv = [
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        sys.executable,
        "-I",
        "-S",
        str(HOLDER),
        str(theirs.fileno()),
    ]
    with theirs:
        holder = subprocess.Popen(argv, pass_fds=[theirs.fileno()], stderr=subprocess.DEVNULL)
    network = Network(holder, ours)
    if ours.recv(1) and subprocess.run([*network.prefix, "true"], capture_output=True).returncode == 0:
        return network
    network.close()
    return Network(variables=PROXIES)
