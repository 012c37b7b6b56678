"""What a person wrote stays: whether a file, after an edit, still says all that it said before."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from typing import Any

from devkeel.errors import DevkeelError
from devkeel.source import nix
from devkeel.source.path import format_path

__all__ = ["lost"]

_TOKENS = re.compile(r"\w+|[^\w\s]")


def lost(name: str, before: bytes, after: bytes) -> str | None:
    """Return what a file said before and does not any more, in a few words; None where all of it stands."""
    if name.endswith(".nix"):
        return _lost_in_nix(name, before, after)
    if name.endswith((".yaml", ".yml")) and b"*" not in before:  # with aliases it may say more than can be compared
        return _lost_in_data(_yaml(before), _yaml(after), "")
    if name.endswith(".toml"):
        return _lost_in_data(_toml(before), _toml(after), "")
    if name.endswith(".json"):
        return _lost_in_data(_json(before), _json(after), "")
    gone = Counter(before.splitlines()) - Counter(after.splitlines())
    return next((line.decode("utf-8", "replace")[:80] for line in gone), None)


def _lost_in_nix(name: str, before: bytes, after: bytes) -> str | None:
    """Return the path of an option that has another value; a list or a text that became longer has its own still."""
    old, new = (nix.Document(data, name) for data in (before, after))
    try:
        there = [(item.path, new.source(item)) for item in new.definitions if not item.entered]
        said = [(item.path, old.source(item)) for item in old.definitions if not item.entered]
    except DevkeelError:
        return "what is not understood"
    for path, source in Counter(said) - Counter(there):
        longer = source.startswith("''") or "[" in source
        if not longer or not any(other == path and _grew(source, now) for other, now in there):
            return f"{format_path(path)} = {source}"[:80]
    return None


def _grew(source: str, now: str) -> bool:
    """Return whether all words of a text are in another one, in their order."""
    rest = iter(_TOKENS.findall(now))
    return all(word in rest for word in _TOKENS.findall(source))


def _lost_in_data(old: Any, new: Any, at: str) -> str | None:  # noqa: ANN401  (data)
    if isinstance(old, dict) and isinstance(new, dict):
        return next(
            (found for key in old if (found := _lost_in_data(old[key], new.get(key), f"{at}.{key}".lstrip(".")))), None
        )
    if isinstance(old, list) and isinstance(new, list):
        return None if all(item in new for item in old) else at
    return None if old == new and type(old) is type(new) else f"{at} = {old}"[:80]


def _yaml(data: bytes) -> Any:  # noqa: ANN401  (data)
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that a Nix edit does not need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        return YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, ValueError):
        return None


def _toml(data: bytes) -> Any:  # noqa: ANN401  (data)
    try:
        return tomllib.loads(data.decode())
    except ValueError:
        return None


def _json(data: bytes) -> Any:  # noqa: ANN401  (data)
    try:
        return json.loads(data)
    except ValueError:
        return None
