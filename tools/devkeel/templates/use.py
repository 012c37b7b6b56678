"""Using a template: its files where there are none yet, its edits where nothing else is said, as one operation.

What is there stays, byte for byte in files that are no environment files, and value by value in those that are: a
template adds. So using one twice changes nothing the second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.change.changes import succeeding
from devkeel.change.judge import Intent
from devkeel.change.write import conclude, expect, patiently
from devkeel.edits.apply import apply_edits
from devkeel.edits.vocabulary import parse_edits
from devkeel.project.declaration import beginning
from devkeel.project.root import DECLARATION
from devkeel.templates.instance import instantiate
from devkeel.templates.kept import lost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.edits.base import Edit
    from devkeel.templates.instance import Instance
    from devkeel.templates.kit import Kit

__all__ = ["add_to", "use"]


def use(kit: Kit, context: Context, given: Mapping[str, Any], asked: Asked, *, level: str | None) -> ChangeResult:
    """Add what a template has to the project; see the verb of `Environment` that calls it."""
    made = instantiate(kit, given)

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        expect(context, asked.expected_revision, candidate.files)
        add_to(candidate, made)
        if candidate.changed.get(DECLARATION) and DECLARATION not in candidate.declared:
            candidate.notes += succeeding(context)
        noted = {"kind": "template", "name": kit.manifest.name, "version": kit.manifest.version, "from": kit.where}
        if kit.revision is not None:
            noted["revision"] = kit.revision
            candidate.notes.append(f"The template was fetched at the revision {kit.revision}.")
        record = [noted | {"parameters": made.values}, *made.edits]
        return conclude(context, candidate, Intent("template", asked.reason, asked.dry_run, level, record))

    return patiently(context, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)


def add_to(candidate: Candidate, made: Instance) -> None:
    """Put into a project what a template adds to it."""
    edits = parse_edits(made.edits)
    if edits:
        for name, data in beginning(candidate.basis).items():
            candidate.put(name, data)
    other = [name for name, data in made.files.items() if candidate.read(name) not in (None, data)]
    candidate.notes += (f"{name} is there and stays as it is: the template's own was left out." for name in other)
    held = {made.groups[name]: name for name in other if name in made.groups}
    for name, data in made.files.items():
        beside = held.get(made.groups.get(name, ""))
        if name in other or candidate.read(name) == data:
            continue
        if beside is None:
            candidate.put(name, data)
        else:
            candidate.notes.append(f"{name} was left out: it belongs to the {beside} of the template.")
    for item in edits:
        _add_edit(candidate, item)


def _add_edit(candidate: Candidate, item: Edit) -> None:
    """Apply an edit, and take it back where something would be lost that the project says."""
    before, notes, runs = candidate.after, len(candidate.notes), list(candidate.runs)
    apply_edits([item], candidate, create=True)
    for name, data in candidate.after.items():
        old = before[name] if name in before else candidate.basis.read(name)
        gone = lost(name, old, data) if old is not None and data is not None and old != data else None
        if gone is not None:
            _take_back(candidate, before, notes, runs)
            candidate.notes.append(
                f"The {item.kind} edit of the template was left out: {name} says {gone}, which stays."
            )
            return


def _take_back(candidate: Candidate, before: dict[str, bytes | None], notes: int, runs: list[str]) -> None:
    for name in candidate.after:
        candidate.put(name, before[name] if name in before else candidate.basis.read(name))
    del candidate.notes[notes:]
    candidate.runs = runs
