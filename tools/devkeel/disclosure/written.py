"""Secrets that a change would write: reported with where they belong instead, and never repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.disclosure.env_values import famous
from devkeel.text.secrets import secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["secrets_written"]

_MOST = 3
_INSTEAD = (
    "Whoever has the repository, or reads the Nix store, reads it too. Keep it in .env with dotenv.enable = true, in "
    "devenv.local.nix outside version control, or with secretspec."
)


def secrets_written(name: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    """Yield what to say of values in a file that look like secrets and were not in it."""
    if after is None or ".local." in name or (name.startswith(".env") and name != ".envrc"):
        return
    text = after.decode("utf-8", "replace")
    old = (before or b"").decode("utf-8", "replace")
    places = [
        text.count("\n", 0, start) + 1 for start, value in secrets_of(text) if value not in old and not famous(value)
    ]
    for line in list(dict.fromkeys(places))[:_MOST]:
        yield f"{name}:{line} has what looks like a secret. {_INSTEAD}"
