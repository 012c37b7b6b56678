"""Python libraries, the way the project has them: pyproject.toml, requirements files, devenv.nix, environment.yml."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from devkeel.libraries.beginnings import begun
from devkeel.libraries.languages.natives import natives_of
from devkeel.libraries.manifests import conda_file, nix_text, pyproject, requirements_file
from devkeel.libraries.manifests.requirement import canonicalize_name, parse
from devkeel.libraries.modules import Modules
from devkeel.libraries.places import DECLARATION, MANIFESTS, PYTHON, REQUIREMENTS, python_place
from devkeel.libraries.request import LibraryPlan, refused
from devkeel.source import nix
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.libraries.interpreters import PackageHolder
    from devkeel.libraries.places import ManifestPlace
    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

_PROFILE = '"${config.devenv.dotfile}/profile"'
_INSTALLERS = (b"uv sync", b"uv run", b"poetry", b"pip install", b"pdm ", b"hatch ")


def plan(request: Request, read: Callable[[str], bytes | None]) -> LibraryPlan:
    """Return the edits; devenv.nix gets what it needs for them where there is one.

    Raises ProjectError `no_manifest`, UsageError `bad_library`, Refused.
    """
    modules = Modules(request.declaration or _declared(read))
    place = python_place(request, read, modules)
    made = LibraryPlan(place.manifest, begun(place.manifest, request, read), notes=[*place.notes])
    if place.source is not None and place.way == "text":
        nix_text.edit(made, request, place.source)
    elif place.python is not None:
        _edit_packages(made, request, place.python)
    elif made.manifest.endswith((".yml", ".yaml")):
        conda_file.edit(made, request)
    elif made.manifest.endswith(".toml"):
        pyproject.edit(made, request)
    else:
        _require_no_group(made, request)
        requirements_file.edit(made, request)
    conda = posixpath.basename(made.manifest) in conda_file.NAMES
    if read(DECLARATION) is not None and not request.remove and not conda:
        _declare(made, request, modules, place)
    return made


def _declared(read: Callable[[str], bytes | None]) -> dict[str, bytes]:
    found = ((name, read(name)) for name in (DECLARATION, "devenv.local.nix"))
    return {name: data for name, data in found if data is not None}


def _require_no_group(made: LibraryPlan, request: Request) -> None:
    if request.group is not None:
        name = posixpath.join(posixpath.dirname(made.manifest), f"requirements-{request.group}.txt")
        raise refused(
            "no_groups",
            f"{made.manifest} has no groups, as every requirements file.",
            made.manifest,
            f"Leave the group out, or name the file of the group with {argument('file', name)}.",
        )


def _edit_packages(made: LibraryPlan, request: Request, python: PackageHolder) -> None:
    names = []
    for name in request.names:
        found = parse(name, remove=request.remove)
        if found.specifier or found.url or found.extras or found.marker:
            raise refused(
                "no_versions",
                f"nixpkgs has one version of {found.name}; {made.manifest} cannot ask for another.",
                made.manifest,
                f"Leave the version out, or name pyproject.toml or a requirements file with {argument('file')}.",
            )
        # nixpkgs calls its Python packages by their normalised names (nixpkgs,
        # doc/languages-frameworks/python.section.md).
        names.append(canonicalize_name(found.name))
    made.take(made.manifest, python.changed(names, remove=request.remove))


def _declare(made: LibraryPlan, request: Request, modules: Modules, place: ManifestPlace) -> None:
    """Give devenv.nix what the libraries need: an installer where it has none, and native libraries."""
    if place.way == "packages":
        return
    data = made.data(DECLARATION)
    values: list[tuple[str, nix.Value]] = []
    if _is_off(modules, f"{PYTHON}.enable"):
        values.append((f"{PYTHON}.enable", True))
    if place.way == "file":
        values += _installer(made, modules)
        made.notes += _uninstalled(made, request, modules, values)
    if values:
        made.take(DECLARATION, nix.sequence(nix.Document(data, DECLARATION), values))
    wanted = [item for name in request.names for item in natives_of(canonicalize_name(parse(name).name))]
    if not wanted:
        return
    data = made.data(DECLARATION)
    path = f"{PYTHON}.libraries"
    elements = [nix.Expression(f"pkgs.{item}") for item in dict.fromkeys(wanted)]
    # A definition takes the place of the option's default, the profile: that stays the first element.
    first = [] if modules.defines(path) else [nix.Expression(_PROFILE)]
    edited = nix.append(nix.Document(data, DECLARATION), path, *first, *elements)
    if edited.changed:
        made.take(DECLARATION, edited)
        told = ", ".join(dict.fromkeys(wanted))
        made.notes.append(f"{path} has {told}, which the wheels of these libraries load and would not find.")


def _is_off(modules: Modules, path: str) -> bool:
    """Return whether to turn a switch on: nothing defines it, or devenv.nix has it off. What computes it stays."""
    found = modules.at(path)
    own = [said for said in found if said.document.name == DECLARATION and said.settled]
    return not found or (len(found) == len(own) and all(said.value is False for said in own))


def _uninstalled(
    made: LibraryPlan, request: Request, modules: Modules, values: list[tuple[str, nix.Value]]
) -> Iterator[str]:
    """Yield what nothing installs when the shell is entered, as far as the options of devenv say."""
    syncing = modules.is_on(f"{PYTHON}.uv.sync.enable")
    installing = (
        syncing
        or values
        or modules.imported("python")
        or modules.is_on(f"{PYTHON}.poetry.enable", f"{PYTHON}.poetry.install.enable")
    )
    group = request.group
    if made.manifest.endswith(".toml") and not installing and not any(map(modules.names, _INSTALLERS)):
        yield (
            f"No option of devenv installs what {made.manifest} names when the shell is entered; "
            f"{PYTHON}.uv.sync.enable does."
        )
    if syncing and group is not None and not modules.is_on(f"{PYTHON}.uv.sync.allGroups"):
        names = [said.value for name in ("groups", "extras") for said in modules.at(f"{PYTHON}.uv.sync.{name}")]
        known = {item for value in names for item in (value if isinstance(value, list) else [])}
        # uv, "Default groups": dev, unless the project says otherwise.
        if group not in {"dev", *(item for item in known if isinstance(item, str))}:
            yield f"uv sync installs no group {group} in this project: {PYTHON}.uv.sync.groups does not name it."


def _installer(made: LibraryPlan, modules: Modules) -> list[tuple[str, nix.Value]]:
    """Return what devenv.nix needs to install from a manifest, where it has no installer of its own."""
    known = modules.defines(
        *(f"{PYTHON}.{name}.enable" for name in ("venv", "uv", "uv.sync", "poetry", "poetry.install"))
    )
    if made.manifest.endswith(".txt"):
        needed = not modules.defines(REQUIREMENTS) and not modules.names(posixpath.basename(made.manifest).encode())
        alone = not modules.is_on(f"{PYTHON}.uv.sync.enable", f"{PYTHON}.poetry.enable")
        on = [(f"{PYTHON}.venv.enable", True)] if not modules.defines(f"{PYTHON}.venv.enable") else []
        path = nix.Expression(f"./{made.manifest}")
        return [*on, (REQUIREMENTS, path)] if needed and alone and (not known or not on) else []
    # What Nix builds from the manifest needs no installer (devenv, `languages.python.import`).
    if known or not made.manifest.endswith(".toml") or modules.imported("python"):
        return []
    folder = posixpath.dirname(made.manifest)
    lock = made.read(posixpath.join(folder, "poetry.lock"))
    values: list[tuple[str, nix.Value]] = []
    if folder and not modules.defines(f"{PYTHON}.directory"):
        values.append((f"{PYTHON}.directory", f"./{folder}"))
    if lock is not None or b"[tool.poetry" in made.data(made.manifest):
        return [*values, (f"{PYTHON}.poetry.enable", True), (f"{PYTHON}.poetry.install.enable", True)]
    names = ("venv.enable", "uv.enable", "uv.sync.enable")
    return [*values, *((f"{PYTHON}.{name}", True) for name in names)]
