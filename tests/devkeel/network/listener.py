"""A listener on loopback that records who comes, with what."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress

__all__ = ["Listener"]

_ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Listener:
    """Listens on 127.0.0.1 and ::1, TCP and UDP, at one port; `heard` has the first bytes of everyone who came."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._sockets = []
        first = self._open(socket.AF_INET, "127.0.0.1", 0, socket.SOCK_STREAM)
        self.port = int(first.getsockname()[1])
        self._open(socket.AF_INET, "127.0.0.1", self.port, socket.SOCK_DGRAM)
        with suppress(OSError):  # a machine without IPv6
            self._open(socket.AF_INET6, "::1", self.port, socket.SOCK_STREAM)
        self._ours, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _open(self, family: socket.AddressFamily, host: str, port: int, kind: socket.SocketKind) -> socket.socket:
        opened = socket.socket(family, kind)
        opened.bind((host, port))
        if kind == socket.SOCK_STREAM:
            opened.listen(64)
        self._sockets.append(opened)
        return opened

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (*self._sockets, self._ours):
                selector.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._ours:
                        return
                    self._take(key.fileobj)  # type: ignore[arg-type]

    def _take(self, opened: socket.socket) -> None:
        if opened.type == socket.SOCK_DGRAM:
            self.heard.append(opened.recv(4096))
            return
        with suppress(OSError), opened.accept()[0] as came:
            self.heard.append(b"")
            came.settimeout(2)
            self.heard[-1] = came.recv(4096)
            came.sendall(_ANSWER)

    def told(self, text: str, host: str = "127.0.0.1") -> str:
        """Return a text with the listener's address in it."""
        url = f"http://{host}:{self.port}"
        return text.replace("@URL@", url).replace("@HOST@", host).replace("@PORT@", str(self.port))

    def close(self) -> None:
        """End it; whoever came until now is in `heard`."""
        self._wake.close()
        self._thread.join()
        for each in (*self._sockets, self._ours):
            each.close()
