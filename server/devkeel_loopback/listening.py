"""Where a server listens, and the names that it goes by there."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from devkeel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["address_of", "listen", "names"]

# RFC 3986, 3.2.2: an address of IPv6 stands in brackets.
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})

_LAST_PORT = 65_535


def listen(address: str, *, beyond: UsageError | None) -> socket.socket:
    """Return a socket that listens at HOST:PORT; raises UsageError `bad_address`.

    beyond: raised where other machines reach the address; None where they may.
    """
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]") or "127.0.0.1", _port(port), type=socket.SOCK_STREAM)
        family, *_, where = found[0]
        # Judged by the address that is bound, not by the name: a name can lead anywhere.
        if beyond is not None and not ipaddress.ip_address(where[0]).is_loopback:
            raise beyond
        # It sets SO_REUSEADDR (socket(7)): connections of a server that has just ended would keep its port for a
        # while.
        listening = socket.create_server((where[0], where[1]), family=family)
        # asyncio sets it only on sockets that name their protocol. Without it, an answer in two parts waits 40 ms
        # for the client's acknowledgement of the first.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(
            "bad_address",
            f"The server cannot listen there: {error}.",
            seen=address,
            remedy="Give HOST:PORT with a free port of this machine; port 0 takes any free one.",
        ) from error
    return listening


def _port(text: str) -> int:
    # create_server leaves its socket open where bind(2) is given a number that is no port.
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise ValueError("a port is a number up to 65535")
    return int(text)


def address_of(listening: socket.socket) -> str:
    """Return the HOST:PORT of a listening socket, as it stands in an address."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def names(address: str, further: Iterable[str] = ()) -> frozenset[str]:
    """Return the names that a Host header, or the host of an Origin, may have; ports do not matter."""
    host = address.rpartition(":")[0].lower()
    return _LOOPBACK_NAMES | {name.lower() for name in (*further, host) if name}
