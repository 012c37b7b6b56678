"""Where a project names the libraries of a language: where the declaration says, else in a file of the backend's."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import Place, ProjectError, Refused
from devkeel.libraries.beginnings import beginning_of
from devkeel.libraries.interpreters import found_in, pythons_of, several
from devkeel.libraries.manifests import conda_file, nix_text, pyproject, requirements_file
from devkeel.libraries.manifests.pyproject import PYPROJECT
from devkeel.libraries.manifests.requirement import canonicalize_name, parse
from devkeel.libraries.modules import path_in
from devkeel.libraries.request import no_manifest, refused, way_to_begin
from devkeel.text.actions import argument, do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from devkeel.libraries.interpreters import PackageHolder
    from devkeel.libraries.manifests.nix_text import RequirementsSource
    from devkeel.libraries.modules import Modules
    from devkeel.libraries.request import Request

__all__ = [
    "DECLARATION",
    "MANIFESTS",
    "PYTHON",
    "REQUIREMENTS",
    "ManifestPlace",
    "directory_of",
    "python_place",
    "require_manifest",
]

DECLARATION = "devenv.nix"
MANIFESTS = (PYPROJECT, "requirements.in", "requirements.txt", *conda_file.NAMES, DECLARATION)
PYTHON = "languages.python"
REQUIREMENTS = f"{PYTHON}.venv.requirements"
_OPTION = f"{PYTHON}.package"
_SYNC = f"{PYTHON}.uv.sync.enable"
_POETRY = (f"{PYTHON}.poetry.enable", f"{PYTHON}.poetry.install.enable")


class ManifestPlace(Struct, frozen=True):
    """Where libraries go. manifest: the file, relative to the root.

    way: how it names them: a file of its own, a text in a Nix file, or the packages of an interpreter. source: the
    text. python: the interpreter. notes: why this one, where there are others.
    """

    manifest: str
    way: Literal["file", "text", "packages"] = "file"
    source: RequirementsSource | None = None
    python: PackageHolder | None = None
    notes: tuple[str, ...] = ()


def directory_of(
    modules: Modules, language: str, manifests: tuple[str, ...], read: Callable[[str], bytes | None]
) -> tuple[str, str]:
    """Return the directory of a language's project, empty for the root, and what says so, as file and line.

    That is `languages.LANGUAGE.directory`; else, where the root has none of the manifests, what devenv's `import` of
    the language builds from. Raises Refused where it is computed, or where there are several.
    """
    found = modules.at(f"languages.{language}.directory")
    if found:
        path = path_in(found[0])
        if path is not None:
            return ("" if path == "." else path), found[0].where
        raise refused(
            "opaque_value",
            f"{found[0].where} computes languages.{language}.directory, so that it is not certain which manifest "
            "is meant.",
            found[0].document.name,
            f"Name the manifest with {argument('file')}.",
        )
    built = [] if any(read(name) is not None for name in manifests) else modules.imported(language)
    if len({path for path, _ in built}) > 1:
        raise Refused(
            "ambiguous",
            f"The project builds from several directories: {', '.join(f'{path} ({where})' for path, where in built)}.",
            remedy="Name the manifest with `file`.",
            alternatives=tuple(dict.fromkeys(posixpath.join(path, manifests[0]) for path, _ in built)),
        )
    path, where = built[0] if built else ("", "")
    return ("" if path == "." else path), where


def python_place(
    request: Request,
    read: Callable[[str], bytes | None],
    modules: Modules,
) -> ManifestPlace:
    """Return where this project names Python libraries. Raises ProjectError `no_manifest`, Refused."""
    pythons = pythons_of(found_in(modules, read))
    if request.file is not None:
        return _named(request, read, modules, pythons)
    place = _declared(request, read, modules, pythons)
    the = pythons[0] if pythons and pythons[0].is_the_python else None
    if the is None or place.way == "packages" or request.group is not None:
        return place
    names = [parse(item, remove=request.remove) for item in request.names]
    keys = {canonicalize_name(item.name) for item in names}
    plain = not any(item.specifier or item.url or item.extras or item.marker for item in names)
    # What a virtual environment installs goes before what its Python brings; both are one environment.
    if plain and keys <= set(the.names) and not keys & _names_at(place, read):
        return ManifestPlace(the.document.name, "packages", python=the)
    return replace(place, notes=(*place.notes, f"{the.where} brings libraries too: {do('add', inside=_OPTION)}."))


def _names_at(place: ManifestPlace, read: Callable[[str], bytes | None]) -> set[str]:
    """Return the names that stand in a place, as far as they are read without the tool of its format."""
    if place.source is not None:
        return place.source.names(read)
    text = (read(place.manifest) or b"").decode("utf-8", "replace")
    return {canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", text)}


def _declared(
    request: Request, read: Callable[[str], bytes | None], modules: Modules, pythons: list[PackageHolder]
) -> ManifestPlace:
    """Return the place that the declaration names, else a file of the backend's."""
    folder, where = directory_of(modules, "python", MANIFESTS[:3], read)
    # devenv, src/modules/languages/python/default.nix: with uv.sync the requirements are ignored; Poetry and both of
    # them read the pyproject.toml of `directory`.
    option = next((name for name in (_SYNC, *_POETRY) if modules.is_on(name)), None)
    if option is not None:
        return _wanted(posixpath.join(folder, PYPROJECT), option, request, read, _ignored(modules, option))
    requirements = [source for item in modules.at(REQUIREMENTS) for source in nix_text.sources(item)]
    grouped = request.group is not None and _declares(posixpath.join(folder, PYPROJECT), read)
    if requirements and not grouped:
        return _of_requirements(requirements, request, read, _beside(folder, read))
    found = next((name for name in _known(request, folder) if _is_one(name, read, pythons)), None)
    if pythons and not grouped and (found == DECLARATION or pythons[0].is_the_python):
        return _of_pythons(pythons, [found] if found not in (None, DECLARATION) else [], request)
    if found is not None:
        return ManifestPlace(_static(found, request, read), notes=_others(found, request, read))
    if where and not request.create:
        raise no_manifest(
            "Python", [*_known(request, folder)], request, f"{where} names the directory {folder or '.'}. "
        )
    if request.create:
        known = request.manifests or MANIFESTS
        first = PYPROJECT if PYPROJECT in known else known[0]
        return ManifestPlace(posixpath.join(folder, first))
    raise no_manifest("Python", request.manifests or MANIFESTS, request)


def require_manifest(
    language: str, request: Request, manifests: tuple[str, ...], read: Callable[[str], bytes | None], modules: Modules
) -> str:
    """Return the manifest of another language: the one that is named, else in the directory that devenv is given.

    Raises ProjectError `no_manifest` where it is not there and may not begin, Refused.
    """
    if request.file is not None:
        found, where = request.file, ""
    else:
        folder, where = directory_of(modules, language, manifests, read)
        found = posixpath.join(folder, manifests[0])
    if read(found) is None and (not request.create or beginning_of(found, request) is None):
        if where:
            raise _missing(found, f"{where} names the directory {posixpath.dirname(found) or '.'}", request)
        raise no_manifest(language.capitalize().replace("script", "Script"), manifests, request)
    return found


def _named(
    request: Request, read: Callable[[str], bytes | None], modules: Modules, pythons: list[PackageHolder]
) -> ManifestPlace:
    """Return the file that the caller names."""
    file = request.file or ""
    base = posixpath.basename(file)
    known = base == PYPROJECT or base.endswith(".nix") or base in conda_file.NAMES
    if not known and not requirements_file.is_requirements_file(file):
        raise refused(
            "no_manifest",
            f"{file} is not a file that names Python libraries.",
            file,
            "Name pyproject.toml, a requirements file, environment.yml or devenv.nix.",
        )
    if read(file) is None and (not request.create or base.endswith(".nix")):
        raise no_manifest("Python", MANIFESTS, request)
    if not base.endswith(".nix"):
        return ManifestPlace(file)
    items = [said for said in modules.at(REQUIREMENTS) if said.document.name == file]
    texts = [source for said in items for source in nix_text.sources(said) if source.node is not None]
    if texts:
        return ManifestPlace(file, "text", texts[0])
    own = [item for item in pythons if item.named == file]
    if own:
        return _of_pythons(own, [], request)
    raise refused(
        "no_manifest",
        f"{file} names no Python libraries so far.",
        file,
        f"Set {REQUIREMENTS}, or name pyproject.toml or a requirements file with {argument('file')}.",
    )


def _wanted(
    manifest: str, option: str, request: Request, read: Callable[[str], bytes | None], notes: tuple[str, ...]
) -> ManifestPlace:
    """Return a file that an option makes devenv read. Raises ProjectError where it is not there and may not begin."""
    if read(manifest) is None and not request.create:
        raise _missing(manifest, f"{option} installs from {manifest}", request)
    return ManifestPlace(manifest, notes=notes)


def _missing(manifest: str, why: str, request: Request) -> ProjectError:
    return ProjectError(
        "no_manifest",
        f"{why}, and there is no such file.",
        place=Place(manifest),
        seen=manifest,
        remedy=way_to_begin(manifest, request, {posixpath.basename(manifest)}),
    )


def _ignored(modules: Modules, option: str) -> tuple[str, ...]:
    found = modules.at(REQUIREMENTS)
    if not found:
        return ()
    if option == _SYNC:
        return (f"devenv ignores {REQUIREMENTS} ({found[0].where}) while {_SYNC} is on.",)
    return (f"{REQUIREMENTS} ({found[0].where}) is installed too; this is about what {option} installs.",)


def _of_requirements(
    found: list[RequirementsSource], request: Request, read: Callable[[str], bytes | None], beside: tuple[str, ...]
) -> ManifestPlace:
    """Return the place among those of `venv.requirements`: where a library is already, else the first one."""
    usable = [source for source in found if source.file is not None or source.node is not None]
    if not usable:
        said = found[0].said
        raise said.document.refuse(
            "opaque_value",
            f"{REQUIREMENTS} is computed, so that it is not certain where its libraries stand.",
            said.core,
            f"Name the manifest with {argument('file')}.",
        )
    names = [canonicalize_name(parse(item, remove=request.remove).name) for item in request.names]
    holding = {name: [source for source in usable if name in source.names(read)] for name in names}
    held = [sources[0] for sources in holding.values() if sources]
    if len({(source.file, source.node.id if source.node else None) for source in held}) > 1:
        raise refused(
            "ambiguous",
            f"These libraries stand in different places of {REQUIREMENTS}: "
            f"{', '.join(dict.fromkeys(_told(source) for source in held))}.",
            held[0].said.document.name,
            "Change them one after the other.",
        )
    settled = [source for source in usable if source.said.settled]
    chosen = next(iter([*held, *settled, *usable]))
    why = f"{_told(chosen)} is what {REQUIREMENTS} ({chosen.said.where}) names{chosen.said.under}"
    others = [_told(source) for source in usable if source is not chosen]
    rest = [name for name in (*others, *beside) if name != chosen.file]
    notes: tuple[str, ...] = (f"{why}; {', '.join(dict.fromkeys(rest))} too names libraries.",) if rest else ()
    notes = notes or ((f"{why}.",) if chosen.said.under or (chosen.file and chosen.file != "requirements.txt") else ())
    if len(usable) < len(found):
        notes += (f"A part of {REQUIREMENTS} is computed, and was not looked at.",)
    if chosen.file is None:
        return ManifestPlace(chosen.said.document.name, "text", chosen, notes=notes)
    if not chosen.file.endswith((".txt", ".in")):
        raise refused(
            "no_manifest",
            f"{why}, and devkeel edits requirements in files that end in .txt or .in.",
            chosen.file,
            f"Rename the file, and what names it; or name another manifest with {argument('file')}.",
        )
    if read(chosen.file) is None and not request.create:
        raise _missing(chosen.file, f"{chosen.said.where} names {chosen.file} ({REQUIREMENTS})", request)
    compiled = _compiled_from(chosen.file, read)
    if compiled is not None:
        return ManifestPlace(compiled, notes=(f"{why}, and is compiled from {compiled}.",))
    return ManifestPlace(chosen.file, notes=notes)


def _compiled_from(file: str, read: Callable[[str], bytes | None]) -> str | None:
    """Return the file that a requirements file is compiled from, where it stands beside it and is named in its head."""
    source, data = f"{file.removesuffix('.txt')}.in", read(file) or b""
    if not file.endswith(".txt") or requirements_file.compiled_by(data) is None or read(source) is None:
        return None
    return source if posixpath.basename(source).encode() in data[:500] else None


def _of_pythons(pythons: list[PackageHolder], beside: list[str], request: Request) -> ManifestPlace:
    """Return the one interpreter that has packages. Raises Refused where there are several."""
    if len({(item.holder.options, item.named) for item in pythons}) > 1:
        raise several(pythons, pythons[0].holder.owners[0], request.names)
    found = pythons[0]
    notes = tuple(
        f"{found.where} is the Python of this environment; {name} too names libraries. `file` says otherwise."
        for name in beside
    )
    return ManifestPlace(found.document.name, "packages", python=found, notes=notes)


def _told(source: RequirementsSource) -> str:
    return source.file or f"the text at {source.said.where}"


def _beside(folder: str, read: Callable[[str], bytes | None]) -> tuple[str, ...]:
    path = posixpath.join(folder, PYPROJECT)
    return (path,) if _declares(path, read) else ()


def _declares(path: str, read: Callable[[str], bytes | None]) -> bool:
    data = read(path)
    return data is not None and pyproject.declares(data)


def _known(request: Request, folder: str) -> Iterator[str]:
    """Yield the files in which the backend's environments name libraries, in their directory."""
    for name in request.manifests or MANIFESTS:
        own = name == DECLARATION or name in conda_file.NAMES
        yield name if own else posixpath.join(folder, name)


def _is_one(name: str, read: Callable[[str], bytes | None], pythons: list[PackageHolder]) -> bool:
    data = read(name)
    if data is None:
        return False
    if name == DECLARATION:
        return bool(pythons)
    return posixpath.basename(name) != PYPROJECT or pyproject.declares(data)


def _static(name: str, request: Request, read: Callable[[str], bytes | None]) -> str:
    """Return the file that setuptools reads the dependencies of a pyproject.toml from, else the file itself."""
    if posixpath.basename(name) != PYPROJECT or request.group is not None:
        return name
    dynamic = pyproject.dynamic_files(read(name) or b"")
    return posixpath.join(posixpath.dirname(name), dynamic[0]) if len(dynamic) == 1 else name


def _others(name: str, request: Request, read: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """Return a note about other files that name Python libraries too."""
    base, folder = posixpath.basename(name), posixpath.dirname(name)
    if request.file is not None or base not in (PYPROJECT, *conda_file.NAMES):
        return ()
    beside: Iterable[str] = (posixpath.join(folder, PYPROJECT), *conda_file.NAMES)
    others = [other for other in beside if other != name and read(other) is not None]
    others = [other for other in others if posixpath.basename(other) != PYPROJECT or _declares(other, read)]
    return tuple(
        f"{other} names Python libraries too; this is about {name}. {argument('file')} says otherwise."
        for other in others
    )
