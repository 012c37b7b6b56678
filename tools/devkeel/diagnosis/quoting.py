"""How Nix quotes what it names: it has had several ways, and no version is asked for."""

from __future__ import annotations

__all__ = ["INNER", "quoted"]

# '%s' of old, the curly ones between, and "%s" for what is a path of the file system since that has a type of its own
# (nix, src/libutil, `PathFmt`), while store paths keep the single ones.
_OPEN, _CLOSE = "['\"\u2018]", "['\"\u2019]"
# A letter of what is quoted.
INNER = "[^'\"\u2018\u2019\n]"


def quoted(inner: str = f"{INNER}+") -> str:
    """Return a pattern of something in the quotes of any Nix. inner: the pattern of what stands between them."""
    return f"{_OPEN}{inner}{_CLOSE}"
