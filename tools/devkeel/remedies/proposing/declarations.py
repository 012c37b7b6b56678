"""What mends a declaration that Nix refused: what devkeel's own checks suggest, and what Nix' message does."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from devkeel.candidate.basis import Basis
from devkeel.checks import run_checks
from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS, LOCK
from devkeel.remedies.fix import Fix
from devkeel.remedies.inputs import declared_inputs, inputs_for
from devkeel.remedies.known_inputs import input_edit
from devkeel.remedies.proposing.replacements import hashes, known, may_replace, renamed, replacing
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.errors import Diagnostic
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

Edit = dict[str, Any]
# What an evaluation calls a thing, and what the rungs that read the text do.
_ALSO: dict[str, frozenset[str]] = {
    "wrong_type": frozenset({"wrong_value"}),
    "unknown_package": frozenset({"undefined_variable"}),
    "renamed_option": frozenset({"unknown_option", "renamed_option", "old_name"}),
    "syntax_error": frozenset({"missing_argument", "bad_yaml"}),
    "renamed_package": frozenset({"unknown_package"}),
    "removed_package": frozenset({"unknown_package"}),
}
_LOCKED = frozenset({"input_not_locked", "hash_of_input"})


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what the checks suggest for it, then what Nix' own message does, then what is known of such a message."""
    code = cause.facts.get("code", "")
    if code in _LOCKED:
        yield Fix("Renew the lock, or the part of it that is named.", call=do("lock"))
        return
    if code == "hash_mismatch":
        yield from hashes(situation, cause)
        return
    given = list[Edit]()
    if code == "renamed_package" or (code == "removed_package" and "to" in cause.facts):
        for fix in renamed(situation, cause):
            given += fix.edits
            yield fix
    if code == "missing_input":
        yield from _inputs(situation, cause)
        return
    for edit in (
        *_by_checks(situation, cause, code),
        *_by_message(situation, cause, code),
        *known(situation, cause, code),
    ):
        short = _trimmed(situation, edit)
        if short not in given:
            given.append(short)
            more = inputs_for(situation, short["path"], short["value"]) if {"path", "value"} <= short.keys() else ()
            yield Fix(_sentence(short), (short, *more))
    if code == "unknown_input" and cause.subject and situation.has_devenv:
        yield Fix(f"Declare where the input {cause.subject} comes from: the registries do not know it.", call=do("set"))


def _trimmed(situation: Situation, edit: Edit) -> Edit:
    """Return a replacement of a line without the space around it, where that is as clear."""
    if edit["kind"] != "replace_text":
        return edit
    old, new = edit["old"], edit["new"]
    option = _OPTION.fullmatch(old.strip()), _OPTION.fullmatch(new.strip())
    if option[0] is not None and option[1] is not None and option[0]["name"] == option[1]["name"]:
        for item in situation.declared.definitions:
            if item.source == option[0]["value"] and item.path.endswith(option[0]["name"]):
                return {"kind": "set", "path": item.path, "expression": option[1]["value"], "file": item.file}
    clear = situation.files.get(edit["file"], b"").count(old.strip().encode()) == 1
    return {**edit, "old": old.strip(), "new": new.strip()} if clear and old.strip() != new.strip() else edit


def _sentence(edit: Edit) -> str:
    kind = edit["kind"]
    if kind == "replace_text":
        return f"Write `{str(edit['new']).strip()[:120]}` in {edit['file']}."
    if kind == "rename":
        return f"Call it {edit['to']}: that is the option that there is."
    if kind == "set_input":
        return f"Declare the input {edit['name']}."
    return f"{kind.replace('_', ' ').capitalize()} {edit.get('path') or edit.get('name') or ''}.".replace(" .", ".")


def _by_checks(situation: Situation, cause: Cause, code: str) -> Iterator[Edit]:
    """Yield what the rungs that read the text suggest for a finding of the same kind or about the same thing."""
    if not situation.files:
        return
    context = situation.context.through(Basis(situation.context.project))
    try:
        report = run_checks(context.candidate(situation.files), level="schema")
    except DevkeelError:
        return
    meant = {code, *_ALSO.get(code, ())}
    same = [item for item in report.diagnostics if item.code in meant]
    about = [item for item in same if _is_about(item, cause)] or same
    found = [edit for item in about for edit in item.suggestions]
    if code == "syntax_error":
        found = [
            _wider(situation, edit) for edit in sorted(found, key=lambda edit: (not _closes(edit), _is_squeezed(edit)))
        ]
    yield from found


_OPTION = re.compile(r"(?P<name>[\w.-]{1,100}) = (?P<value>pkgs\.[\w.-]{1,100});")
_CLOSED = re.compile(r"[\])}] ?;?\s*")


def _closes(edit: Edit) -> bool:
    """Return whether a bracket is put before the semicolon at which Nix came to a stop."""
    old, new = edit.get("old", "").strip(), edit.get("new", "").strip()
    return old.startswith(";") and new.endswith(old) and _CLOSED.fullmatch(new) is not None


def _is_squeezed(edit: Edit) -> bool:
    """Return whether a brace is put behind a semicolon on its line."""
    return re.search(r";\s*}", edit.get("new", "")) is not None and "\n" not in edit.get("new", "")


def _wider(situation: Situation, edit: Edit) -> Edit:
    """Return a replacement of signs alone with the line before it, so that it is clear what it is about."""
    old, new = edit.get("old", ""), edit.get("new", "")
    text = situation.files.get(edit.get("file", ""), b"").decode("utf-8", "replace")
    lines = text.split("\n")
    at = [number for number, line in enumerate(lines) if line.strip() == old.strip()]
    if not old or re.search(r"\w", old) or len(at) != 1 or at[0] == 0:
        return edit
    above, space = lines[at[0] - 1].strip(), lines[at[0]][: len(lines[at[0]]) - len(lines[at[0]].lstrip())]
    return {**edit, "old": f"{above}\n{space}{old.strip()}", "new": f"{above}\n{space}{new.strip()}"}


def _is_about(item: Diagnostic, cause: Cause) -> bool:
    return _is_part(item.subject or "", cause.subject) or cause.subject in item.message


def _is_part(one: str, other: str) -> bool:
    """Return whether one path is a part of the other."""
    short, long = sorted((f".{one}.", f".{other}."), key=len)
    return bool(one) and short in long


def _inputs(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the inputs that are missing: which, the message says; where each comes from, the own tables alone."""
    if not situation.has_devenv:
        return
    there = declared_inputs(situation)
    edits = [edit for edit in _by_checks(situation, cause, "missing_input") if edit.get("name") not in there]
    for edit in edits[:1]:
        yield Fix(_sentence(edit), (edit,))
    asked = islice(_ADDED.finditer(f"{cause.line}\n{_end(situation)}"), 8)
    for name, url in dict.fromkeys((found["name"], found["url"].rstrip("/")) for found in asked):
        known_one = None if name in _NEVER else input_edit(name, INPUTS)
        if name in there:
            yield Fix(f"The input {name} is declared already: the lock, or what the project says of it, is behind.")
        elif known_one is None or known_one["url"] != url:
            yield Fix(
                f"The input {name} is missing. Where it comes from is not taken from the text, which may be anybody's: "
                "declare it by hand once you have looked."
            )
        elif known_one not in edits:
            yield Fix(_sentence(known_one), (known_one,))


_ADDED = re.compile(r"devenv inputs add (?P<name>[\w-]{1,80}) (?P<url>[^\s]{1,200})")
_NEVER = frozenset({"nixpkgs", "devenv"})  # devenv has its own where none is declared
_LAST = 100_000  # characters: what Nix says stands at the end


def _end(situation: Situation) -> str:
    return situation.text[-_LAST:]


def _by_message(situation: Situation, cause: Cause, code: str) -> Iterator[Edit]:
    """Yield packages that the message itself suggests, the nearest name first: such as are known to live."""
    old, lock = cause.subject.removeprefix("pkgs."), situation.files.get(LOCK)
    if code not in _PACKAGES:
        return
    near = sorted(_meant(situation, cause), key=lambda name: -_likeness(old, name))
    for new in near:
        if _likeness(old, new) >= _NEAR and may_replace(old, new, lock):
            yield from replacing(situation, old, new)


_PACKAGES = frozenset({"unknown_package", "undefined_variable"})
_NEAR = 0.5  # of two names: less is no slip


def _meant(situation: Situation, cause: Cause) -> list[str]:
    """Return the names that Nix says may be meant, where it says so of the cause."""
    text = _end(situation)
    at = text.rfind(cause.line.strip()[:200]) if cause.line.strip() else -1
    found = _MEANT.search(text, at, at + 3_000) if at >= 0 else None
    return _NAME.findall(found["names"])[:20] if found is not None else []


_MEANT = re.compile(r"Did you mean (?:one of )?(?P<names>[^?]{1,500})\?")
_NAME = re.compile(r"(?!or\b)[A-Za-z_][\w.-]{0,100}")


def _likeness(old: str, new: str) -> float:
    """Return how like one name is to another, from 0 to 1."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415  (8 ms that only a mistake needs)

    return OSA.normalized_similarity(old, new)
