"""Masking: values that are known to be secret, and what looks like one, replaced in text, bytes and arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.text.secrets.names import Kind, kind_of, names_a_secret
from devkeel.text.secrets.placeholders import is_secret
from devkeel.text.secrets.spans import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from devkeel.text.secrets.spans import Span

__all__ = ["MASK", "blot", "hide", "looks_secret", "mask", "mask_arguments", "secrets_in", "secrets_of"]

MASK = "***"
_SHORTEST = 6
# Shorter ones, and those of letters alone, are looked for as whole words: they are parts of others by chance.
_WHOLE = 12
_OPTION = re.compile(r"--?([A-Za-z][\w-]*)")
_ASSIGNED = re.compile(r"((?:--?)?([A-Za-z_][\w.-]*)=)(.+)", re.DOTALL)


def secrets_in(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of variables whose names say that they are secret."""
    return tuple(value for name, value in variables.items() if names_a_secret(name))


def mask(text: str, values: Iterable[str] = ()) -> str:
    """Return text with `***` for each of the given values, and for what has the look of a secret."""
    return _replaced(text, _spans(text, values), lambda _: MASK)


def blot(data: bytes, values: Iterable[str] = ()) -> bytes:
    """Return as many bytes, with `*` for each that `mask` would hide: for text that is shown in parts."""
    text = data.decode("latin-1")  # a byte is a character, and what is looked for is ASCII
    known = [value.encode().decode("latin-1") for value in values]
    return _replaced(text, _spans(text, known), lambda length: "*" * length).encode("latin-1")


def hide(text: str, name: str) -> str:
    """Return what to show of a value that stands apart from its name."""
    kind = kind_of(name)
    return MASK if kind is not Kind.NONE and is_secret(text, kind, quoted=True, spaced=False) else text


def looks_secret(name: str, value: str) -> bool:
    """Return whether a value is a secret, by the name that it is given or by its own form."""
    return hide(value, name) != value or bool(find(value))


def secrets_of(text: str) -> list[tuple[int, str]]:
    """Return what has the look of a secret in a text: where it begins, and what it is."""
    return [(start, text[start:end]) for start, end in find(text)]


# Words before one that may say what it is.
_NEAR = 3


def mask_arguments(arguments: Sequence[str], values: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words of a command with their secrets masked: also one that the word before it announces."""
    known = tuple(values)
    shown: list[str] = []
    for word in arguments:
        option, assigned = _OPTION.fullmatch(shown[-1]) if shown else None, _ASSIGNED.fullmatch(word)
        if assigned is not None and hide(assigned[3], assigned[2]) != assigned[3]:
            hidden = f"{assigned[1]}{MASK}"
        else:
            hidden = hide(mask(word, known), option[1]) if option else mask(word, known)
        # Judged behind its program and the words before it too: `mysql -pX` and `sshpass -p X` are known by those. No
        # more of the line is looked at, which may have a hundred thousand words.
        line = "".join(f"{item} " for item in (*shown[:1], *shown[max(1, len(shown) - _NEAR) :]))
        whole = mask(f"{line}{word}", known)
        if hidden == word and " " not in word and whole.endswith(MASK) and not whole.endswith(word):
            hidden = whole[len(line) :] if whole.startswith(line) else MASK
        shown.append(hidden)
    return tuple(shown)


def _spans(text: str, values: Iterable[str]) -> list[Span]:
    found = find(text)
    for value in sorted({item for item in values if len(item) >= _SHORTEST}, key=len, reverse=True):
        found += _occurrences(text, value)
    merged: list[Span] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _occurrences(text: str, value: str) -> list[Span]:
    if value not in text:
        return []
    pattern = re.escape(value)
    if len(value) < _WHOLE or value.isalpha():
        pattern = rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])"
    return [match.span() for match in re.finditer(pattern, text)]


def _replaced(text: str, spans: list[Span], shown: Callable[[int], str]) -> str:
    parts, position = [], 0
    for start, end in spans:
        parts += [text[position:start], shown(end - start)]
        position = end
    return "".join([*parts, text[position:]])
