"""What mends definitions that stand against each other, or that are no list where one is wanted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.project.root import DECLARATION
from devkeel.remedies.fix import Fix
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.project.survey import DefinitionView
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

# What a module of devenv sets from an option of its own: there the value belongs.
_SET_BY: dict[str, str] = {
    "env.PGPORT": "services.postgres.port",
    "env.REDIS_PORT": "services.redis.port",
    "env.MYSQL_TCP_PORT": "services.mysql.settings.mysqld.port",
}
_OF_A_MODULE = re.compile(r"In [`'\u2018][^\n`'\u2019]{0,300}/src/modules/")
_COMMAND = re.compile(r"(?:processes|scripts|tasks)\.[\w-]{1,80}")
_HEAD = re.compile(r"\{ (?P<names>[\w, ]{1,200}) \}:")
_SIMPLE = re.compile(r"[A-Za-z_][\w.'-]*")
_LIST = re.compile(
    r"(?P<before>[ \t]*)(?P<name>[A-Za-z_][\w.-]*) = (?P<open>(?:with pkgs; )?\[)(?P<items>[^\[\]\n\"{}();]*)\];[ \t]*"
)


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what lets one definition prevail, makes one of two lists, or a list of one value."""
    code = cause.facts.get("code", "")
    if code == "conflicting_definitions" and _OF_A_MODULE.search(situation.text):
        own = [item for item in situation.declared.definitions if item.path == cause.subject]
        if len(own) == 1:
            yield from _against_a_module(own[0])
    elif code == "duplicate_attribute":
        yield from _one_list(situation, cause.subject)
    elif code == "wrong_type" and _COMMAND.fullmatch(cause.subject) and "submodule" in cause.line:
        yield from _as_command(situation, cause.subject)
    elif code == "unexpected_argument":
        yield from _open_head(situation)
    elif code == "wrong_type" and re.search(r"not of type [`'\u2018]list of", cause.line):
        found = situation.definition(cause.subject)
        if found is not None and found.source and _SIMPLE.fullmatch(found.source.strip()):
            edit = {"kind": "set", "path": found.path, "expression": f"[ {found.source.strip()} ]", "file": found.file}
            yield Fix(f"Make a list of the one value of {found.path}.", (edit,))


def _as_command(situation: Situation, name: str) -> Iterator[Fix]:
    """Yield the option that is the command, where the whole of a process, a script or a task is a text."""
    text = situation.files.get(DECLARATION, b"").decode("utf-8", "replace")
    old = f"{name} = "
    if text.count(old) == 1:
        edit = {"kind": "replace_text", "file": DECLARATION, "old": old, "new": f"{name}.exec = "}
        yield Fix(f"Set {name}.exec: that is the command.", (edit,))


def _open_head(situation: Situation) -> Iterator[Fix]:
    """Yield a head that takes whatever else a module is called with."""
    text = situation.files.get(DECLARATION, b"").decode("utf-8", "replace")
    head = _HEAD.match(text.lstrip())
    if head is not None and text.count(head[0]) == 1:
        edit = {"kind": "replace_text", "file": DECLARATION, "old": head[0], "new": f"{{ {head['names']}, ... }}:"}
        yield Fix("Take what else a module is called with.", (edit,))


def _against_a_module(own: DefinitionView) -> Iterator[Fix]:
    moved = _SET_BY.get(own.path)
    number = str(own.value)
    if moved is not None and number.isdigit():
        edits = (
            {"kind": "unset", "path": own.path, "file": own.file},
            {"kind": "set", "path": moved, "value": int(number), "file": own.file},
        )
        yield Fix(f"Set {moved} instead, from which {own.path} follows.", edits)
    text = own.source or (nix.print_value(own.value) if own.value is not None else "")
    if text:
        forced = (
            f"lib.mkForce {text}"
            if re.fullmatch(r"[\w.'-]+|\"[^\"]*\"|\[.*\]|\{.*\}", text)
            else f"lib.mkForce ({text})"
        )
        edit = {"kind": "set", "path": own.path, "expression": forced, "file": own.file}
        yield Fix(f"Let {own.path} of {own.file} prevail over what a module of devenv sets.", (edit,))
    yield Fix(f"Leave {own.path} to the module that sets it.", ({"kind": "unset", "path": own.path, "file": own.file},))


def _one_list(situation: Situation, name: str) -> Iterator[Fix]:
    """Yield the two lists as one, where each stands on a line of its own."""
    text = situation.files.get(DECLARATION, b"").decode("utf-8", "replace")
    lines = text.split("\n")
    found = [
        (number, match)
        for number, line in enumerate(lines)
        if (match := _LIST.fullmatch(line)) and match["name"] == name
    ]
    if len(found) != 2 or found[0][1]["open"] != found[1][1]["open"]:  # noqa: PLR2004  (what Nix speaks of)
        return
    (_, first), (at, second) = found
    begin = "\n" if at and not lines[at - 1].strip() else ""
    items = " ".join(
        [*first["items"].split(), *(item for item in second["items"].split() if item not in first["items"].split())]
    )
    edits = (
        {"kind": "replace_text", "file": DECLARATION, "old": f"{begin}{second[0]}\n", "new": ""},
        {
            "kind": "replace_text",
            "file": DECLARATION,
            "old": first[0].strip(),
            "new": f"{name} = {first['open']} {items} ];",
        },
    )
    yield Fix(f"Put what both lists of {name} have into the first.", edits)
