"""Who may see the page: those who have the token, in the pages that they opened with it."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel_loopback.buckets import Buckets

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sessions", "Signed", "TooManyTriesError"]

_BYTES = 32
_MOST = 100
# Wrong tokens that are answered as such: at once, and per second in the long run.
_WRONG, _RATE = 20, 1.0


class TooManyTriesError(Exception):
    """So many tokens were wrong that a further wrong one has to wait."""


class Signed(Struct, frozen=True):
    """What a page is given for the token. cookie: what its browser keeps. page: what its script sends beside that."""

    cookie: str
    page: str


class Sessions:
    """The browsers that are signed in, those that were used last; they end with the process.

    A cookie knows no port (RFC 6265, section 8.5): each other server of this machine that the browser visits gets it
    too. So it opens nothing by itself; the script sends what its own origin alone can read beside it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.token = secrets.token_urlsafe(_BYTES)
        self._open: OrderedDict[str, str] = OrderedDict()
        self._tries = Buckets(_RATE, _WRONG, clock)

    def sign_in(self, token: str, cookie: str | None = None) -> Signed | None:
        """Return what opens the page, None for a token that is not this one's; raises TooManyTriesError.

        cookie: what the browser has already: its pages share one, so that a further page ends none.
        """
        # Guessing 256 bits needs no brake, and one for the right token too would let others keep its owner out.
        if not _same(token, self.token):
            if not self._tries.take(""):
                raise TooManyTriesError
            return None
        known = self._open.get(cookie or "")
        signed = Signed(secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))
        if cookie and known:
            signed = Signed(cookie, known)
        self._open[signed.cookie] = signed.page
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return signed

    def has(self, cookie: str | None) -> bool:
        """Return whether a browser that is signed in has this cookie; that alone opens nothing."""
        return cookie is not None and cookie in self._open

    def knows(self, cookie: str | None, page: str | None) -> bool:
        """Return whether both belong to one browser that is signed in."""
        if cookie is None or page is None or not _same(page, self._open.get(cookie, "")):
            return False
        self._open.move_to_end(cookie)
        return True


def _same(given: str, own: str) -> bool:
    """Compare without saying by the time how much was right; nothing is the same as nothing."""
    return bool(own) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), own.encode())
