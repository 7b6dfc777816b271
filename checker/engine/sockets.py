"""Where programs wait for TCP connections, read from the kernel's own tables."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

#: The kernel's tables of TCP sockets: of the network that the reading process is in.
LISTENING = ("/proc/net/tcp", "/proc/net/tcp6")
#: The engine's own name server. It listens inside each container of a user-defined network.
NAME_SERVER = "127.0.0.11"


class Listener(NamedTuple):
    """A place where a program waits for TCP connections."""

    address: str
    port: int

    @property
    def loopback(self) -> bool:
        """True where only programs of the same network namespace can reach it."""
        return ip_address(self.address).is_loopback

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}"


def listeners(table: str) -> list[Listener]:
    """Read a table of TCP sockets; its addresses are words of 32 bits, each in reverse."""
    found = set()
    for line in table.splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[3] == "0A":
            address, _, port = fields[1].partition(":")
            words = bytes.fromhex(address)
            octets = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
            found.add(Listener(str(ip_address(octets)), int(port, 16)))
    return sorted(found, key=lambda one: (one.port, one.address))
