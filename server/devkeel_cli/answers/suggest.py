"""A suggested edit as the command that makes it: one row a kind."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from devkeel.project.root import DECLARATION, INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["as_command"]


def as_command(edit: Mapping[str, Any]) -> str:
    """Return the command line for an edit that a check suggests."""
    row = _COMMANDS.get(edit["kind"])
    if row is None:
        return f"an edit like {json.dumps(edit, ensure_ascii=False)}"
    words = row(edit)
    at = words.index("--") if "--" in words else len(words)  # behind it nothing is an option any more
    return f"devkeel {shlex.join([*words[:at], *_in_file(edit), *words[at:]])}"


def _in_file(edit: Mapping[str, Any]) -> list[str]:
    default = INPUTS if edit["kind"].endswith("_input") else DECLARATION
    file = edit.get("file") or default
    return [] if file == default or edit["kind"] == "replace_text" else ["--file", file]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _each(flag: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (flag, value)]


def _given(edit: Mapping[str, Any], field: str) -> list[str]:
    """Return a field that the edit may have as an option of the same name."""
    return [f"--{field}", _text(edit[field])] if edit.get(field) else []


def _valued(edit: Mapping[str, Any], verb: str, *place: str) -> list[str]:
    """Return a verb with a value of the edit; one that looks like an option stands behind `--`, with its place."""
    if "expression" in edit:
        flags, value = ["--nix"], edit["expression"]
    else:
        flags, value = ["--string"] if isinstance(edit["value"], str) else [], _text(edit["value"])
    if not value.startswith("-"):
        return [verb, *place, *flags, value]
    named = [word for word in place if word.startswith("--")]
    return [verb, *flags, *named, "--", *(word for word in place if word not in named), value]


def _enable(edit: Mapping[str, Any]) -> list[str]:
    settings = (f"{key}={_text(value)}" for key, value in edit.get("settings", {}).items())
    return ["enable", edit["name"], *_each("--setting", settings)]


def _input(edit: Mapping[str, Any]) -> list[str]:
    if edit.get("to") is not None:
        return ["input", "update", edit["name"], "--to", edit["to"]]
    url = [edit["url"]] if edit.get("url") else []
    flags = ["--no-flake"] if edit.get("settings") == {"flake": False} else []
    return ["input", "add", edit["name"], *url, *flags, *_each("--follows", edit.get("follows", ()))]


def _held(edit: Mapping[str, Any], verb: str) -> list[str]:
    return ["input", verb, edit["name"], *([edit["to"]] if edit.get("to") is not None else [])]


def _library(edit: Mapping[str, Any], verb: str) -> list[str]:
    return ["library", verb, *edit["names"], "--language", edit["language"], *_given(edit, "group")]


def _patch(edit: Mapping[str, Any]) -> list[str]:
    words = ["patch", edit.get("file", DECLARATION), "--old", edit["old"], "--new", edit["new"]]
    return [*words, *_given(edit, "occurrences"), *(["--partial"] if edit.get("partial") else [])]


_COMMANDS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "add_packages": lambda edit: ["add", *edit["names"], *_given(edit, "inside")],
    "remove_packages": lambda edit: ["remove", *edit["names"], *_given(edit, "inside")],
    "set": lambda edit: _valued(edit, "set", edit["path"]),
    "unset": lambda edit: ["unset", edit["path"]],
    "append": lambda edit: _valued(edit, "append", edit["path"]),
    "prepend": lambda edit: _valued(edit, "prepend", edit["path"]),
    "remove": lambda edit: _valued(edit, "remove", f"--from={edit['path']}"),
    "rename": lambda edit: ["rename", edit["path"], edit["to"]],
    "comment_out": lambda edit: ["comment", edit["path"]],
    "uncomment": lambda edit: ["uncomment", edit["path"]],
    "enable": _enable,
    "disable": lambda edit: ["disable", edit["name"]],
    "set_input": _input,
    "follow_input": lambda edit: _held(edit, "follow"),
    "pin_input": lambda edit: _held(edit, "pin"),
    "unpin_input": lambda edit: _held(edit, "unpin"),
    "remove_input": lambda edit: ["input", "remove", edit["name"]],
    "add_library": lambda edit: _library(edit, "add"),
    "remove_library": lambda edit: _library(edit, "remove"),
    "replace_text": _patch,
}
