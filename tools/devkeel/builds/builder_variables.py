"""Whether a builder has the variables without which its programs write the time, or an order of chance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.nix_cli.derivation_file import DerivationFile

__all__ = ["Needs", "needs_of"]

_DATE, _SEED = "SOURCE_DATE_EPOCH", "PYTHONHASHSEED"
# A word where a shell takes a program: at the beginning, behind an operator, or as the last part of a path.
_CALLED = r"(?:^|[\n;&|(`!{{]|\bexec |\benv |\bthen |\bdo |\belse |/bin/)\s*(?:{})(?=[\s;)]|$)"
_PYTHON = re.compile(_CALLED.format(r"python[\d.]*|pip[\d.]*"))
_ARCHIVER = re.compile(_CALLED.format(r"tar|bsdtar|zip|jar|cpio|ar|mksquashfs|genisoimage|xorriso|gzip"))
_ASSIGNED = r"\b{}=|export {}\b"


class Needs(Struct, frozen=True):
    """What a builder needs. by: programs that its script calls. lacks: variables that are not set for them.

    stdenv: whether nixpkgs' setup sets them, which is not looked into.
    """

    by: tuple[str, ...]
    lacks: tuple[str, ...]
    stdenv: bool = False


def needs_of(derivation: DerivationFile) -> Needs:
    """Return what the script of a builder calls and lacks, as far as its arguments and variables have its text."""
    given = derivation.given
    script = "\n".join((derivation.builder, *derivation.arguments, *given.values()))
    python, archiver = (pattern.search(script) for pattern in (_PYTHON, _ARCHIVER))
    by = tuple(_word(found) for found in (python, archiver) if found)
    wanted = [_DATE] if by else []
    wanted += [_SEED] if python else []
    lacks = (name for name in wanted if name not in given and not re.search(_ASSIGNED.format(name, name), script))
    return Needs(by, tuple(lacks), "stdenv" in given)


def _word(found: re.Match[str]) -> str:
    return re.split(r"[\s;&|(`!{/]+", found[0].strip())[-1]
