"""What mends a declaration that Nix refused: what devkeel's own checks suggest, and what Nix' message does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.candidate.basis import Basis
from devkeel.catalogue.inputs import needed_inputs
from devkeel.checks import run_checks
from devkeel.diagnosis.nix_messages import Translation
from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS
from devkeel.remedies.fix import Fix
from devkeel.remedies.proposing.replacements import hashes, known, renamed
from devkeel.source.path import parse_path
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
_WORD = re.compile(r"[A-Za-z_][\w'-]*")
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
    if code == "renamed_package" or (code == "removed_package" and "to" in cause.facts):
        yield from renamed(situation, cause)
    given = list[Edit]()
    for edit in (
        *_by_checks(situation, cause, code),
        *_by_message(situation, cause, code),
        *known(situation, cause, code),
    ):
        short = _trimmed(situation, edit)
        if short not in given:
            given.append(short)
            yield Fix(_sentence(short), (short, *_inputs_for(situation, short)))
    if code == "unknown_input" and cause.subject and situation.has_devenv:
        yield Fix(f"Declare where the input {cause.subject} comes from: the registries do not know it.", call=do("set"))


def _inputs_for(situation: Situation, edit: Edit) -> Iterator[Edit]:
    """Yield the inputs that an option needs with its new value, and that are not declared."""
    if edit["kind"] == "set" and "value" in edit:
        declared = situation.files.get(INPUTS, b"").decode("utf-8", "replace")
        for needed in needed_inputs(parse_path(edit["path"]), edit["value"]):
            if not any(f"{name}:" in declared for name in (needed.name, *needed.also)):
                yield needed.edit


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


def _by_message(situation: Situation, cause: Cause, code: str) -> Iterator[Edit]:
    """Yield what the message itself suggests, the nearest name first."""
    root = _root(situation)
    if root is None and code != "missing_input":
        return
    translation = Translation(root=root or "/", files=situation.files, source="evaluation")
    try:
        found = translation.failure(situation.text, 1)
    except DevkeelError:
        return
    if found.code != code and cause.subject not in found.message:
        return
    edits = [edit for edit in found.suggestions if edit.get("kind") != "append"]
    yield from sorted(edits, key=lambda edit: -_likeness(cause.subject, edit))


def _likeness(old: str, edit: Edit) -> float:
    """Return how like what is written instead is to what was written, of 100; equal for what replaces no name."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415  (8 ms that only a mistake needs)

    if edit["kind"] != "replace_text":
        return 0.0
    gone = [word for word in _WORD.findall(edit["new"]) if word not in _WORD.findall(edit["old"])]
    return max((OSA.normalized_similarity(old, word) for word in gone), default=0.0)


def _root(situation: Situation) -> str | None:
    """Return where the project was when it failed, by the paths of its files in the text; None where none is named."""
    for name in sorted(situation.files, key=len, reverse=True):
        if not name.endswith((".nix", ".yaml")):
            continue
        found = re.search(rf"(?P<root>/[^\s'\"`:]{{1,200}})/{re.escape(name)}\b", situation.text)
        if found is not None:
            return found["root"]
    return None
