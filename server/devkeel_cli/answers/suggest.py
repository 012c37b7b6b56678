"""A suggested edit as the command that makes it."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from devkeel.project.root import DECLARATION, INPUTS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["as_command"]


def as_command(edit: Mapping[str, Any]) -> str:
    """Return the command line for an edit that a check suggests."""
    match edit["kind"]:
        case "set":
            words = ["set", edit["path"], *_value(edit)]
        case "rename":
            words = ["rename", edit["path"], edit["to"]]
        case "enable":
            values = (f"{key}={_text(value)}" for key, value in edit.get("settings", {}).items())
            words = ["enable", edit["name"], *(word for item in values for word in ("--setting", item))]
        case "add_packages":
            words = ["add", *edit["names"]]
        case "set_input":
            follows = [word for name in edit.get("follows", ()) for word in ("--follows", name)]
            words = ["input", "add", edit["name"], edit["url"], *follows]
        case "replace_text":
            return _line(["patch", edit["file"], "--old", edit["old"], "--new", edit["new"]])
        case _:
            return f"an edit like {json.dumps(edit, ensure_ascii=False)}"
    own = INPUTS if edit["kind"] == "set_input" else DECLARATION
    file = edit.get("file", own)
    return _line(words if file == own else [*words, "--file", file])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(words: list[str]) -> str:
    return f"devkeel {shlex.join(words)}"


def _value(edit: Mapping[str, Any]) -> list[str]:
    if "expression" in edit:
        return ["--nix", edit["expression"]]
    value = edit["value"]
    return ["--string", value] if isinstance(value, str) else [json.dumps(value, ensure_ascii=False)]
