"""What the module system makes of several definitions of one option: by its type, one value, or all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.catalogue.types import Anything, Boolean, Either, Enum, Integer, Null, Number, Package, PathType, Text
from devkeel.source.nix.read.literal import Expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.catalogue.types import OptionType
    from devkeel.source.nix.read.literal import Value

__all__ = ["conflict", "takes_one_package"]

_MERGING = "strings concatenated"
# nixpkgs, lib/types.nix, `anything`, and pkgs/pkgs-lib/formats.nix: of these, scalars that differ are in conflict.
_SCALARS = re.compile(r"anything|(?:JSON|TOML|YAML(?: 1\.\d)?) value")


def conflict(type_: OptionType, one: Value, other: Value) -> bool:
    """Return whether the module system certainly refuses two definitions of a type beside each other."""
    if isinstance(one, Expression) or isinstance(other, Expression):
        return False
    if isinstance(type_, Either):
        return _conflict_of_either(type_.choices, one, other)
    if isinstance(type_, Anything):
        scalars = all(isinstance(value, (bool, int, float, str)) for value in (one, other))
        return scalars and _SCALARS.fullmatch(type_.phrase) is not None and not _equal(one, other)
    once = isinstance(type_, (Boolean, Enum, Integer, Number, PathType, Text)) and not type_.phrase.startswith(_MERGING)
    return once and type_.accepts(one) is True and type_.accepts(other) is True and not _equal(one, other)


def takes_one_package(type_: OptionType) -> bool:
    """Return whether a type refuses two packages beside each other, also where they are the same one."""
    # nixpkgs, lib/types.nix: `package` merges by `mergeOneOption`; `nullOr` refuses null beside anything else.
    choices = type_.choices if isinstance(type_, Either) else (type_,)
    return any(isinstance(choice, Package) for choice in choices) and all(
        isinstance(choice, (Null, Package)) for choice in choices
    )


def _conflict_of_either(choices: Sequence[OptionType], one: Value, other: Value) -> bool:
    """Return what `either` and `nullOr` do: merge as the first type that takes both, else refuse."""
    for choice in choices:
        verdicts = choice.accepts(one), choice.accepts(other)
        if verdicts == (True, True):
            return not isinstance(choice, Null) and conflict(choice, one, other)
        if None in verdicts:
            return False
    taken = [any(choice.accepts(value) for choice in choices) for value in (one, other)]
    return all(taken)  # each is of a type of its own


def _equal(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other
