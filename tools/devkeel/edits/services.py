"""Edits that switch a service or a language on or off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

from msgspec.structs import replace
from pydantic import Field, JsonValue, model_validator

from devkeel import catalogue
from devkeel.deferred import Deferred
from devkeel.edits.base import Edit
from devkeel.edits.draft import Draft
from devkeel.edits.effects import occasions
from devkeel.edits.files import AppliedEdit
from devkeel.edits.suggestion import NewPath, NewValue
from devkeel.errors import Refused, UsageError
from devkeel.project.root import DECLARATION
from devkeel.source import nix
from devkeel.source.path import format_path, parse_path
from devkeel.text.actions import argument, do

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.edits.declared import Module
    from devkeel.edits.files import Files
    from devkeel.edits.suggestion import Suggestion
    from devkeel.libraries import python_version
    from devkeel.source import Edited
    from devkeel.source.path import AttrPath
else:
    python_version = Deferred("devkeel.libraries.python_version")

__all__ = ["KINDS", "Disable", "Enable"]

_PYTHON = ("python", "languages.python")


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
        """Set `enable`, then the settings beside it; without a devenv.nix the version of Python in other files."""
        if self.names_manifests and not files.create and files.read(DECLARATION) is None:
            manifest = next((name for name in files.manifests if files.read(name) is not None), None)
            if manifest is not None:
                return self._python(files, manifest)
        draft, path = Draft(self, files), catalogue.enable_path(self.name)
        text = format_path(path)
        if not draft.named:
            for key, value in ((path, True), *self._values(path[:-1])):
                draft.declared.require_not_prevailed(key, value)
        switches = [] if draft.named else [module for module in draft.declared.modules if module.at(path)]
        homes = [module.name for module in switches] if any(module.always for module in switches) else []
        for home in homes or [draft.home(path)]:
            draft.make(home, lambda document: nix.set(document, text, True))
        for key, value in self._values(path[:-1]):
            home = draft.home(key)
            draft.make(home, partial(_set, path=key, value=value))
        return draft.applied(path)

    @property
    def names_manifests(self) -> bool:
        """Whether it is the version of Python alone, which other files than devenv.nix say too."""
        plain = self.name.removesuffix(".enable") in _PYTHON and "file" not in self.model_fields_set
        return plain and {*self.settings} - {"enable"} == {"version"} and isinstance(self.settings["version"], str)

    def _python(self, files: Files, manifest: str) -> AppliedEdit:
        candidate, version = files.candidate, str(self.settings["version"])
        plan = python_version.asks_for_python(version, files.read, manifest)
        notes = plan.notes if plan.files else [*plan.notes, f"Python {version} is what the project asks for already."]
        return AppliedEdit(candidate.read_all(plan.files), plan.files, tuple(notes), plan.manifest)

    def already(self) -> str:
        """Say that it is enabled."""
        return f"{self.name}: it is already enabled with these settings."

    def effects(self, applied: AppliedEdit) -> Iterable[str]:  # noqa: ARG002  (its settings say it)
        """Return when a setting runs."""
        group = catalogue.enable_path(self.name)[:-1]
        return [when for path, value in self._values(group) for when in occasions(path, value)]

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct the name, the name of a setting, or its value."""
        group = self._group()
        if isinstance(suggestion, NewValue) and "value" in suggestion.given and not suggestion.keeping:
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
        draft, path = Draft(self, files), catalogue.enable_path(self.name)
        text = format_path(path)
        known = [module for module in draft.declared.modules if module.at(path)]
        on = [module for module in known if any(module.document.value(item) is not False for item in module.at(path))]
        chosen = [module for module in on if not draft.named or module.name == draft.main.name]
        if on and not chosen:
            raise _on_elsewhere(path, on[0], draft.main.name)
        profiles = [item for item in draft.declared.in_profiles(path) if item.value is not False]
        for item in draft.declared.chosen(path) if not draft.named else ():
            if item in profiles:
                raise item.standing_over(path, f"Set {format_path(item.full or path)} to false with {do('set')}.")
        beside = draft.declared.told_of_profiles(path) if profiles else ""
        for module in chosen:
            draft.make(module.name, lambda document: nix.set(document, text, False))
        if not known and _on_by_default(path):
            draft.make(draft.main.name, lambda document: nix.set(document, text, False))
        elif not chosen:
            if not known:
                draft.declared.require_seen(path, only=draft.main.name if draft.named else None)
            draft.declared.look_behind(path)
            off = f"{text} is {'false' if known else 'not set'}{'' if profiles else ': it is off already'}."
            said = off if not files.looked.unread else f"{text} is set to true nowhere that was read."
            return draft.applied(path, [files.looked.says(said + beside)])
        applied = draft.applied(path)
        return replace(applied, notes=(*applied.notes, beside.strip())) if beside else applied

    def already(self) -> str:
        """Say that it is off."""
        return f"{self.name}: it is already disabled."


def _set(document: nix.Document, path: AttrPath, value: nix.Value) -> Edited:
    return nix.set(document, format_path(path), value)


def _on_elsewhere(path: AttrPath, module: Module, named: str) -> Refused:
    item = module.at(path)[0]
    return Refused(
        "defined_elsewhere",
        f"{format_path(path)} is not in {named}, but in {module.line(item)}, and would stay on.",
        place=module.place(item),
        seen=module.document.source(item)[:120],
        remedy=f"Repeat the edit with {argument('file', module.name)}.",
    )


def _on_by_default(path: AttrPath) -> bool:
    option = catalogue.find_option(path)
    return option is not None and option.default == "true"


KINDS = (Enable, Disable)
