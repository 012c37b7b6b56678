"""What a period did to each thing, from what its operations did one after the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.report.result import NetChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devkeel.history.differences import Difference

__all__ = ["KINDS", "net_changes"]

KINDS = ("package", "service", "option", "library", "input", "lock", "setting", "lines")
"""What is grouped together, in the order in which a reader wants it."""
_SERVICE = re.compile(r"(?:services|languages)\.[\w-]+\.enable")


class _Course(Struct):
    """One thing through a period: how it was before, how it is now."""

    before: str | None
    after: str | None
    operations: list[int] = field(default_factory=list)
    by_hand: bool = False


def net_changes(done: Iterable[tuple[int, bool, Sequence[Difference]]]) -> tuple[NetChange, ...]:
    """Return what is another one at the end than at the beginning, grouped by kind and sorted by name.

    done: operations, oldest first: the id, whether it was past devkeel, and what it did.
    """
    courses = dict[tuple[str, str, str], _Course]()
    for number, by_hand, found in done:
        for item in found:
            kind = "service" if item.kind == "option" and _SERVICE.fullmatch(item.name) else item.kind
            # lines are no thing that could come back
            name = "" if kind == "lines" else item.name
            course = courses.setdefault((kind, name, item.file), _Course(item.before, item.after))
            course.after = item.after
            course.operations.append(number)
            course.by_hand |= by_hand
    changes = [
        NetChange(
            kind,
            name.removesuffix(".enable") if kind == "service" else name,
            file,
            None if kind == "lines" else course.before,
            None if kind == "lines" else course.after,
            tuple(dict.fromkeys(course.operations)),
            course.by_hand,
        )
        for (kind, name, file), course in courses.items()
        if kind == "lines" or course.before != course.after
    ]
    return tuple(sorted(changes, key=lambda item: (KINDS.index(item.kind), item.file, item.name)))
