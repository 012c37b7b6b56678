"""What a generator takes: each value with its type, its default and what it may be."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel.text.actions import do
from devkeel.text.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["PYTHON", "SYSTEM", "Parameter", "read_parameters"]

PYTHON = r"3\.(?:1[1-9]|[2-9][0-9])"
"""Versions of Python that devkeel runs on."""
SYSTEM = (
    r"(?:aarch64|armv[5-7]\w*|i686|loongarch64|mips\w*|powerpc\w*|riscv(?:32|64)|s390x?|x86_64)-"
    r"(?:linux|darwin|freebsd|netbsd|openbsd|solaris|windows|cygwin|none)"
)
"""Systems that nixpkgs has packages for (lib/systems/doubles.nix)."""

_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "texts": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "settings": lambda value: isinstance(value, dict),
}


class Parameter(Struct, frozen=True):
    """One value that a generator takes.

    type: texts is a list of text, settings an object. default: None where the generator finds one, or does without.
    allowed: the only texts that it may be. pattern: what each of its texts has to match as a whole.
    """

    name: str
    about: str
    type: Literal["text", "number", "flag", "texts", "settings"] = "text"
    default: Any = None
    allowed: tuple[str, ...] = ()
    pattern: str | None = None


def read_parameters(kind: str, known: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, Any]:
    """Return what is given by its types, without defaults; text stands for a value as a command line gives it.

    None, and a text without a sign, stand for the default, whatever was given before.

    Raises UsageError `unknown_parameter`, `bad_parameter`.
    """
    named = {item.name: item for item in known}
    for name in given.keys() - named.keys():
        raise UsageError(
            "unknown_parameter",
            f"The generator {kind} takes no such parameter.",
            seen=name[:80],
            remedy=f"Name one that it takes: {do('generate')} lists them.",
            alternatives=(*nearest(name, list(named)),) or (*named,),
        )
    return {name: None if value in (None, "") else _value(named[name], value) for name, value in given.items()}


def _value(parameter: Parameter, given: object) -> Any:  # noqa: ANN401  (a value of JSON)
    value = _typed(parameter, given)
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            continue
        if parameter.allowed and text not in parameter.allowed:
            raise _bad(parameter, given, "is none of its values")
        if parameter.pattern and not re.fullmatch(parameter.pattern, text):
            raise _bad(parameter, given, f"has to match {parameter.pattern}")
        if "\0" in text or _unpaired(text):
            raise _bad(parameter, given, "is no text that a file can hold")
    return value


def _typed(parameter: Parameter, given: object) -> Any:  # noqa: ANN401  (a value of JSON)
    """Return a value by its type. Text of a command line stands for a value of any of them."""
    value = _said(parameter, given) if isinstance(given, str) and parameter.type != "text" else given
    if not _CHECKS[parameter.type](value):
        raise _bad(parameter, given, f"is not of its type, {parameter.type}")
    return value


def _said(parameter: Parameter, given: str) -> object:
    """Return the value that a text stands for, or the text where it stands for none."""
    if parameter.type == "flag":
        return _FLAGS.get(given.lower(), given)
    if parameter.type == "number":
        return int(given) if re.fullmatch(r"-?[0-9]{1,18}", given) else given
    if parameter.type == "texts" and not given.startswith("["):
        return [item.strip() for item in given.split(",") if item.strip()]
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return given


def _unpaired(text: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def _bad(parameter: Parameter, given: object, why: str) -> UsageError:
    return UsageError(
        "bad_parameter",
        f"The parameter {parameter.name} {why}.",
        seen=repr(given)[:200],
        remedy=f"Give one that it may be. {parameter.name}: {parameter.about}",
        alternatives=parameter.allowed,
    )
