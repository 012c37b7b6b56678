"""A change: edits applied in memory, one after the other. Bytes in, bytes out; nothing is checked or written."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, cast

from devkeel import edits
from devkeel.catalogue.options import enable_path, is_text
from devkeel.errors import Place, ProjectError, Refused
from devkeel.source import Edited, Splice, apply, nix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

    from devkeel.candidate import Candidate
    from devkeel.edits import Edit
    from devkeel.project import Project

__all__ = ["apply_edits"]

# Options whose text a shell runs when somebody enters the environment or starts something in it.
_RUNS = frozenset({"enterShell", "enterTest", "tasks", "processes", "scripts", "git-hooks"})


def apply_edits(project: Project, items: Iterable[Edit], candidate: Candidate) -> None:
    """Apply edits to a candidate, reading files from the project as they are needed.

    Raises UsageError, ProjectError or Refused for the first edit that cannot be made.
    """
    for item in items:
        name = project.resolve(item.file)
        if not project.is_environment_file(name):
            raise ProjectError(
                "not_an_environment_file",
                f"{name} is not one of the environment files.",
                place=Place(name),
                remedy="Edit a Nix file of the project, devenv.yaml, .envrc or .gitignore.",
            )
        if name not in candidate.after:
            data = project.read(name)
            if data is None:
                raise ProjectError(
                    "missing_file",
                    f"There is no {name} in {project.root}.",
                    place=Place(name),
                    remedy="Create a minimal environment with `devkeel init`, or repeat the call with create=true.",
                )
            candidate.before[name] = candidate.after[name] = data
        edited = _apply(item, name, candidate.after[name])
        if edited.changed:
            candidate.runs_on_enter |= _runs_on_enter(item)
        if isinstance(item, edits.ReplaceText) and item.partial:
            candidate.repairs.add(name)
        candidate.after[name] = edited.data
        candidate.notes += edited.notes


def _apply(item: Edit, name: str, data: bytes) -> Edited:
    if isinstance(item, edits.ReplaceText):
        return _replace_text(item, name, data)
    if name.endswith((".yaml", ".yml")) and isinstance(item, (edits.SetOption, edits.UnsetOption, edits.Append)):
        return _edit_yaml(item, name, data)
    if not name.endswith(".nix"):
        raise Refused(
            "not_nix",
            f"{name} is not a Nix file; a {item.kind} edit has no meaning there.",
            place=Place(name),
            remedy="Use patch_file for this file.",
        )
    return _edit_nix(item, nix.Document(data, name))


def _edit_yaml(item: edits.SetOption | edits.UnsetOption | edits.Append, name: str, data: bytes) -> Edited:
    from devkeel.source import yaml  # noqa: PLC0415  (a Nix edit does not need it)

    document = yaml.Document(data, name)
    if isinstance(item, edits.UnsetOption):
        return yaml.unset(document, item.path)
    if item.expression is not None:
        raise Refused(
            "not_nix",
            f"{name} is not a Nix file, so that no Nix expression can stand in it.",
            place=Place(name),
            seen=item.expression[:200],
            remedy="Give a value instead of an expression.",
        )
    if isinstance(item, edits.Append):
        return yaml.append(document, item.path, item.value)
    return yaml.set(document, item.path, item.value)


@singledispatch
def _edit_nix(item: Edit, document: nix.Document) -> Edited:
    raise AssertionError((item, document))


@_edit_nix.register
def _(item: edits.AddPackages, document: nix.Document) -> Edited:
    return nix.add_packages(document, *item.names)


@_edit_nix.register
def _(item: edits.RemovePackages, document: nix.Document) -> Edited:
    return nix.remove_packages(document, *item.names)


@_edit_nix.register
def _(item: edits.SetOption, document: nix.Document) -> Edited:
    return nix.set(document, item.path, _value(item))


@_edit_nix.register
def _(item: edits.UnsetOption, document: nix.Document) -> Edited:
    return nix.unset(document, item.path)


@_edit_nix.register
def _(item: edits.Append, document: nix.Document) -> Edited:
    value = _value(item)
    if isinstance(value, str) and is_text(nix.parse_path(item.path)):
        return nix.append_line(document, item.path, value)
    return nix.append(document, item.path, value)


@_edit_nix.register
def _(item: edits.RemoveValues, document: nix.Document) -> Edited:
    return nix.remove(document, item.path, _value(item))


@_edit_nix.register
def _(item: edits.Enable, document: nix.Document) -> Edited:
    path = enable_path(item.name)
    steps: list[tuple[nix.AttrPath, nix.Value]] = [(path, True)]
    steps += [((*path[:-1], *nix.parse_path(key)), _data(value)) for key, value in item.settings.items()]
    return nix.sequence(document, [(nix.format_path(key), value) for key, value in steps])


@_edit_nix.register
def _(item: edits.Disable, document: nix.Document) -> Edited:
    path = nix.format_path(enable_path(item.name))
    try:
        document.get(nix.parse_path(path))
    except KeyError:
        return Edited(document.data, notes=(f"{path} is not set: it is off already.",))
    return nix.set(document, path, False)


def _value(item: edits.SetOption | edits.Append | edits.RemoveValues) -> nix.Value:
    return nix.Expression(item.expression) if item.expression is not None else _data(item.value)


def _data(value: JsonValue) -> nix.Value:
    # JSON is data to the printer as it is; the two unions differ by Expression alone.
    return cast("nix.Value", value)


def _replace_text(item: edits.ReplaceText, name: str, data: bytes) -> Edited:
    old, new = (text.encode("utf-8", "surrogatepass") for text in (item.old, item.new))
    found, start = list[int](), data.find(old)
    while start >= 0:
        found.append(start)
        start = data.find(old, start + len(old))
    if len(found) != item.occurrences:
        raise Refused(
            "text_not_found" if not found else "text_not_unique",
            f"The text occurs {len(found)} times in {name}, not {item.occurrences}.",
            place=Place(name),
            seen=item.old[:200],
            remedy="Read the file again and give the exact text, white space included, with enough around it.",
        )
    return apply(data, [Splice(at, at + len(old), new) for at in found])


def _runs_on_enter(item: Edit) -> bool:
    """Tell whether an edit adds text that a shell runs, or an expression, at the next entry."""
    if isinstance(item, edits.ReplaceText):
        return True
    if isinstance(item, (edits.SetOption, edits.Append)):
        return item.expression is not None or nix.parse_path(item.path)[0] in _RUNS
    return False
