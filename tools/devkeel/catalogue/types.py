"""Option types as data: the module system's phrases become types that accept a value or not.

A judgement is True (of the type), False (certainly not), or None: a computed value is not judged, never called wrong.
The phrases are those that nixpkgs' lib.types print (their `description`).
"""

from __future__ import annotations

import enum
import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.literal import Expression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel.source.nix.read.literal import Value

__all__ = [
    "UNCLEAR",
    "Anything",
    "AttrsOf",
    "Boolean",
    "Either",
    "Enum",
    "Integer",
    "ListOf",
    "Null",
    "Number",
    "OptionType",
    "Package",
    "PathType",
    "Submodule",
    "Text",
    "parse_type",
]


class Unclear(enum.Enum):
    """Stands for "no value": null is a value."""

    UNCLEAR = "unclear"


UNCLEAR = Unclear.UNCLEAR

_TRUE = frozenset({"true", "yes", "on", "1", "enabled", "enable"})
_FALSE = frozenset({"false", "no", "off", "0", "disabled", "disable"})


class OptionType(Struct, frozen=True):
    """A type by its phrase. This one judges nothing: what is not known is not called wrong."""

    phrase: str

    @property
    def alternatives(self) -> tuple[OptionType, ...]:
        """The alternatives of an either, else the type itself."""
        return (self,)

    def accepts(self, value: Value) -> bool | None:
        """Return whether a value is of this type; None where the text does not show it."""
        return None if isinstance(value, Expression) else self._accepts(value)

    def _accepts(self, value: Value) -> bool | None:
        del value
        return None

    def correct(self, value: Value) -> Value | Unclear:
        """Return the value of this type that a wrong one clearly means, or UNCLEAR."""
        del value
        return UNCLEAR

    def below(self) -> OptionType | None:
        """Return the type of an attribute of such a value; None when such a value has no attributes."""
        return None


class Anything(OptionType, frozen=True):
    """Whatever the module system does not check, or devkeel cannot."""

    def below(self) -> OptionType | None:
        """Return the same."""
        return self


class Null(OptionType, frozen=True):
    """null."""

    def _accepts(self, value: Value) -> bool | None:
        return value is None

    def correct(self, value: Value) -> Value | Unclear:
        """Return null for words that mean it."""
        return None if value in ("null", "none", "None", "") else UNCLEAR


class Boolean(OptionType, frozen=True):
    """true or false."""

    def _accepts(self, value: Value) -> bool | None:
        # nixpkgs, lib/types.nix: no type converts; "true" is no boolean.
        return isinstance(value, bool)

    def correct(self, value: Value) -> Value | Unclear:
        """Return what the usual words and numbers for it mean."""
        word = str(value).lower() if isinstance(value, (str, int)) else ""
        return True if word in _TRUE else False if word in _FALSE else UNCLEAR


class Text(OptionType, frozen=True):
    """A string; `pattern` is a regular expression that it must match as a whole."""

    pattern: str | None = None

    def _accepts(self, value: Value) -> bool | None:
        if not isinstance(value, str):
            return False
        if self.pattern is None:
            return True
        try:
            # nixpkgs, lib/types.nix, `strMatching`: by builtins.match, which takes POSIX extended expressions and
            # matches the whole.
            return re.fullmatch(self.pattern.removeprefix("^").removesuffix("$"), value) is not None
        except re.error:
            return None  # Nix takes POSIX expressions, some of which Python does not

    def correct(self, value: Value) -> Value | Unclear:
        """Return a number or a boolean as Nix prints it, and the one element of a list."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            # Of several, a text that is made of lines takes each as one.
            lines = self.phrase.startswith("strings concatenated") or len(value) == 1
            return "\n".join(map(str, value)) if lines else UNCLEAR
        return UNCLEAR


class Integer(OptionType, frozen=True):
    """An integer within bounds, both inclusive."""

    least: int | None = None
    most: int | None = None

    def _accepts(self, value: Value) -> bool | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def correct(self, value: Value) -> Value | Unclear:
        """Return the integer that a text or a whole float spells, when it is within the bounds."""
        if (isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,18}\s*", value)) or (
            isinstance(value, float) and value.is_integer()
        ):
            number = int(value)
        else:
            return UNCLEAR
        return number if self._accepts(number) else UNCLEAR


class Number(OptionType, frozen=True):
    """A floating point number."""

    def _accepts(self, value: Value) -> bool | None:
        # nixpkgs, lib/types.nix: `float` is isFloat, to which 1 is none; `number` is either.
        return isinstance(value, float)

    def correct(self, value: Value) -> Value | Unclear:
        """Return an integer as a float."""
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else UNCLEAR


class Enum(OptionType, frozen=True):
    """One of some values."""

    values: tuple[str | int | bool, ...] = ()

    def _accepts(self, value: Value) -> bool | None:
        return any(type(value) is type(item) and value == item for item in self.values)

    def correct(self, value: Value) -> Value | Unclear:
        """Return the allowed value that is spelt like it."""
        if not isinstance(value, (str, int)):
            return UNCLEAR
        spelt = _plain(value)
        exact = [item for item in self.values if _plain(item) == spelt]
        if exact:
            return exact[0]
        from rapidfuzz import process  # noqa: PLC0415  (8 ms that only a mistake needs)

        found = process.extractOne(spelt, [_plain(item) for item in self.values], score_cutoff=_ALIKE)
        return self.values[found[2]] if found else UNCLEAR


_ALIKE = 70.0


def _plain(value: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(value).lower())


class PathType(OptionType, frozen=True):
    """An absolute path: a path literal, or text that begins with a slash."""

    def _accepts(self, value: Value) -> bool | None:
        return isinstance(value, str) and value.startswith("/")

    def correct(self, value: Value) -> Value | Unclear:
        """Return the path literal for the text of a relative path."""
        relative = isinstance(value, str) and re.fullmatch(r"\.{1,2}(/[A-Za-z0-9_.+-]+)+", value)
        return Expression(value) if relative and isinstance(value, str) else UNCLEAR


class Package(OptionType, frozen=True):
    """A derivation or a store path: never literal data, a store path apart."""

    def _accepts(self, value: Value) -> bool | None:
        return isinstance(value, str) and value.startswith("/nix/store/")

    def correct(self, value: Value) -> Value | Unclear:
        """Return the package of that name."""
        name = isinstance(value, str) and re.fullmatch(r"(pkgs\.)?[A-Za-z_][\w'-]*(\.[A-Za-z_][\w'-]*)*", value)
        if not name or not isinstance(value, str):
            return UNCLEAR
        return Expression(value if value.startswith("pkgs.") else f"pkgs.{value}")


class ListOf(OptionType, frozen=True):
    """A list of one type."""

    inner: OptionType = Anything("anything")

    def _accepts(self, value: Value) -> bool | None:
        return _all(self.inner.accepts(item) for item in value) if isinstance(value, list) else False

    def correct(self, value: Value) -> Value | Unclear:
        """Return a list of the one value, or of the corrected elements."""
        if isinstance(value, list):
            return _whole(item if self.inner.accepts(item) is not False else self.inner.correct(item) for item in value)
        if isinstance(value, str) and isinstance(self.inner, Package):
            return _whole(self.inner.correct(word) for word in re.split(r"[\s,]+", value.strip()))
        return [value] if self.inner.accepts(value) and value is not None else UNCLEAR


class AttrsOf(OptionType, frozen=True):
    """An attribute set of one type."""

    inner: OptionType = Anything("anything")

    def _accepts(self, value: Value) -> bool | None:
        return _all(self.inner.accepts(item) for item in value.values()) if isinstance(value, dict) else False

    def below(self) -> OptionType | None:
        """Return the type of its attributes."""
        return self.inner


class Submodule(OptionType, frozen=True):
    """A set with options of its own, which stand below it in the catalogue; `free` is the type of further ones."""

    free: OptionType | None = None

    def _accepts(self, value: Value) -> bool | None:
        # A function or a path is a module too; functions are expressions, a path may be text.
        return None if isinstance(value, dict) or (isinstance(value, str) and value.startswith("/")) else False

    def below(self) -> OptionType | None:
        """Return the type of the attributes that no option declares; None when there are none."""
        return self.free


class Either(OptionType, frozen=True):
    """One of several types."""

    choices: tuple[OptionType, ...] = ()

    @property
    def alternatives(self) -> tuple[OptionType, ...]:
        """The alternatives."""
        return self.choices

    def _accepts(self, value: Value) -> bool | None:
        verdicts = [item.accepts(value) for item in self.choices]
        return True if True in verdicts else None if None in verdicts else False

    def correct(self, value: Value) -> Value | Unclear:
        """Return what the first alternative makes of it that knows."""
        # `null or X`: X is what was meant, unless the value spells null.
        ordered = sorted(self.choices, key=lambda item: isinstance(item, Null))
        return next((found for item in ordered if (found := item.correct(value)) is not UNCLEAR), UNCLEAR)

    def below(self) -> OptionType | None:
        """Return the type of the attributes in whichever alternative has some."""
        found = [inner for item in self.choices if (inner := item.below()) is not None]
        return found[0] if len(found) == 1 else Anything("anything") if found else None


def _whole(items: Iterable[Value | Unclear]) -> list[Value] | Unclear:
    """Return the items as a list when all are clear."""
    found: list[Value] = []
    for item in items:
        if isinstance(item, Unclear):
            return item
        found.append(item)
    return found


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    found = list(verdicts)
    return False if False in found else None if None in found else True


# As nixpkgs, lib/types.nix, `ints.between` and `ints.u8` to `ints.s32` describe themselves.
_BETWEEN = re.compile(r"(?:\d+ bit (?:un)?signed integer; |integer )between (-?\d+) and (-?\d+) \(both inclusive\)")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"|(-?\d+)|true|false')
_SIMPLE: dict[str, OptionType] = {
    item.phrase: item
    for item in (
        Null("null"),
        Boolean("boolean"),
        Text("string"),
        Text("non-empty string", r"(.|\n)*[^ \t](.|\n)*"),
        Text('strings concatenated with "\\n"'),
        Text('strings concatenated with ","'),
        Integer("signed integer"),
        Integer("unsigned integer, meaning >=0", 0),
        Integer("positive integer, meaning >0", 1),
        Number("floating point number"),
        PathType("absolute path"),
        Package("package"),
        AttrsOf("attribute set"),
        Submodule("submodule"),
        Enum("value false (singular enum)", (False,)),
    )
}


def _enum(phrase: str, rest: str) -> OptionType:
    return Enum(phrase, tuple(_literal(match) for match in _LITERAL.finditer(rest)))


def _open_submodule(phrase: str, rest: str) -> OptionType:
    return Submodule(phrase, parse_type(rest).below() or Anything("anything"))


def _list(phrase: str, rest: str) -> OptionType:
    return ListOf(phrase, parse_type(rest))


def _set(phrase: str, rest: str) -> OptionType:
    return AttrsOf(phrase, parse_type(rest))


_PREFIXES: dict[str, Callable[[str, str], OptionType]] = {
    "one of ": _enum,
    "string matching the pattern ": Text,
    "open submodule of ": _open_submodule,
    "list of ": _list,
    "lazy attribute set of ": _set,
    "attribute set of ": _set,
}


@cache
def parse_type(phrase: str) -> OptionType:
    """Return the type that a phrase stands for; `Anything` for a phrase that is not understood."""
    parts = _alternatives(phrase.removesuffix(" convertible to it"))
    if len(parts) > 1:
        return Either(phrase, tuple(parse_type(part) for part in parts))
    if phrase.startswith("(") and phrase.endswith(")"):
        return parse_type(phrase[1:-1])
    if match := _BETWEEN.fullmatch(phrase):
        return Integer(phrase, int(match[1]), int(match[2]))
    for prefix, make in _PREFIXES.items():
        if phrase.startswith(prefix):
            return make(phrase, phrase.removeprefix(prefix))
    return _SIMPLE.get(phrase) or Anything(phrase)


def _literal(match: re.Match[str]) -> str | int | bool:
    if match[1] is not None:
        return match[1].replace('\\"', '"')
    return int(match[2]) if match[2] is not None else match[0] == "true"


def _alternatives(phrase: str) -> list[str]:
    """Split at the `or`s that are outside of parentheses and quotes."""
    parts, depth, quoted, start = list[str](), 0, False, 0
    for index, character in enumerate(phrase):
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if depth == 0 and phrase.startswith(" or ", index):
                parts.append(phrase[start:index])
                start = index + len(" or ")
    return [*parts, phrase[start:]]
