"""A page that is served, asked without a browser: signed in by its token, byte for byte where a test wants that."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from tests.devkeel_review.conftest import Reviewed

JSON = {"Content-Type": "application/json"}
SECONDS = 60.0


class Asking:
    """A program that is signed in, as a page is."""

    def __init__(self, served: Reviewed) -> None:
        self.origin = served.origin
        where = urlsplit(served.origin)
        assert where.port is not None
        # A browser leads each name below localhost here by itself; other programs need not.
        self.where = ("127.0.0.1", where.port)
        self.token = served.address.partition("#open=")[2]
        self.signed: dict[str, str] = {}

    def sign_in(self) -> Self:
        status, headers, body = self.ask("POST", "/session", {"token": self.token})
        assert status == 200
        cookie = headers["set-cookie"].partition(";")[0]
        self.signed = {"Cookie": cookie, "X-Devkeel-Page": json.loads(body)["page"]}
        return self

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Return the status, the headers in lower case, and the text."""
        connection = HTTPConnection(*self.where, timeout=SECONDS)
        try:
            body = None if form is None else json.dumps(form)
            connection.request(method, path, body, {**self.signed, **(JSON if body else {}), **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def follow(self) -> Following:
        return Following(self)

    def raw(self, *parts: bytes, ends: bool = True) -> bytes:
        """Send bytes as they are, and return all that comes back."""
        with socket.create_connection(self.where, timeout=SECONDS) as line:
            for part in parts:
                line.sendall(part)
            if ends:
                line.shutdown(socket.SHUT_WR)
            found = b""
            while piece := line.recv(65_536):
                found += piece
        return found


class Following:
    """A stream of events that is open."""

    def __init__(self, asking: Asking) -> None:
        self._connection = HTTPConnection(*asking.where, timeout=SECONDS)
        self._connection.request("GET", "/events", headers=asking.signed)
        self.answer: HTTPResponse = self._connection.getresponse()
        self.status = self.answer.status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next(self) -> dict[str, Any]:
        """Return the marks of the next event."""
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                found: dict[str, Any] = json.loads(line[6:])
                return found
        raise AssertionError("the stream has ended")

    def ended(self) -> bool:
        """Read on, and return whether the server has ended the stream."""
        while line := self.answer.readline():
            assert line.strip() == b"" or line.startswith((b":", b"id:", b"event:", b"data:"))
        return True

    def until(self, *changed: str, since: dict[str, Any]) -> dict[str, Any]:
        """Return the marks as soon as all of these have changed."""
        found = since
        while not all(found[name] != since[name] for name in changed):
            found = self.next()
        return found

    def close(self) -> None:
        self.answer.close()
        self._connection.close()
