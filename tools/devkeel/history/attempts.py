"""Which refused attempts are asked for: by whom, and about what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.history import selection
from devkeel.history.differences import Difference, reads

if TYPE_CHECKING:
    from devkeel.history.selection import Query
    from devkeel.transaction import Refusal, Transactions

__all__ = ["chosen"]

_LOOKED = 10_000


def chosen(store: Transactions, asked: Query, limit: int = _LOOKED) -> list[Refusal]:
    """Return attempts that came to nothing, newest first. asked: with times as operations have them."""
    sifts = asked.by is not None or asked.about is not None
    found, _ = store.refusals(since=asked.since, until=asked.until, limit=_LOOKED if sifts else limit)
    return [item for item in found if _is_asked(item, asked)][:limit]


def _is_asked(item: Refusal, asked: Query) -> bool:
    if asked.by is not None:
        by = " ".join(asked.by.split()).casefold()
        if selection.by_hand(asked.by) or (by not in item.actor.casefold() and by != (item.role or "").casefold()):
            return False
    about = asked.about
    said = (item.code, item.rule, item.reason, (item.place or "").partition(":")[0])
    if about is None or about in item.files or any(about in text for text in said if text):
        return True
    return any(_names(word, about.strip()) for word in item.asked)


def _names(word: str, about: str) -> bool:
    """Return whether a short word names an option, or a package, a library, a service of that name."""
    name = word.lstrip("+-").split(" ")[0]
    if "." in name and reads(Difference("", "option", name), about):
        return True
    above, _, rest = about.partition(".")
    bare = rest.partition(".")[0] if above in {"services", "languages"} else about
    return bool(bare) and reads(Difference("", "package", name.rpartition(":")[2]), bare)
