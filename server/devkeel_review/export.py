"""The page as one file that needs no server: what was done with its diffs, how it is now, and the gates."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

from devkeel import __version__
from devkeel_review.rendering import render
from devkeel_review.still import still
from devkeel_review.views import VIEWS
from devkeel_review.views.now import PARTS
from devkeel_words import lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from devkeel.api import Environment
    from devkeel.history.timeline import Moment, Timeline
    from devkeel_review.review import Review

__all__ = ["Exported", "export"]

_PAGE = 200
# Of diffs, before each is read by a person: what comes after is listed without.
_MOST_BYTES = 24 * 1024 * 1024
_ASSETS = ("times.js", "export.js")


class Exported(Struct, frozen=True):
    """A page as one file.

    markup: the whole document. operations: how many are in it, the newest ones. diffs: how many of them with what they
    changed. left_out: what the page has and the file has not.
    """

    markup: str
    operations: int
    diffs: int
    left_out: tuple[str, ...]


def export(review: Review, limit: int) -> Exported:
    """Return the project as it is now, and its newest operations, as one document; raises DevkeelError.

    What it shows went through the same disclosure as the page. limit: the most operations.
    """
    moments, older = _newest(review, limit)
    numbers = [moment.operation.id for moment in moments if moment.operation is not None]
    # What can be done there is no place to go to: of links those to operations alone stay.
    addresses = {f"#operation?id={number}" for number in numbers}
    now = _now(review, addresses)
    details = dict(_details(review, numbers, addresses))
    left_out = tuple(_left_out(older, len(numbers) - len(details)))
    style, script = _asset("review.css"), Markup("\n").join(map(_asset, _ASSETS))
    values = {
        "now": now,
        "moments": moments,
        "details": details,
        "left_out": left_out,
        "root": review.disclosure.line(str(review.root)),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "who": lines.caller,
        "relations": lines.relations,
        "style": style,
        "style_hash": _hash(style),
        "script": script,
        "script_hash": _hash(script),
    }
    return Exported(render("export.html", values), len(numbers), len(details), left_out)


def _now(review: Review, addresses: Collection[str]) -> Markup:
    """Return how it is now, with the parts that the page fetches apart."""
    first = _fragment(review, "now", {}, addresses, prefix="now")
    parts = (_fragment(review, part.name, {"in": "now"}, addresses, prefix="now") for part in PARTS)
    return Markup('{}<div class="cards">{}</div>').format(first, Markup().join(parts))


def _newest(review: Review, limit: int) -> tuple[list[Moment], bool]:
    """Return the newest operations with what was refused between, and whether there are older ones."""
    found: list[Moment] = []
    before, left = None, limit
    while True:
        page = review.call(partial(_page, min(_PAGE, left), before))
        found += page.moments
        left -= sum(moment.operation is not None for moment in page.moments)
        before = page.next_before
        if before is None or left <= 0:
            return found, before is not None


def _page(many: int, before: int | None, environment: Environment) -> Timeline:
    return environment.timeline(limit=many, before=before)


def _details(review: Review, numbers: Iterable[int], addresses: Collection[str]) -> Iterator[tuple[int, Markup]]:
    """Yield what was done by each operation, the newest first, until the file is large."""
    written = 0
    for number in numbers:
        asked, name = {"id": str(number)}, f"operation {number}"
        shown = _fragment(review, "operation", asked, addresses, prefix=f"o{number}", of=name)
        written += len(shown)
        if written > _MOST_BYTES:
            return
        yield number, shown


def _fragment(
    review: Review, name: str, query: Mapping[str, str], addresses: Collection[str], *, prefix: str, of: str = ""
) -> Markup:
    """Return what a view has, a level below the document's heading."""
    view = VIEWS[name]
    values = {"may": frozenset[str](), "view": view, **view.read(review, query)}
    # Its values were escaped by the template; what is written again here is escaped again.
    return Markup(still(render(view.template, values), addresses, prefix=prefix, deeper=1, of=of))  # noqa: S704


def _left_out(older: bool, without: int) -> Iterator[str]:
    if older:
        yield "older operations"
    if without:
        yield f"what the oldest {without} of these operations changed, since the file would be too large"
    yield "processes, jobs, logs and proposals, which were only true then"


def _asset(name: str) -> Markup:
    """Return a file of the page's own, as it stands within its element; none of them holds the end of one."""
    return Markup((files("devkeel_review") / "assets" / name).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: str) -> str:
    """Return what a content-security policy allows a text by (CSP 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
