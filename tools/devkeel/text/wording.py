"""What is wrong with a value, in plain words: the validator's own are for programmers."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["in_words", "nearest"]

_WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false, without quotes",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
_SENTENCES = {
    "missing": "it is missing",
    "extra_forbidden": "it is not known here",
    "literal_error": "it is none of the values that stand here",
    "too_short": "it is empty, and needs at least one element",
    "string_too_short": "it is empty",
    "greater_than_equal": "it is at least {ge}",
    "less_than_equal": "it is at most {le}",
}


def in_words(problem: Mapping[str, Any]) -> str:
    """Return the rest of a sentence about one problem of a pydantic ValidationError: `it takes …, not …`."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _WANTED:
        return f"it takes {_WANTED[kind]}, not {_kind_of(problem.get('input'))}"
    if kind == "value_error":
        return str(context.get("error", problem["msg"]))
    told = str(problem["msg"])
    return _SENTENCES[kind].format(**context) if kind in _SENTENCES else told[:1].lower() + told[1:]


def _kind_of(value: object) -> str:
    if value is None:
        return "null"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "that")


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names, those first that are written nearly like a name."""
    every = list(known)
    close = difflib.get_close_matches(name, every, n=3, cutoff=0.5)
    return close + [item for item in every if item not in close]
