"""What detection found, as lines that both clients say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.detection.choice import Reason
    from devkeel.detection.detect import Proposal
    from devkeel.detection.usage import Usage

__all__ = ["headline", "proposal", "remarks", "usage", "usage_headline", "usage_remarks"]

# What may be needed is shown with its reasons where it is more than a name.
_SHOWN = ("languages.", "services.")
_MOST = 3  # reasons of one edit; the data has all


def headline(found: Proposal) -> str:
    """Return how much was looked at, and what came of it."""
    edits, files = len(found.edits), len(found.files)
    what = f"{edits} edit{'s' * (edits != 1)} for the {found.backend} backend" if edits else "no edits"
    return f"{files} file{'s' * (files != 1)} looked at: {what}. Nothing was written."


def proposal(found: Proposal) -> Iterator[str]:
    """Yield the edits with their reasons, where files disagree, and what may be needed."""
    for item in found.edits:
        yield f"{_edit(item.edit)} ({item.certainty})"
        yield from _reasons(item.reasons)
    for item_ in found.disagreements:
        place = _place(item_.place)
        yield f"files disagree on {item_.name}: {item_.chosen} is taken, from {place}"
        yield from _reasons(item_.others)
    named = [item for item in found.possible if item.name.startswith(_SHOWN)]
    for possible in named:
        yield f"possible, and no edit: {possible.name}"
        yield from _reasons(possible.reasons)
    rest = ", ".join(item.name for item in found.possible if item not in named)
    if rest:
        yield f"possible too: {rest}"


def remarks(found: Proposal) -> Iterator[str]:
    """Yield notes, those of what would be published with them, and what could not be read."""
    published = found.change.notes if found.change is not None else ()
    yield from (f"Note: {note}" for note in dict.fromkeys((*found.notes, *published)))
    yield from (f"Not read: {item.file}: {item.why}." for item in found.unread)


def usage_headline(found: Usage) -> str:
    """Return how much was looked at, and what came of it."""
    unused, missing = len(found.unused), len(found.missing)
    scripts = len(found.scripts)
    looked = f"The words of {found.files} files and the commands of {scripts} were looked at"
    if not found.files:
        looked = f"No package is declared that a word could show; the commands of {scripts} files were looked at"
    return f"{looked}: {unused} package{'s' * (unused != 1)} unused, {missing} program{'s' * (missing != 1)} missing."


def usage(found: Usage) -> Iterator[str]:
    """Yield what is unused and what is missing, each with its evidence."""
    for package in found.unused:
        words = ", ".join(package.searched)
        yield f"unused: {package.name} ({package.place}); no file has a word for it: {words}"
    for program in found.missing:
        places = ", ".join(map(str, program.places))
        yield f"missing: {program.name}, which {program.provider} brings; run in {places}"


def usage_remarks(found: Usage) -> Iterator[str]:
    """Yield what was not judged, and what was not looked at."""
    if found.unjudged:
        yield f"Not judged: {', '.join(found.unjudged)}."
    yield from (f"Note: {note}" for note in found.notes)


def _edit(edit: Mapping[str, object]) -> str:
    kind, name = edit["kind"], edit.get("path") or edit.get("name") or " ".join(_names(edit))
    if "expression" in edit:
        return f"{kind} {name} = {edit['expression']}"
    for key in ("value", "settings", "url"):
        if key in edit:
            return f"{kind} {name} {'= ' if key == 'value' else ''}{json.dumps(edit[key], ensure_ascii=False)}"
    return f"{kind} {name}"


def _names(edit: Mapping[str, object]) -> Iterable[str]:
    found = edit.get("names")
    return found if isinstance(found, list) else ()


def _reasons(reasons: tuple[Reason, ...]) -> Iterator[str]:
    for item in reasons[:_MOST]:
        yield f"  {_place(item)}: {item.why} ({item.seen})"
    if len(reasons) > _MOST:
        yield f"  and {len(reasons) - _MOST} more"


def _place(item: Reason) -> str:
    return item.file if item.line is None else f"{item.file}:{item.line}"
