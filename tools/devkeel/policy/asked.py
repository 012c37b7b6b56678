"""What an attempt asked for, in the short words in which a refusal keeps it: `+htop`, `services.redis.port = 1`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.text import secrets
else:
    secrets = Deferred("devkeel.text.secrets")

__all__ = ["in_short"]

_MOST = 20
_LONG = 120
# What a verb that has no edits is about, and how its value is called beside its key.
_ABOUT = ("key", "operation", "wanted", "source", "kind", "names", "name", "url", "file")
_SIGNS = {
    "add_packages": "+",
    "add_library": "+",
    "enable": "+",
    "remove_packages": "-",
    "remove_library": "-",
    "disable": "-",
    "unset": "-",
    "remove_input": "-",
}
_BETWEEN = {"append": "+=", "prepend": "+=", "remove": "-=", "rename": "->", "pin_input": "at", "follow_input": "->"}


def in_short(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the arguments of a verb ask for, without secrets. given: them by name; edits as they were parsed.

    At most 20 things, each cut at 120 characters.
    """
    edits = given.get("edits")
    found = [word for edit in edits or () for word in _of_edit(edit)] if edits else list(_of_verb(given))
    # Masked before it is cut: a part of a secret has not its look.
    words = [secrets.mask(" ".join(item.split())) for item in found[:_MOST]]
    return tuple(word if len(word) <= _LONG else f"{word[: _LONG - 1]}\u2026" for word in words)


def _of_edit(edit: object) -> Iterator[str]:
    kind = str(getattr(edit, "kind", ""))
    sign, language = _SIGNS.get(kind, ""), getattr(edit, "language", None)
    one = [item for name in ("path", "name") if isinstance(item := getattr(edit, name, None), str)][:1]
    names = getattr(edit, "names", None) or one or [None]
    for name in names:
        if not isinstance(name, str):
            yield f"{kind.replace('_', ' ')} in {getattr(edit, 'file', '')}"
        elif sign:
            yield f"{sign}{f'{language}:' if language else ''}{name}"
        else:
            yield f"{name}{_value(kind, edit)}"


def _value(kind: str, edit: object) -> str:
    expression = getattr(edit, "expression", None)
    if isinstance(expression, str):
        value = expression
    elif hasattr(edit, "value"):
        value = json.dumps(edit.value, ensure_ascii=False, default=str)
    else:
        value = getattr(edit, "url", None) or getattr(edit, "to", None) or ""
    return f" {_BETWEEN.get(kind, '=')} {value}" if value else f" ({kind.replace('_', ' ')})"


def _of_verb(given: Mapping[str, Any]) -> Iterator[str]:
    for name in _ABOUT:
        value = given.get(name)
        told = value if isinstance(value, list | tuple) else [value]
        if name == "key" and isinstance(value, str) and given.get("value") is not None:
            yield f"{value} = {json.dumps(given['value'], ensure_ascii=False, default=str)}"
            return
        yield from (
            f"#{item}" if name in {"operation", "wanted"} and isinstance(item, int) else str(item)
            for item in told
            if isinstance(item, str | int) and not isinstance(item, bool) and item != ""
        )
