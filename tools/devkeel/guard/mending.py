"""What to ask for instead of a write that would break a file: the same write, with what is wrong in it put right."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.checks import added_errors, run_checks
from devkeel.deferred import Deferred
from devkeel.edits.exact_text import replace_text
from devkeel.errors import DevkeelError
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.report import CheckReport
    from devkeel.edits import apply, vocabulary
    from devkeel.errors import Diagnostic
else:
    apply, vocabulary = Deferred("devkeel.edits.apply"), Deferred("devkeel.edits.vocabulary")

__all__ = ["Mended", "mend"]

_MOST_LINES = 3_000
_MOST_STEPS = 8
_MOST_AROUND = 12


class Mended(Struct, frozen=True):
    """Edits of the files as they are, which together make the whole write and put it right; or a sentence."""

    edits: tuple[Mapping[str, Any], ...] = ()
    next: str = ""


def mend(candidate: Candidate, before: CheckReport, added: list[Diagnostic]) -> Mended:
    """Return the write with the first suggestion for what is wrong in it, again until nothing is.

    before: what the checks say of the files as they are. added: the errors that the write adds.
    """
    old = candidate.unchanged().files
    right = candidate.unchanged()
    for name, data in candidate.after.items():
        right.put(name, data)
    for _ in range(_MOST_STEPS):
        if not any(item.suggestions and _applied(right, item.suggestions[0]) for item in added):
            return Mended()
        report = run_checks(right, level="schema")
        added = [] if report.ok else added_errors(before, report, old, right.files)
        if not added:
            return _asked(candidate, right)
    return Mended()


def _asked(candidate: Candidate, right: Candidate) -> Mended:
    """Return what to ask for so that the files become what a candidate has."""
    if not right.changed:
        return Mended((), f"Put right, it says what {' and '.join(candidate.changed)} says already.")
    edits = tuple(edit for name, data in right.changed.items() for edit in _edits(candidate, name, data))
    return Mended(edits, "" if edits else _in_own_words(candidate, right))


def _applied(right: Candidate, edit: Mapping[str, Any]) -> bool:
    """Make a suggested edit in the candidate; False where it cannot be made."""
    name = edit.get("file", "")
    try:
        data = right.read(name) if name else None
        new = None if data is None else _quickly(name, data, edit)
        if new is not None:
            right.put(name, new)
        else:
            apply.apply_edits(vocabulary.parse_edits([edit]), right)
    except (DevkeelError, KeyError):
        return False
    return True


def _quickly(name: str, data: bytes, edit: Mapping[str, Any]) -> bytes | None:
    """Return the bytes after an edit of the kinds that most findings suggest, without what judges arguments (60 ms)."""
    if edit["kind"] == "replace_text":
        return replace_text(name, data, edit["old"], edit["new"], edit.get("occurrences", 1)).data
    if not name.endswith(".nix"):
        return None
    if edit["kind"] == "rename":
        return nix.rename(nix.Document(data, name), edit["path"], edit["to"]).data
    if edit["kind"] == "set":
        value = nix.Expression(edit["expression"]) if "expression" in edit else edit["value"]
        return nix.set(nix.Document(data, name), edit["path"], value).data
    return None


def _edits(candidate: Candidate, name: str, data: bytes | None) -> Iterator[Mapping[str, Any]]:
    """Yield replacements of exact texts that lead from the file as it is to the wanted one, each text there once."""
    old = candidate.basis.read(name)
    if old is None or data is None:
        return
    before, after = old.decode("utf-8", "replace"), data.decode("utf-8", "replace")
    first, second = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(first), len(second)) > _MOST_LINES:
        return
    for start, end, at, until in _hunks(before, first, second):
        yield {
            "kind": "replace_text",
            "file": name,
            "old": "".join(first[start:end]),
            "new": "".join(second[at:until]),
        }


def _hunks(text: str, first: list[str], second: list[str]) -> list[tuple[int, int, int, int]]:
    """Return the lines that differ with as few around them as make each old text the only one of its kind."""
    for around in range(_MOST_AROUND):
        matcher = SequenceMatcher(None, first, second, autojunk=False)  # it keeps the groups that it gave before
        found = [(part[0][1], part[-1][2], part[0][3], part[-1][4]) for part in matcher.get_grouped_opcodes(around)]
        if all(start < end and text.count("".join(first[start:end])) == 1 for start, end, _, _ in found):
            return found
    return []


def _in_own_words(candidate: Candidate, right: Candidate) -> str:
    """Return what to write otherwise, in a file that is not there yet."""
    for name, data in right.changed.items():
        own = candidate.after.get(name)
        if data is None or own is None or own == data:
            continue
        first, second = (text.decode("utf-8", "replace").splitlines() for text in (own, data))
        steps = SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
        _, start, end, at, until = next(item for item in steps if item[0] != "equal")
        wrong, good = " ".join(first[start:end]).strip(), " ".join(second[at:until]).strip()
        return f"Write `{good}` in place of `{wrong}` in {name}, then write it again."
    return ""
