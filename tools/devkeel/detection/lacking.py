"""What a declaration lacks of a proposal: what it defines in whatever way, a proposal leaves as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.catalogue.inputs import needed_inputs
from devkeel.detection.choice import Disagreement, Reason
from devkeel.detection.versions import agree
from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS
from devkeel.project.survey import survey
from devkeel.source import yaml
from devkeel.source.path import format_path, parse_path
from devkeel.text import secrets
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devkeel.detection.proposal import ProposedEdit
    from devkeel.project.survey import DefinitionView

__all__ = ["Lacking", "lacking"]

# Options that say a version, each of which rules the others out or is its own choice of one.
_OF_VERSION = ("version", "package", "channel", "toolchainFile", "jdk.package")
# Where a declaration that says something else than the files is worth a word.
_COMPARED = ("languages.", "services.")
_MANAGER = re.compile(r"languages\.javascript\.(?:npm|pnpm|yarn|bun)\.enable")
_WORD = re.compile(r"[A-Za-z_][\w'-]*")
_LONGEST = 80


class Lacking(Struct):
    """What a declaration lacks. disagreements: what it says otherwise; there: whether it has any of the rest."""

    edits: list[ProposedEdit] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    there: bool = False


def lacking(edits: Iterable[ProposedEdit], files: Mapping[str, bytes]) -> Lacking:
    """Return the edits, or the parts of them, about what the files of a declaration do not define."""
    found = survey(files, None)
    defined = {item.path: item for item in found.definitions}
    packages = {name.removeprefix("pkgs.") for name in found.packages}
    inputs, lacked = _inputs(files), Lacking()
    for item in edits:
        edit, before = item.edit, (len(lacked.edits), len(lacked.disagreements))
        if edit["kind"] == "enable":
            _enabling(item, defined, lacked)
        elif edit["kind"] == "set":
            _setting(item, edit["path"], defined, lacked)
        elif edit["kind"] == "add_packages":
            lacked.edits += [item] if packages.isdisjoint(edit["names"]) else []
        elif edit["name"] not in inputs and any(_needs(each.edit, edit["name"]) for each in lacked.edits):
            lacked.edits.append(item)
        elif edit["name"] not in inputs:
            continue  # what would need it is left as it is
        lacked.there |= (len(lacked.edits), len(lacked.disagreements)) == before
    return lacked


def _enabling(item: ProposedEdit, defined: Mapping[str, DefinitionView], lacked: Lacking) -> None:
    """Take what of a language or service is not defined; `enable = false` is its person's choice for all of it."""
    edit, group = item.edit, item.edit["name"]
    enable = defined.get(f"{group}.enable")
    if not _covered(f"{group}.enable", defined):
        lacked.edits.append(item)
        return
    if enable is not None and enable.value is False:
        lacked.disagreements.append(_disagreement(item, enable, "it is off"))
        return
    for key, value in edit.get("settings", {}).items():
        path = format_path((*parse_path(group), *parse_path(key)))
        _setting(replace(item, edit={"kind": "set", "path": path, "value": value}), path, defined, lacked)


def _setting(item: ProposedEdit, path: str, defined: Mapping[str, DefinitionView], lacked: Lacking) -> None:
    off = next((view for name, view in defined.items() if _is_off(name, view) and path.startswith(name[:-6])), None)
    if off is not None:
        return
    manager = _MANAGER.fullmatch(path)
    if manager is not None and any(
        name != path and _MANAGER.fullmatch(name) and view.value is True for name, view in defined.items()
    ):
        return  # what installs is chosen
    rivals = _rivals(path, defined)
    if not rivals and not _covered(path, defined):
        lacked.edits.append(item)
    elif path.startswith(_COMPARED):
        lacked.disagreements += [
            _disagreement(item, view, "it says so") for view in rivals[:1] if _differs(view, item.edit)
        ]


def _is_off(name: str, view: DefinitionView) -> bool:
    return name.startswith(_COMPARED) and name.endswith(".enable") and name.count(".") == 2 and view.value is False  # noqa: PLR2004


def _rivals(path: str, defined: Mapping[str, DefinitionView]) -> list[DefinitionView]:
    """Return what defines a path, or says the version that it would say in another way."""
    group, _, _ = path.partition(".")
    for option in _OF_VERSION:
        if group in ("languages", "services") and path.endswith(f".{option}"):
            above = path.removesuffix(f".{option}")
            if above.count(".") == 1:
                names = [path, *(f"{above}.{other}" for other in _OF_VERSION)]
                return [defined[name] for name in names if name in defined]
    return [defined[path]] if path in defined else []


def _differs(view: DefinitionView, edit: Mapping[str, Any]) -> bool:
    """Return whether a definition says something else; False where that cannot be seen."""
    written = view.source or ""
    if "expression" in edit:
        _, of_packages, wanted = edit["expression"].rpartition("pkgs.")
        if not of_packages:
            return False  # a file, which a declaration may name in many ways
        return view.source is not None and bool(_WORD.search(written)) and wanted not in _WORD.findall(written)
    value = edit["value"]
    if isinstance(value, str) and isinstance(view.value, str) and edit["path"].endswith(".version"):
        return not agree(value, view.value)
    return view.value is not None and not isinstance(view.value, (list, dict)) and view.value != value


def _disagreement(item: ProposedEdit, view: DefinitionView, why: str) -> Disagreement:
    said = view.source if view.source is not None else "" if view.value is None else str(view.value).lower()
    shown = secrets.mask(one_line(said))[:_LONGEST]
    place = Reason(view.file, view.line, "certain", shown, f"{why}, and stays as it is")
    return Disagreement(view.path, shown, place, item.reasons)


def _needs(edit: Mapping[str, Any], name: str) -> bool:
    """Return whether an edit needs an input of that name."""
    group = edit.get("name") or edit.get("path") or ""
    values = edit.get("settings") or {"": edit.get("value")}
    for key, value in values.items():
        path = (*parse_path(group), *(parse_path(key) if key else ()))
        if any(item.name == name for item in needed_inputs(path, value)):
            return True
        if format_path(path).endswith((".version", ".channel", ".toolchainFile")):
            return True  # an overlay that one version needs
    return False


def _covered(path: str, defined: Iterable[str]) -> bool:
    """Return whether a path is defined, or something above or below it is."""
    return any(known == path or known.startswith(f"{path}.") or path.startswith(f"{known}.") for known in defined)


def _inputs(files: Mapping[str, bytes]) -> frozenset[str]:
    try:
        found = yaml.get(files.get(INPUTS, b""), ("inputs",))
    except (KeyError, DevkeelError):
        return frozenset()
    return frozenset(found) if isinstance(found, dict) else frozenset()
