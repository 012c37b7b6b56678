"""A development shell as a file makes it: its name, what it is made of, and where that is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.part import DocumentPart
    from devkeel.source.nix.read.shell_makers import Kind
    from devkeel.source.path import AttrPath

__all__ = ["Shell"]


class Shell(Struct, frozen=True):
    """A development shell.

    name: `default` and the like. output: the attribute that has it, `devShells`, `devShell`, `devenv.shells`. place:
    what stands for the shell. kind: what takes its packages. part: the expression with its lists, None where that is
    not known; prefix: the path at which they stand in it. systems: those that its path names. conditions: those that it
    stands under; optional: those without which there is no such shell at all. why, code: why it cannot be edited.
    maker: the source of what its function is taken from. modules: each module of a shell of devenv's, as a shell of its
    own. shared: other calls in the file make something of the same expression. filled: callPackage gives its file what
    the arguments name. nixpkgs: its function is one of nixpkgs, which stands beside the packages.
    """

    name: str
    output: str
    document: Document
    place: Node
    kind: Kind | None = None
    part: DocumentPart | None = None
    prefix: AttrPath = ()
    systems: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    why: str | None = None
    code: str = "opaque_value"
    maker: str = ""
    modules: tuple[Shell, ...] = ()
    shared: bool = False
    filled: bool = False
    nixpkgs: bool = False

    @property
    def editable(self) -> bool:
        """Whether its packages can be seen, and are there whatever holds."""
        return self.part is not None and self.why is None and not self.conditions and not self.shared

    @property
    def line(self) -> int:
        """The line that it begins on."""
        return self.place.start_point[0] + 1

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.document.name}:{self.line}"

    @property
    def spelled(self) -> str:
        """The attribute, as a caller may name it."""
        system = self.systems[:1] if len(self.systems) == 1 else ()
        return ".".join((self.output, *system, *([self.name] if self.name and self.output != "devShell" else [])))

    @property
    def body(self) -> tuple[str, int, AttrPath]:
        """What it is made of: shells with the same are one."""
        at = self.part.at if self.part is not None and self.part.at is not None else self.place
        return (self.document.name, at.start_byte, self.prefix)
