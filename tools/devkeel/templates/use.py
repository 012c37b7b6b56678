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
from devkeel.edits.declared import DeclaredModules
from devkeel.edits.files import Files
from devkeel.edits.vocabulary import parse_edits
from devkeel.project.declaration import beginning
from devkeel.project.root import DECLARATION
from devkeel.source.path import parse_path
from devkeel.templates.instance import instantiate
from devkeel.templates.kept import lost
from devkeel.templates.startup import when_started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.edits.declared import Module
    from devkeel.templates.instance import Instance, KitPart
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
    if made.edits:
        for name, data in beginning(candidate.basis).items():
            candidate.put(name, data)
    modules = DeclaredModules(Files(candidate)).modules if any(part.unless for part in made.parts) else []
    for part in made.parts:
        why = _why_not(candidate, part, modules) or _add_part(candidate, part)
        if why is not None:
            candidate.notes.append(f"Left out of the template: {', '.join(_names(part))}. {why}")


def _why_not(candidate: Candidate, part: KitPart, modules: Iterable[Module]) -> str | None:
    """Return what is there already in the place of a part."""
    for name, data in part.files.items():
        if candidate.read(name) not in (None, data):
            return f"{name} is there, and stays as it is."
    for path in part.unless:
        for module in modules:
            found = module.below(parse_path(path))
            if found:
                return f"{path} is defined: {module.line(found[0])}."
    return None


def _add_part(candidate: Candidate, part: KitPart) -> str | None:
    """Add a part; where something would be lost that the project says, take it back and return what."""
    before, notes, runs = candidate.after, len(candidate.notes), list(candidate.runs)
    for name, data in part.files.items():
        candidate.put(name, data)
        when = when_started(name)
        if when is not None and when not in candidate.runs and candidate.changed.get(name):
            candidate.runs.append(when)
    apply_edits(parse_edits(part.edits), candidate, create=True)
    for name, new in candidate.after.items():
        old = before[name] if name in before else candidate.basis.read(name)
        gone = lost(name, old, new) if old is not None and new is not None and old != new else None
        if gone is not None:
            for other in candidate.after:
                candidate.put(other, before[other] if other in before else candidate.basis.read(other))
            del candidate.notes[notes:]
            candidate.runs = runs
            return f"{name} says {gone}, which stays."
    return None


def _names(part: KitPart) -> Iterator[str]:
    """Yield what a part is made of."""
    yield from part.files
    for edit in part.edits:
        about = edit.get("path") or edit.get("name") or ", ".join(edit.get("names", []))
        yield f"the {edit['kind']} edit of {about}"
