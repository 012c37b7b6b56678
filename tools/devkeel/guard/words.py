"""The words of a command: its options, their values, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Words", "split"]

_TWO = 2


class Words(Struct, frozen=True):
    """Words as a program reads them.

    flags: its options. values: what options were given, by option. rest: from the first other word on, all of it.
    positional: the words that are neither options nor given to one.
    """

    flags: frozenset[str] = frozenset()
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rest: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()


def split(arguments: tuple[str, ...], valued: Collection[str]) -> Words:
    """Sort words as getopt(3) does with options in any place. valued: the options that take a value."""
    flags, values, positional = set[str](), dict[str, tuple[str, ...]](), list[str]()
    rest: tuple[str, ...] | None = None
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word == "--" or not word.startswith("-") or word == "-":
            if rest is None:
                rest = arguments[at + 1 :] if word == "--" else arguments[at:]
            if word == "--":
                positional += arguments[at + 1 :]
                break
            positional.append(word)
            at += 1
            continue
        flag, value, taken = _option(word, arguments[at + 1 :], valued)
        flags |= flag
        if value is not None:
            name = next(iter(flag & {*valued}), "")
            values[name] = (*values.get(name, ()), value)
        at += taken
    return Words(frozenset(flags), values, rest or (), tuple(positional))


def _option(word: str, after: tuple[str, ...], valued: Collection[str]) -> tuple[set[str], str | None, int]:
    """Return the options in a word, the value that one has, and how many words that are."""
    name, equals, value = word.partition("=")
    if equals and name.startswith("-"):
        return {name}, value if name in valued else None, 1
    if word in valued:
        return {word}, after[0] if after else None, _TWO
    if not word.startswith("--"):
        for at in range(1, len(word)):  # `-qrFILE`, `-qr FILE`
            if f"-{word[at]}" in valued:
                flags = {f"-{sign}" for sign in word[1 : at + 1]}
                inside = word[at + 1 :]
                return flags, inside or (after[0] if after else None), 1 if inside else _TWO
    return {word}, None, 1
