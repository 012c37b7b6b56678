"""What waits for a person: who asks, what would change, and the answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from devkeel.errors import DevkeelError
from devkeel.pinned.moves import LockMoves
from devkeel_review.code import diff_of
from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from devkeel.proposals.proposal import ProposalList, ProposalView
    from devkeel_review.code import Diff
    from devkeel_review.review import Review

__all__ = ["ASKED", "PROPOSALS", "WAITING"]

# Whether it is overtaken is by the files, and who asks ends without a file that says so.
_LINE = 80
_RUN = re.compile(r"\s{40,}|(\S)\1{99,}")
_FOLLOWS = ("proposals", "declaration")


def _list(review: Review) -> ProposalList:
    return review.call(lambda environment: environment.proposals())


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  (one view, one address)
    found, may = review.call(lambda environment: (environment.proposals(), tuple(environment.context.permission.names)))
    return {"items": [shown(item, may) for item in found.proposals], "waiting": found.waiting, "crowd": found.crowd}


def shown(item: ProposalView, permissions: Collection[str]) -> dict[str, Any]:
    """Return what the template shows of a proposal; all of what a dry run said, or that there was none.

    permissions: those of the page, of which agreeing takes what the proposal takes.
    """
    told = item.shown
    diff = _diff(told.get("diff"))
    return {
        "item": item,
        "lacks": sorted({*item.takes} - {*permissions}),
        "arguments": [(name, _said(value)) for name, value in item.arguments.items()],
        "about": " ".join(" ".join(_said(value) for value in item.arguments.values()).split())[:_LINE],
        "diff": diff,
        "all": told["diff"] if diff is not None and diff.is_cut else None,
        "files": _texts(told.get("files")),
        "notes": _texts(told.get("notes")),
        "checks": told.get("checks") if isinstance(told.get("checks"), dict) else {},
        "tried": bool(told),
        "runs": bool(told.get("runs_on_enter")),
        "cut": _texts(told.get("cut")),
        "locks": _moves(told.get("locks")),
    }


def _diff(text: object) -> Diff | None:
    return diff_of(text) if isinstance(text, str) and text else None


def _moves(value: object) -> tuple[LockMoves, ...]:
    try:
        return msgspec.convert(value or (), tuple[LockMoves, ...])
    except msgspec.ValidationError:  # of another devkeel; its files are named all the same
        return ()


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def _said(value: object) -> str:
    value = _folded(value)
    if isinstance(value, str):
        return value
    short = json.dumps(value, ensure_ascii=False, default=str)
    return short if len(short) <= _LINE else json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _folded(value: Any) -> Any:  # noqa: ANN401  (data of any shape)
    """Return data whose long runs of blanks, or of one sign, are counted: nothing is moved out of sight by them."""
    if isinstance(value, str):
        return _RUN.sub(lambda run: f"⟨{len(run[0])} {'blanks' if run[0].isspace() else f'times {run[1]}'}⟩", value)
    if isinstance(value, dict):
        return {_folded(name): _folded(item) for name, item in value.items()}
    return [_folded(item) for item in value] if isinstance(value, list | tuple) else value


def _count(review: Review, query: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  (one view, one address)
    try:
        found = _list(review)
    except DevkeelError:  # its own view says why; a notice on every other would stand in the way
        return {"waiting": 0, "newest": None}
    waits = [item for item in found.proposals if item.state == "waiting"]
    return {"waiting": len(waits), "newest": waits[-1] if waits else None}


PROPOSALS = PageView("proposals", "Proposals", _FOLLOWS, "proposals.html", _read, listed=True)
# Beside every view: a notice, and the number at the entry of the navigation.
ASKED = PageView("asked", "What waits for you", _FOLLOWS, "asked.html", _count)
WAITING = PageView("waiting", "How many wait", _FOLLOWS, "waiting.html", _count)
