"""Who may see the page: those who have the token, in the pages that they opened with it."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict

from msgspec import Struct, field

__all__ = ["Sessions", "Signed"]

_BYTES = 32
_MOST = 100


class Signed(Struct, frozen=True):
    """What a page is given for the token. cookie: what its browser keeps. page: what its script sends beside that."""

    cookie: str
    page: str


class Sessions(Struct, frozen=True):
    """The pages that are signed in, the newest of them; they end with the process.

    A cookie knows no port (RFC 6265, section 8.5): each other server of this machine that the browser visits gets it
    too. So it opens nothing by itself; the script sends what its own origin alone can read beside it.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES))
    _open: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def sign_in(self, token: str) -> Signed | None:
        """Return what opens the page, None for a token that is not this one's."""
        if not _same(token, self.token):
            return None
        signed = Signed(secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))
        self._open[signed.cookie] = signed.page
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return signed

    def knows(self, cookie: str | None, page: str | None) -> bool:
        """Return whether both belong to one page that is signed in."""
        if cookie is None or page is None:
            return False
        return _same(page, self._open.get(cookie, ""))


def _same(given: str, own: str) -> bool:
    """Compare without saying by the time how much was right; nothing is the same as nothing."""
    return bool(own) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), own.encode())
