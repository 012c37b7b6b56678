"""A change: edits applied in memory, one after the other. Bytes in, bytes out; nothing is checked or written."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, cast

from devkeel.catalogue.options import enable_path, is_text
from devkeel.edits import vocabulary
from devkeel.edits.effects import added_by_text, is_shell_text, occasions
from devkeel.edits.exact_text import replace_text
from devkeel.errors import Place, ProjectError, Refused
from devkeel.source import Edited, compose, nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic import JsonValue

    from devkeel.candidate.candidate import Candidate
    from devkeel.edits.vocabulary import Edit
    from devkeel.source import yaml

__all__ = ["apply_edits"]

_INSTALLED = "when the environment is next applied"
_MODULE = b"{ pkgs, lib, config, ... }:\n\n{\n}\n"


def apply_edits(
    items: Iterable[Edit],
    candidate: Candidate,
    *,
    create: bool = False,
    manifests: Callable[[], tuple[str, ...]] = tuple,
) -> None:
    """Apply edits to a candidate, one after the other.

    create: a Nix file that is missing begins as an empty module. manifests: where the project's backend has Python
    libraries named. Raises UsageError, ProjectError or Refused for
    the first edit that cannot be made.
    """
    for item in items:
        if isinstance(item, vocabulary.AddLibrary | vocabulary.RemoveLibrary):
            _edit_libraries(item, candidate, create=create, manifests=manifests())
            continue
        name = candidate.resolve(item.file)
        if not candidate.basis.is_environment_file(name):
            raise ProjectError(
                "not_an_environment_file",
                f"{name} is not one of the environment files.",
                place=Place(name),
                remedy="Edit a Nix file of the project, devenv.yaml, .envrc or .gitignore.",
            )
        before = _begun(name, candidate, create=create, inputs=isinstance(item, vocabulary.SetInput))
        edited = _apply(item, name, before)
        candidate.put(name, edited.data)
        candidate.notes += edited.notes or ([] if edited.changed else [_already(item)])
        if edited.changed:
            new = _runs(item, name, before, edited.data)
            candidate.runs += [when for when in dict.fromkeys(new) if when not in candidate.runs]
        if isinstance(item, vocabulary.ReplaceText) and item.partial:
            candidate.repairs.add(name)


def _edit_libraries(
    item: vocabulary.AddLibrary | vocabulary.RemoveLibrary,
    candidate: Candidate,
    *,
    create: bool,
    manifests: tuple[str, ...],
) -> None:
    """Add or remove libraries in the files that the language's plan names."""
    from devkeel import libraries  # noqa: PLC0415  (no other edit needs it)

    request = libraries.Request(
        item.language,
        tuple(item.names),
        item.group,
        candidate.resolve(item.file) if item.file else None,
        isinstance(item, vocabulary.RemoveLibrary),
        create,
        manifests,
    )
    plan = libraries.plan(request, candidate.read)
    for name, data in plan.files.items():
        candidate.put(name, data)
    candidate.notes += plan.notes
    if plan.files:
        candidate.manifests.append(candidate.resolve(plan.manifest))
        # An installer runs what the libraries bring: their build scripts, and their own code.
        candidate.runs += [when for when in (_INSTALLED,) if when not in candidate.runs]


def _begun(name: str, candidate: Candidate, *, create: bool, inputs: bool) -> bytes:
    """Return what an edit of a file begins with: the file, or a new module; an input may begin devenv.yaml."""
    data = candidate.read(name)
    if data is None and create and name.endswith(".nix"):
        return _MODULE
    if data is None and inputs:
        return b""
    if data is None:
        raise candidate.basis.missing(name)
    return data


def _already(item: Edit) -> str:
    """Return why an edit changed nothing, where its editor does not say it."""
    match item:
        case vocabulary.SetOption(path=told) | vocabulary.Append(path=told) | vocabulary.Prepend(path=told):
            why = "it is already so"
        case vocabulary.UnsetOption(path=told) | vocabulary.RemoveValues(path=told) | vocabulary.Rename(path=told):
            why = f"there is nothing to {item.kind}"
        case vocabulary.CommentOut(path=told) | vocabulary.Uncomment(path=told):
            why = f"there is nothing to {item.kind.replace('_', ' ')}"
        case vocabulary.Enable(name=told):
            why = "it is already enabled with these settings"
        case vocabulary.Disable(name=told):
            why = "it is already disabled"
        case vocabulary.SetInput(name=told):
            why = "the input is already so"
        case vocabulary.RemoveInput(name=told):
            why = "there is no such input"
        case vocabulary.ReplaceText(file=told):
            why = "the old and the new text are the same"
        case _:
            told, why = ", ".join(item.names), "the packages are already so"
    return f"{told}: {why}."


def _apply(item: Edit, name: str, data: bytes) -> Edited:
    if isinstance(item, vocabulary.ReplaceText):
        return replace_text(item, name, data)
    if name.endswith((".yaml", ".yml")):
        return _edit_yaml(item, name, data)
    if not name.endswith(".nix"):
        raise _not_nix(item, name)
    return _edit_nix(item, nix.Document(data, name))


def _edit_yaml(item: Edit, name: str, data: bytes) -> Edited:
    from devkeel.source import yaml  # noqa: PLC0415  (a Nix edit does not need it)

    document = yaml.Document(data, name)
    match item:
        case vocabulary.SetInput():
            return _set_input(document, item)
        case vocabulary.RemoveInput():
            return yaml.unset(document, ["inputs", item.name])
        case vocabulary.UnsetOption():
            return yaml.unset(document, item.path)
        case vocabulary.SetOption(expression=None):
            return yaml.set(document, item.path, item.value)
        case vocabulary.Append(expression=None):
            return yaml.append(document, item.path, item.value)
        case vocabulary.SetOption() | vocabulary.Append():
            raise Refused(
                "not_nix",
                f"{name} is not a Nix file, so that no Nix expression can stand in it.",
                place=Place(name),
                seen=(item.expression or "")[:200],
                remedy="Give a value instead of an expression.",
            )
    raise _not_nix(item, name)


def _not_nix(item: Edit, name: str) -> Refused:
    return Refused(
        "not_nix",
        f"{name} is not a Nix file; a {item.kind} edit has no meaning there.",
        place=Place(name),
        remedy=f"Use {do('patch')} for this file.",
    )


def _set_input(document: yaml.Document, item: vocabulary.SetInput) -> Edited:
    """Write an input whole where there is none of its name, else only what is asked for."""
    from devkeel.source import yaml  # noqa: PLC0415

    values: list[tuple[list[str], str]] = [(["url"], item.url)] if item.url is not None else []
    values += [(["inputs", name, "follows"], name) for name in item.follows]
    current, steps = document, list[Edited]()
    for path, value in values:
        steps.append(yaml.set(current, ["inputs", item.name, *path], value))
        current = yaml.Document(steps[-1].data, document.name)
    return compose(document.data, steps)


@singledispatch
def _edit_nix(item: Edit, document: nix.Document) -> Edited:
    raise AssertionError((item, document))


@_edit_nix.register
def _(item: vocabulary.AddPackages, document: nix.Document) -> Edited:
    return nix.add_packages(document, *item.names, inside=item.inside)


@_edit_nix.register
def _(item: vocabulary.RemovePackages, document: nix.Document) -> Edited:
    return nix.remove_packages(document, *item.names, inside=item.inside)


@_edit_nix.register
def _(item: vocabulary.SetOption, document: nix.Document) -> Edited:
    return nix.set(document, item.path, _value(item))


@_edit_nix.register
def _(item: vocabulary.UnsetOption, document: nix.Document) -> Edited:
    return nix.unset(document, item.path)


@_edit_nix.register
def _(item: vocabulary.Append, document: nix.Document) -> Edited:
    value = _value(item)
    path = nix.parse_path(item.path)
    if isinstance(value, str) and (is_text(path) or is_shell_text(path)):
        return nix.append_line(document, item.path, value)
    return nix.append(document, item.path, value)


@_edit_nix.register
def _(item: vocabulary.Prepend, document: nix.Document) -> Edited:
    return nix.prepend(document, item.path, _value(item))


@_edit_nix.register
def _(item: vocabulary.Rename, document: nix.Document) -> Edited:
    edited = nix.rename(document, item.path, item.to)
    if not edited.changed and not _is_defined(document, item.to):
        raise Refused(
            "not_found",
            f"Neither {item.path} nor {item.to} is defined in {document.name}.",
            place=Place(document.name),
            remedy="See what is defined with inspect_environment, then name it as it stands there.",
        )
    return edited


def _is_defined(document: nix.Document, path: str) -> bool:
    try:
        document.get(nix.parse_path(path))
    except KeyError:
        return False
    return True


@_edit_nix.register
def _(item: vocabulary.CommentOut, document: nix.Document) -> Edited:
    return nix.comment_out(document, item.path)


@_edit_nix.register
def _(item: vocabulary.Uncomment, document: nix.Document) -> Edited:
    return nix.uncomment(document, item.path)


@_edit_nix.register
def _(item: vocabulary.RemoveValues, document: nix.Document) -> Edited:
    return nix.remove(document, item.path, _value(item))


@_edit_nix.register
def _(item: vocabulary.Enable, document: nix.Document) -> Edited:
    path = enable_path(item.name)
    steps: list[tuple[nix.AttrPath, nix.Value]] = [(path, True)]
    steps += [((*path[:-1], *nix.parse_path(key)), _data(value)) for key, value in item.settings.items()]
    return nix.sequence(document, [(nix.format_path(key), value) for key, value in steps])


@_edit_nix.register
def _(item: vocabulary.Disable, document: nix.Document) -> Edited:
    path = nix.format_path(enable_path(item.name))
    try:
        document.get(nix.parse_path(path))
    except KeyError:
        return Edited(document.data, notes=(f"{path} is not set: it is off already.",))
    return nix.set(document, path, False)


def _value(item: vocabulary.SetOption | vocabulary.Append | vocabulary.Prepend | vocabulary.RemoveValues) -> nix.Value:
    return nix.Expression(item.expression) if item.expression is not None else _data(item.value)


def _data(value: JsonValue) -> nix.Value:
    # JSON is data to the printer as it is; the two unions differ by Expression alone.
    return cast("nix.Value", value)


def _runs(item: Edit, name: str, before: bytes, after: bytes) -> list[str]:
    """Return when something runs that an edit adds: shell text, or an expression."""
    match item:
        case vocabulary.SetOption() | vocabulary.Append() | vocabulary.Prepend() if name.endswith(".nix"):
            return [*occasions(nix.parse_path(item.path), _value(item))]
        case vocabulary.Enable():
            base = enable_path(item.name)[:-1]
            pairs = [((*base, *nix.parse_path(key)), _data(value)) for key, value in item.settings.items()]
            return [when for path, value in pairs for when in occasions(path, value)]
        case vocabulary.ReplaceText() | vocabulary.Rename() | vocabulary.Uncomment():
            return [*added_by_text(name, before, after)]
    return []
