"""Edits that switch a service or a language on or off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import Field, JsonValue, model_validator

from devkeel import catalogue
from devkeel.edits.base import Edit
from devkeel.edits.effects import occasions
from devkeel.edits.suggestion import NewPath, NewValue
from devkeel.errors import UsageError
from devkeel.source import Edited, nix
from devkeel.source.path import format_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.candidate.looked import Looked
    from devkeel.edits.files import AppliedEdit, Files
    from devkeel.edits.suggestion import Suggestion
    from devkeel.source.path import AttrPath

__all__ = ["KINDS", "Disable", "Enable"]


class Enable(Edit):
    """Enable a service or a language: `redis`, `services.redis`, `languages.python`, with settings below it."""

    kind: Literal["enable"] = "enable"
    name: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _enables(self) -> Enable:
        if self.settings.get("enable", True) is not True:
            raise ValueError("what is enabled cannot have the setting enable = false; disable it instead")
        return self

    def apply(self, files: Files) -> AppliedEdit:
        """Set `enable`, then the settings beside it."""
        file = self.open(files)
        path = catalogue.enable_path(self.name)
        values = [(path, cast("nix.Value", True)), *self._values(path[:-1])]
        return file.becomes(nix.sequence(file.nix(), [(format_path(key), value) for key, value in values]))

    def already(self, looked: Looked) -> str:
        """Say that it is enabled."""
        return f"{self.name}: it is already enabled with these settings. Looked at: {looked}."

    def effects(self, applied: AppliedEdit) -> Iterable[str]:  # noqa: ARG002  (its settings say it)
        """Return when a setting runs."""
        group = catalogue.enable_path(self.name)[:-1]
        return [when for path, value in self._values(group) for when in occasions(path, value)]

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct the name, the name of a setting, or its value."""
        group = self._group()
        if isinstance(suggestion, NewValue) and "value" in suggestion.given:
            names = [key for key in self.settings if (*group, *parse_path(key)) == suggestion.path]
            value = suggestion.given["value"]
            return self.given(settings={**self.settings, names[0]: value}) if names else None
        if not isinstance(suggestion, NewPath):
            return None
        moved = suggestion.moved(group)
        if moved is not None:
            return self.given(name=format_path(moved))
        size = len(group)
        paths = {key: suggestion.moved((*group, *parse_path(key))) for key in self.settings}
        if suggestion.new[:size] != group or not any(paths.values()):
            return None
        names_ = {key: format_path(path[size:]) if path else key for key, path in paths.items()}
        return self.given(settings={names_[key]: value for key, value in self.settings.items()})

    def _values(self, group: AttrPath) -> list[tuple[AttrPath, nix.Value]]:
        # JSON is data to the printer as it is; the two unions differ by Expression alone.
        return [((*group, *parse_path(key)), cast("nix.Value", value)) for key, value in self.settings.items()]

    def _group(self) -> AttrPath:
        """Return the path below which the settings are put, () where the name is not known."""
        try:
            return catalogue.enable_path(self.name)[:-1]
        except UsageError:
            return ()


class Disable(Edit):
    """Disable a service or a language and keep its settings."""

    kind: Literal["disable"] = "disable"
    name: str

    def apply(self, files: Files) -> AppliedEdit:
        """Set `enable` to false, where anything sets it."""
        file = self.open(files)
        document, path = file.nix(), catalogue.enable_path(self.name)
        try:
            document.get(path)
        except KeyError:
            note = f"{format_path(path)} is not set: it is off already."
            return file.becomes(Edited(document.data, notes=(note,)))
        return file.becomes(nix.set(document, format_path(path), False))

    def already(self, looked: Looked) -> str:
        """Say that it is off."""
        return f"{self.name}: it is already disabled. Looked at: {looked}."


KINDS = (Enable, Disable)
