"""What packages a caller names: of the project's flake, of a file of it, or of the nixpkgs that a lock pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import PolicyRefused, ProjectError, UsageError
from devkeel.nix_cli.flake_pins import FLAKE_LOCK
from devkeel.nix_cli.installables import Installable
from devkeel.nix_cli.pinned_packages import NIXPKGS, pins_nixpkgs
from devkeel.project.root import LOCK
from devkeel.source.path import AttrPath, parse_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.context import Context

__all__ = ["PackageNames", "lock_of_nixpkgs"]

_MOST = 100
_EXAMPLE = "Name packages such as jq (of the nixpkgs that a lock pins) or #hello (of flake.nix)."


class PackageNames(Struct, frozen=True):
    """Packages by the way in which they are evaluated, each with its place in the order of the caller.

    pinned: attributes of nixpkgs. own: of the project's flake, or of a file.
    """

    texts: tuple[str, ...]
    pinned: dict[int, AttrPath]
    own: dict[int, Installable]

    @classmethod
    def parse(cls, names: Sequence[str], file: str | None) -> PackageNames:
        """Read what a caller names: `jq` and `nixpkgs#jq` of nixpkgs, `#hello` of the flake; `app` of a file.

        Raises UsageError `bad_installable`, PolicyRefused `reference_refused`.
        """
        if not 0 < len(names) <= _MOST:
            raise UsageError(
                "bad_installable", f"Between 1 and {_MOST} packages are named.", seen=str(len(names)), remedy=_EXAMPLE
            )
        pinned, own = dict[int, AttrPath](), dict[int, Installable]()
        for place, text in enumerate(names):
            before, mark, attribute = text.partition("#")
            if not mark and file is not None:
                own[place] = Installable.parse(text, file)
            elif not mark or before == NIXPKGS:
                pinned[place] = _attribute(text, attribute if mark else text)
            else:
                own[place] = _of_flake(text)
        return cls(tuple(names), pinned, own)


def _attribute(text: str, attribute: str) -> AttrPath:
    try:
        return parse_path(attribute)
    except UsageError as error:
        raise UsageError(
            "bad_installable",
            "This is no attribute path.",
            seen=text[:200],
            remedy=_EXAMPLE,
            alternatives=error.alternatives,
        ) from error


def _of_flake(text: str) -> Installable:
    found = Installable.parse(text)
    if not found.own:
        raise PolicyRefused(
            "reference_refused",
            "It is another flake than the project's own, and nothing of the project pins it here.",
            seen=text[:200],
            remedy="Make it an input of the project's flake, lock it, and name what that flake has of it, as #name.",
        )
    return found


def lock_of_nixpkgs(context: Context, names: PackageNames) -> tuple[str, bytes]:
    """Return the lock of the project that pins nixpkgs: its name and content.

    Raises ProjectError `no_nixpkgs` where none does.
    """
    # Of both locks the one of the declaration, as the backends have it.
    for name in (FLAKE_LOCK, LOCK) if context.selection.name == "flake" else (LOCK, FLAKE_LOCK):
        data = context.project.read(name)
        if data is not None and pins_nixpkgs(data):
            return name, data
    first = names.texts[min(names.pinned)]
    raise ProjectError(
        "no_nixpkgs",
        f"No lock of the project pins nixpkgs, so {first} has no one meaning; registries are not asked.",
        seen=first,
        remedy=f"Name nixpkgs as an input and pin it with {do('lock')}; or name an attribute of the project's "
        "flake (#name) or of a file.",
    )
