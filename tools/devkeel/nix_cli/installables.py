"""What a call of Nix is about: an attribute of the project's flake, of another one, or of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel.source.path import format_path, parse_path
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from devkeel.source.path import AttrPath

__all__ = ["Installable"]

_OWN = ("", ".")
_EXAMPLE = "Name an attribute of the project's flake, such as #hello or #packages.x86_64-linux.hello."


class Installable(Struct, frozen=True):
    """One thing to build or evaluate.

    flake: `.` for the project's own, else a reference to another one; None with a file. file: relative to the root.
    attribute: names, none for the default.
    """

    flake: str | None
    file: str | None
    attribute: AttrPath

    @classmethod
    def parse(cls, target: str, file: str | None = None) -> Installable:
        """Read what a caller names: `#hello`, `.#hello`, `REFERENCE#hello`; with a file the attribute alone.

        Raises UsageError `bad_installable`.
        """
        reference, mark, attribute = target.partition("#")
        if file is not None:
            if mark and reference not in _OWN:
                raise _bad(target, "A file has attributes, and no flake beside it.")
            given = attribute if mark else target
            return cls(None, file, () if given in _OWN else _names(target, given))
        if not mark and reference not in _OWN:
            # `nix build hello` means the flake of that name in a registry, which pins nothing (nix, src/nix/flake.md).
            why = "What stands before # is a flake, and there is no #."
            if target.endswith(".nix"):
                raise _bad(target, why, remedy=f"Name the file by {argument('file')}.")
            raise _bad(target, why, *() if "/" in target else (f"#{target}",))
        return cls("." if reference in _OWN else reference, None, _names(target, attribute))

    @property
    def own(self) -> bool:
        """Whether it is the project's."""
        return self.flake in (None, ".")

    @property
    def text(self) -> str:
        """How a caller writes it."""
        path = format_path(self.attribute)
        if self.file is not None:
            return f"{self.file} {path}".rstrip()
        return f"{'' if self.flake == '.' else self.flake}#{path}" if path else f"{self.flake}"

    @property
    def word(self) -> str:
        """The argument for Nix, which takes percent signs in the part behind # for escapes."""
        return f"{self.flake}#{quote(format_path(self.attribute), safe='')}"


def _names(target: str, text: str) -> AttrPath:
    if not text:
        return ()
    try:
        return parse_path(text)
    except UsageError as error:
        raise _bad(target, "This is no attribute path.", *error.alternatives) from error


def _bad(target: str, why: str, *alternatives: str, remedy: str = _EXAMPLE) -> UsageError:
    return UsageError("bad_installable", why, seen=target[:200], remedy=remedy, alternatives=alternatives)
