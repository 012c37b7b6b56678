"""How a VALUE on the command line is read: as JSON where it parses, as text where the option holds text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from devkeel.deferred import Deferred
from devkeel.errors import UsageError

if TYPE_CHECKING:
    from devkeel import catalogue
else:
    catalogue = Deferred("devkeel.catalogue")

__all__ = ["Reading", "read_value"]

Reading = Literal["auto", "string", "json", "nix"]

# Option types, as the module system words them, whose every value is written as a string. Alternatives that
# are no strings ("string or boolean") are not among them: there JSON decides.
_TEXT = re.compile(
    r"""(?:non-empty\ |single-line\ |optionally\ newline-terminated\ single-line\ )*string
      | string,\ not\ containing\ .*
      | string\ matching\ the\ pattern\ .*
      | strings\ concatenated\ with\ .*
      | (?:absolute\ )?path(?:,\ not\ in\ the\ Nix\ store)?
      | one\ of\ "[^"]*"(?:,\ "[^"]*")*
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"\binteger|\bnumber|\bfloat|\bport\b")
_NULLABLE = "null or "


def read_value(
    path: str, text: str, reading: Reading = "auto", *, element: bool = False, file: str | None = None
) -> dict[str, Any]:
    """Return the fields of an edit that say the value: `{"value": …}`, or `{"expression": …}` for Nix source.

    path: the option, whose type (with `element`, that of its list's elements) decides where `reading` is "auto"; a
    number that would be written differently stays text where the option is not known to take one. file: the one that is
    edited; what is no Nix has no options. Raises UsageError for what is no JSON when it was said to be.
    """
    path = path if file is None or file.endswith(".nix") else ""
    if reading == "nix":
        return {"expression": text}
    if reading == "string":
        return {"value": text}
    if path == "imports" and element and re.match(r"\.{1,2}/", text):
        return {"expression": text}
    phrase = _type_of(path, element=element) if reading == "auto" else None
    if _holds_text(phrase, text):
        return {"value": text}
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if reading == "auto":
            return {"value": text}
        raise UsageError(
            "bad_argument",
            "The value is not JSON.",
            seen=text[:200],
            remedy="Quote it for JSON, or use --string for text and --nix for Nix source.",
        ) from error
    return {"value": text if reading == "auto" and _loses_digits(phrase, text, value) else value}


def _type_of(path: str, *, element: bool) -> str | None:

    phrase = catalogue.option_type(path)
    return phrase.removeprefix("list of ") if phrase and element else phrase


def _loses_digits(phrase: str | None, text: str, value: object) -> bool:
    """Return whether a number would not be written as it was typed (`1.10`, `1e3`), and so is rather a version."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or json.dumps(value) == text.strip():
        return False
    return _NUMBER.search(phrase or "") is None


def _holds_text(phrase: str | None, text: str) -> bool:
    """Return whether the option's type makes this VALUE text, so that `3.10` stays `3.10`."""
    if phrase is None:
        return False
    nullable = phrase.startswith(_NULLABLE)
    if nullable and text == "null":
        return False
    return _TEXT.fullmatch(phrase.removeprefix(_NULLABLE)) is not None


def _no_constant(name: str) -> float:
    # Python reads NaN and Infinity, which JSON and Nix do not have.
    raise ValueError(name)
