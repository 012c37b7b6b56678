"""What a project is like where a run failed: what proposals look at, read once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.project.declaration import read_declaration
from devkeel.project.root import DECLARATION
from devkeel.project.survey import DefinitionView, Survey, survey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.context import Context

__all__ = ["Situation"]


class Situation(Struct, frozen=True, dict=True):
    """The project of a failure. text: all that the failed run printed, as it was read."""

    context: Context
    text: str

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The files of the declaration; none where they cannot be read."""
        try:
            return read_declaration(self.context.source)
        except DevkeelError:
            return {}

    @property
    def backend(self) -> str:
        """Which backend the project has."""
        return self.context.selection.name

    @property
    def has_devenv(self) -> bool:
        """Whether a devenv.nix declares the environment."""
        return DECLARATION in self.files

    @property
    def has_nix(self) -> bool:
        """Whether the environment is made by Nix, of a devenv.nix or of a flake."""
        return self.has_devenv or (self.backend == "flake" and "flake.nix" in self.files)

    @cached_property
    def declared(self) -> Survey:
        """What the Nix files of the declaration say."""
        return survey(self.files, None)

    @cached_property
    def packages(self) -> frozenset[str]:
        """The attributes of the packages that are declared, without `pkgs.`."""
        return frozenset(name.removeprefix("pkgs.") for name in self.declared.packages)

    def is_enabled(self, name: str) -> bool:
        """Return whether `languages.python`, `services.redis` and the like are enabled, as literally as files say."""
        return name in self.declared.enabled

    def definition(self, path: str) -> DefinitionView | None:
        """Return the definition of an option, the first that there is."""
        return next((item for item in self.declared.definitions if item.path == path), None)

    @cached_property
    def _read(self) -> dict[str, bytes | None]:
        return {}

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file of the project, None where there is none that may be read."""
        if name not in self._read:
            try:
                self._read[name] = self.context.source.read(name)
            except DevkeelError:
                self._read[name] = None
        return self._read[name]
