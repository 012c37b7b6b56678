"""A derivation as its file in the store has it: what is built, by which program, with which variables.

The file is a term of ATerm, the same for every version of Nix (nix, src/libstore/derivations.cc, `parseDerivation`);
what `nix derivation show` prints is not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DerivationFile", "DerivationOutput", "parse_derivation", "read_derivation"]

_MOST = 16 * 1024**2  # bytes
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_BEGIN = "Derive("
_FIELDS = 7  # outputs, inputs that are built, sources, system, builder, arguments, variables


class DerivationOutput(Struct, frozen=True):
    """An output: its path, empty where its content decides that; how it is hashed, and the hash where it is fixed."""

    path: str
    algorithm: str
    hash: str


class DerivationFile(Struct, frozen=True):
    """What is built. inputs: derivations that it takes outputs of. sources: store paths that are there already."""

    outputs: Mapping[str, DerivationOutput]
    inputs: tuple[str, ...]
    sources: tuple[str, ...]
    system: str
    builder: str
    arguments: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def is_fixed(self) -> bool:
        """Whether a hash says what comes of it, as of a fetch."""
        return any(item.hash for item in self.outputs.values())

    @property
    def is_content_addressed(self) -> bool:
        """Whether the path of what comes of it is made of its content, and not known before (`__contentAddressed`)."""
        return not self.is_fixed and any(item.algorithm for item in self.outputs.values())

    @property
    def given(self) -> dict[str, str]:
        """The variables, those of structured attributes included, as text."""
        try:
            structured = json.loads(self.variables.get("__json", "{}"))
        except (ValueError, RecursionError):
            structured = {}
        inner = structured if isinstance(structured, dict) else {}
        # `env` of structured attributes is what the builder sees as variables (nixpkgs, pkgs/stdenv/generic/setup.sh).
        env = inner.get("env") if isinstance(inner.get("env"), dict) else {}
        texts = {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in inner.items()}
        return {**self.variables, **texts, **{str(name): str(value) for name, value in (env or {}).items()}}


def read_derivation(path: str) -> DerivationFile | None:
    """Return what a derivation of the store says, None where it cannot be read or is none."""
    try:
        with Path(path).open("rb") as file:
            return parse_derivation(file.read(_MOST))
    except (OSError, ValueError):
        return None


def parse_derivation(data: bytes) -> DerivationFile:
    """Return what a derivation's text says. Raises ValueError for what is none."""
    text = data.decode("utf-8", "replace")
    if not text.startswith(_BEGIN):
        raise ValueError("it is no derivation")
    fields, end = _sequence(text, len(_BEGIN), ")")
    if len(fields) != _FIELDS or text[end:].strip():
        raise ValueError("it has other fields than a derivation")
    try:
        outputs, inputs, sources, system, builder, arguments, variables = fields
        return DerivationFile(
            {name: DerivationOutput(path, algorithm, digest) for name, path, algorithm, digest in outputs},
            tuple(str(item[0]) for item in inputs),
            tuple(map(str, sources)),
            str(system),
            str(builder),
            tuple(map(str, arguments)),
            {str(name): str(value) for name, value in variables},
        )
    except (TypeError, IndexError) as error:
        raise ValueError("a field of it has another form") from error


def _sequence(text: str, start: int, close: str) -> tuple[list[Any], int]:
    """Return the terms up to a closing bracket, and where that ends. A list and a tuple are both a list here."""
    stack, found, place = list[tuple[list[Any], str]](), list[Any](), start
    while place < len(text):
        sign = text[place]
        place += 1
        if sign == '"':
            value, place = _string(text, place)
            found.append(value)
        elif sign in "[(":
            stack.append((found, close))
            found, close = [], "]" if sign == "[" else ")"
        elif sign == close:
            if not stack:
                return found, place
            inner = found
            found, close = stack.pop()
            found.append(inner)
        elif sign != ",":
            raise ValueError(f"unexpected {sign!r} at {place - 1}")
    raise ValueError("it ends too early")


def _string(text: str, start: int) -> tuple[str, int]:
    """Return a string that begins behind its quote, and where it ends."""
    parts, place = list[str](), start
    while True:
        quote, escape = text.find('"', place), text.find("\\", place)
        if quote < 0:
            raise ValueError("a string has no end")
        if escape < 0 or quote < escape:
            return "".join((*parts, text[place:quote])), quote + 1
        sign = text[escape + 1 : escape + 2]
        parts += [text[place:escape], _ESCAPED.get(sign, sign)]
        place = escape + 2
