"""A kit: what its manifest says, with the bytes of the files that this names.

A kit comes from anywhere, and is believed in nothing: `folder.py` reads it, `paths.py` judges where its files go,
`placeholders.py` how a value gets into them.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from devkeel.errors import Place, ProjectError, UsageError
from devkeel.project.roles import PermissionName  # noqa: TC001  (msgspec reads the type)
from devkeel.source.plain_data import require_data
from devkeel.templates.paths import why_not_there
from devkeel.templates.placeholders import count_in_data, names_in, names_in_data
from devkeel.templates.schema import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.templates.folder import KitFolder

__all__ = ["MANIFEST", "Kit", "KitFile", "KitManifest", "bad_kit", "read_kit"]

MANIFEST = "kit.toml"
_MOST_FILES, _MOST_BYTES, _MOST_EDITS = 200, 2 * 1024 * 1024, 200
# Each set of examples is tried, which takes some milliseconds for an edit.
_MOST_EXAMPLES, _MOST_TRIED = 20, 1000
# Placeholders in all edits: each may become a value of some kilobytes.
_MOST_PLACEHOLDERS = 500
# What a kit may ask for: it adds to a project, and takes nothing away.
ADDING = ("add_packages", "enable", "set", "append", "prepend", "set_input", "add_library")


class KitFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that a kit brings. path: where it goes, in the project. source: where it is, in the kit.

    when: parameters with the value, or the values, of one of which they are; without it a file comes always. group:
    what is of one group comes together or, where something of it is there already and says something else, not at all.
    """

    path: str
    source: str
    when: dict[str, Any] = field(default_factory=dict)
    group: str | None = None


class KitManifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a kit.toml says.

    parameters: a JSON Schema of an object. edits: of the vocabulary, each with `when` and `group` as a file has them,
    and with `unless`: options of which none is defined. permissions: what the result needs; they are named here, and
    held where what may be done is. examples: sets of parameters with which it is tried.
    """

    name: str
    version: str
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)
    files: tuple[KitFile, ...] = ()
    edits: tuple[dict[str, Any], ...] = ()
    permissions: tuple[PermissionName, ...] = ("read",)
    examples: tuple[dict[str, Any], ...] = ()

    @property
    def properties(self) -> dict[str, Any]:
        """The schemas of its parameters, by name."""
        found = self.parameters.get("properties", {})
        return found if isinstance(found, dict) else {}


class Kit(Struct, frozen=True):
    """A kit with all that its manifest names. where: what it was found as. sources: its files, by their name in it.

    revision: of what was fetched for it.
    """

    where: str
    manifest: KitManifest
    sources: Mapping[str, bytes]
    revision: str | None = None


def bad_kit(why: str, *, at: str | None = None, where: str = MANIFEST) -> ProjectError:
    """Return the error about a kit that is not sound. at: the part of the manifest. where: the file of the kit."""
    return ProjectError(
        "bad_template",
        f"The template is not sound{f' at {at}' if at else ''}: {why}.",
        place=Place(where),
        seen=at,
        remedy="Correct the template, or use another one.",
    )


def read_kit(folder: KitFolder, where: str, revision: str | None = None) -> Kit:
    """Return the kit of a directory. Raises ProjectError `bad_template` for the first thing that is not sound."""
    kit, wrong = examine_kit(folder, where, revision)
    if wrong:
        raise wrong[0]
    return kit


def examine_kit(folder: KitFolder, where: str, revision: str | None = None) -> tuple[Kit, list[ProjectError]]:
    """Return the kit of a directory, and all that is not sound in it. Raises ProjectError where it has no manifest."""
    manifest = _manifest(folder.read(MANIFEST))
    wrong = [bad_kit(why, at=at) for at, why in problems(manifest)]
    sources, size = dict[str, bytes](), 0
    for number, item in enumerate(manifest.files[:_MOST_FILES]):
        try:
            data = folder.read(item.source)
        except ProjectError as error:
            wrong.append(error)
            continue
        if data is None:
            wrong.append(bad_kit(f"it has no file {item.source}", at=f"files[{number}].source"))
            continue
        sources[item.source] = data
        size += len(data)
        if size > _MOST_BYTES:
            wrong.append(bad_kit(f"its files have more than {_MOST_BYTES} bytes", at="files"))
            break
        for name in sorted(names_in(data) - manifest.properties.keys()):
            why = f"{item.source} names the parameter {name}, which there is not"
            wrong.append(bad_kit(why, at=f"files[{number}].source"))
    return Kit(where, manifest, sources, revision), wrong


def _manifest(data: bytes | None) -> KitManifest:
    if data is None:
        raise bad_kit(f"there is no {MANIFEST}")
    try:
        said = tomllib.loads(data.decode())
        require_data(said)
        return msgspec.convert(said, KitManifest)
    except UsageError as error:  # TOML has dates, and numbers that are none
        raise bad_kit(error.message.rstrip("."), at=error.seen) from error
    except (ValueError, RecursionError) as error:  # msgspec's and tomllib's errors are ValueErrors
        raise bad_kit(str(error).splitlines()[0].rstrip(".")) from error


def problems(manifest: KitManifest) -> Iterator[tuple[str, str]]:
    """Yield what is not sound in a manifest: where, and why."""
    for name in ("name", "version", "description"):
        if not getattr(manifest, name).strip() or "\n" in getattr(manifest, name):
            yield name, "it is to be one line of text"
    yield from _sizes(manifest)
    for at, why in problems_of(manifest.parameters):
        yield "parameters" + (f".{at}" if at else ""), why
    for number, item in enumerate(manifest.files):
        wrong = why_not_there(item.path)
        if wrong is not None:
            yield f"files[{number}].path", wrong
        yield from _about(manifest, f"files[{number}]", item.when, names_in(item.path.encode()))
    for number, edit in enumerate(manifest.edits):
        yield from _about_edit(manifest, f"edits[{number}]", edit)


def _sizes(manifest: KitManifest) -> Iterator[tuple[str, str]]:
    if len(manifest.files) > _MOST_FILES or len(manifest.edits) > _MOST_EDITS:
        yield "files", f"it has more than {_MOST_FILES} files or {_MOST_EDITS} edits"
    if len(manifest.examples) > _MOST_EXAMPLES:
        yield "examples", f"it has more than {_MOST_EXAMPLES}"
    elif len(manifest.examples) * len(manifest.edits) > _MOST_TRIED:
        yield "examples", f"each of them is tried, which is more than {_MOST_TRIED} edits"
    if count_in_data([*manifest.edits]) > _MOST_PLACEHOLDERS:
        yield "edits", f"they have more than {_MOST_PLACEHOLDERS} placeholders"


def _about_edit(manifest: KitManifest, at: str, edit: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if edit.get("kind") not in ADDING:
        yield f"{at}.kind", f"a template only adds: {', '.join(ADDING)}"
    wrong = why_not_chosen(edit)
    if wrong is not None:
        yield at, wrong
    else:
        yield from _about(manifest, at, edit.get("when", {}), names_in_data(edit))


def why_not_chosen(edit: dict[str, Any]) -> str | None:
    """Return why what an edit has beside the vocabulary is not sound."""
    if not isinstance(edit.get("when", {}), dict):
        return "when is to be a table of parameters and values"
    if not isinstance(edit.get("group", ""), str):
        return "group is to be a name"
    unless = edit.get("unless", [])
    if not isinstance(unless, list) or not all(isinstance(item, str) and item for item in unless):
        return "unless is to be a list of option paths"
    return None


def _about(manifest: KitManifest, at: str, when: dict[str, Any], names: set[str]) -> Iterator[tuple[str, str]]:
    known = manifest.properties.keys()
    for name in sorted(when.keys() - known):
        yield f"{at}.when", f"there is no parameter {name}"
    for name in sorted(names - known):
        yield at, f"there is no parameter {name}"
