"""Taking back what an operation did to a file, beside what was changed since; or a conflict that shows both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Conflict, Place
from devkeel.history.obstacles import in_the_way
from devkeel.pinned.moves import moves_of
from devkeel.project.root import INPUTS, LOCAL_INPUTS, LOCK, digest
from devkeel.text.actions import do
from devkeel.text.data import as_data
from devkeel.text.diff import unified_all
from devkeel.text.merge import merge, three_way_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.candidate.candidate import Candidate
    from devkeel.transaction import FileChange, Operation, Transactions

__all__ = ["put_back"]

# What names the inputs that a lock has.
_LOCKED_FROM = {LOCK: (INPUTS, LOCAL_INPUTS), "flake.lock": ("flake.nix",)}


def put_back(
    candidate: Candidate, image: FileChange, operation: Operation | None = None, store: Transactions | None = None
) -> None:
    """Let a candidate take back what was done to a file, and keep what else changed there since.

    operation: the one that did it, None for several. store: where the operations after it are.
    Raises Conflict `undo_conflict` where both changed the same place.
    """
    path, current = image.path, candidate.read(image.path)
    if image.before == image.after:
        return
    if current in (image.before, image.after):
        candidate.put(path, image.before)
        return
    before, after = _ended_as(image.before, current), _ended_as(image.after, current)
    if before == after:
        # Nothing but the line ends was changed: what is there now gets back those of then.
        candidate.put(path, _ended_as(current, image.before))
        return
    if current in (before, after):
        candidate.put(path, before)
        return
    wanted = merge(after, current, before)
    if wanted is None and operation is not None and _follows(path, operation):
        candidate.notes.append(f"{path} was changed since then: what is declared now is locked in it as it is.")
        return
    if wanted is None:
        later = in_the_way(store, operation, image, current) if store is not None and operation is not None else []
        raise _conflict(image, current, operation, later)
    candidate.put(path, wanted)
    if wanted != current:
        candidate.merged.add(path)
        kept = f"{path} was changed since then, elsewhere: that change is kept."
        candidate.notes += [kept] if kept not in candidate.notes else []


def _follows(path: str, operation: Operation) -> bool:
    """Return whether a file is the lock of inputs that the operation changed too: it is made anew of those."""
    return any(item.path in _LOCKED_FROM.get(path, ()) for item in operation.files)


def _ended_as(data: bytes | None, like: bytes | None) -> bytes | None:
    """Return text with the line ends of another one, where each has one kind of them: an editor changed them all."""
    old, new = _line_end(data), _line_end(like)
    if data is None or not old or not new or b"\0" in data:
        return data
    return data.replace(old, new)


def _line_end(data: bytes | None) -> bytes:
    """Return the line end that a text has throughout, nothing where it has none or both."""
    lines, returns = ((data or b"").count(end) for end in (b"\n", b"\r\n"))
    return b"" if not lines or 0 < returns < lines else b"\r\n" if returns else b"\n"


def _conflict(image: FileChange, current: bytes | None, operation: Operation | None, later: Sequence[int]) -> Conflict:
    named = ", ".join(map(str, later))
    before, after = _ended_as(image.before, current), _ended_as(image.after, current)
    view = None if None in (before, after, current) else three_way_view(after, current, before)
    since = f"after operation {operation.id}" if operation else "after what is to be taken back"
    where = " in the same place" if view else ""
    also = f" Later operations that changed that place: {named}." if later else ""
    details = {
        "path": image.path,
        "operation": operation.id if operation else None,
        "later_operations": list(later),
        "expected": digest(image.after)[:12] if image.after is not None else None,
        "found": digest(current)[:12] if current is not None else None,
        "three_way": view,
    }
    if (moved := moves_of(image.path, image.after, current)) is not None:  # what is hashes is not read
        details |= {"three_way": None, "locks": as_data((moved,))}
    elif not view:  # a file that came or went, or is no text
        details["diff"] = unified_all([(image.path, image.after, current)])
    return Conflict(
        "undo_conflict",
        f"{image.path} was {'removed' if current is None else 'changed'}{where} {since}. Nothing was written.{also}",
        place=Place(image.path),
        seen=digest(current)[:12] if current is not None else "no file",
        remedy=_remedy(operation, later) if current is not None else f"Bring {image.path} back first, then repeat it.",
        details=details,
    )


def _remedy(operation: Operation | None, later: Sequence[int]) -> str:
    anew = _anew(operation)
    if later:
        return f"Take back the later one first: {do('undo', operation=later[0])}. Or {anew}."
    return f"{anew[0].upper()}{anew[1:]}, or take the change by hand out of the file first."


def _anew(operation: Operation | None) -> str:
    """Return the edit that takes an operation back where there is one; otherwise that there has to be one."""
    edits = operation.edits if operation else []
    if edits and all(item.get("kind") == "add_packages" and item.get("names") for item in edits):
        names = [name for item in edits for name in item["names"]]
        return f"take them out by {do('remove', names=names)}"
    return "make the change that you want as a new edit"
