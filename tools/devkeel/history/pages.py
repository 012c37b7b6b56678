"""Going through the history, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.transaction import Operation, Transactions
    from devkeel.transaction.operation import Kind

__all__ = ["newest_first"]

_PAGE = 200


def newest_first(
    store: Transactions,
    until: int = 0,
    page: int = _PAGE,
    *,
    before: int | None = None,
    since: str | None = None,
    kind: Kind | None = None,
) -> Iterator[Operation]:
    """Yield the operations after one. page: how many are read at once; the rest as `Transactions.history` has it."""
    while found := store.history(limit=page, before=before, since=since, kind=kind):
        for item in found:
            if item.id <= until:
                return
            yield item
        before = found[-1].id
