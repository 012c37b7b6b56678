"""Python libraries, the way the project has them: pyproject.toml, requirements files, devenv.nix, environment.yml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.libraries.languages.natives import natives_of
from devkeel.libraries.manifests import conda_file, pyproject, requirements_file
from devkeel.libraries.manifests.pyproject import PYPROJECT
from devkeel.libraries.manifests.requirement import canonicalize_name, parse
from devkeel.libraries.request import Plan, no_manifest, refused
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

_DECLARATION = "devenv.nix"
MANIFESTS = (PYPROJECT, "requirements.in", "requirements.txt", *conda_file.NAMES, _DECLARATION)
_PYTHON = "languages.python"
_TEXT = f"{_PYTHON}.venv.requirements"
_PROFILE = '"${config.devenv.dotfile}/profile"'
_INTERPRETER = re.compile(r"(?:pkgs\.)?(python3\d*)\.withPackages\b")


def plan(request: Request, read: Callable[[str], bytes | None]) -> Plan:
    """Return the edits; devenv.nix gets what it needs for them where there is one.

    Raises ProjectError `no_manifest`, UsageError `bad_library`, Refused.
    """
    made = Plan(_manifest(request, read), read)
    made.notes += _others(made, request)
    if made.manifest.endswith(".nix"):
        _edit_nix(made, request)
    elif made.manifest.endswith((".yml", ".yaml")):
        conda_file.edit(made, request)
    elif made.manifest.endswith(".toml"):
        pyproject.edit(made, request)
    else:
        requirements_file.edit(made, request)
    if read(_DECLARATION) is not None and not request.remove and made.manifest not in conda_file.NAMES:
        _declare(made, request)
    return made


def _manifest(request: Request, read: Callable[[str], bytes | None]) -> str:
    """Return the file that names the project's Python libraries, the most specific first."""
    if request.file is not None:
        name = request.file.rpartition("/")[2]
        known = name == PYPROJECT or name.endswith(".nix") or request.file in conda_file.NAMES
        if not known and not requirements_file.is_requirements_file(request.file):
            raise refused(
                "no_manifest",
                f"{request.file} is not a file that names Python libraries.",
                request.file,
                "Name pyproject.toml, a requirements file, environment.yml or devenv.nix.",
            )
        if read(request.file) is None and not request.create:
            raise no_manifest("Python", MANIFESTS)
        return request.file
    for name in request.manifests or MANIFESTS:
        data = read(name)
        if data is None or (name == _DECLARATION and _way_of_nix(data) is None):
            continue
        if name != PYPROJECT:
            return name
        if pyproject.declares(data):
            dynamic = pyproject.dynamic_files(data)
            return dynamic[0] if len(dynamic) == 1 and request.group is None else PYPROJECT
    if request.create:
        return "requirements.txt"
    raise no_manifest("Python", request.manifests or MANIFESTS)


def _others(made: Plan, request: Request) -> list[str]:
    """Return a note about other files that name Python libraries too, where the caller names none."""
    if request.file is not None or made.manifest not in (PYPROJECT, *conda_file.NAMES):
        return []
    names = (PYPROJECT, *conda_file.NAMES)
    others = [name for name in names if name != made.manifest and made.read(name) is not None]
    project = made.read(PYPROJECT)
    if project is not None and not pyproject.declares(project):
        others = [name for name in others if name != PYPROJECT]
    return [
        f"{name} names Python libraries too; this is about {made.manifest}. `file` says otherwise." for name in others
    ]


def _value(data: bytes, path: str) -> nix.Value:
    try:
        return nix.get(data, path)
    except (KeyError, DevkeelError):
        return None


def _way_of_nix(data: bytes) -> str | None:
    """Return where devenv.nix itself names Python libraries: `text`, or the interpreter with `withPackages`."""
    if isinstance(_value(data, _TEXT), str):
        return "text"
    value = _value(data, f"{_PYTHON}.package")
    sources = [value.source] if isinstance(value, nix.Expression) else []
    try:
        sources += nix.package_names(data)
    except DevkeelError:
        return None
    found = {match[1] for source in sources if (match := _INTERPRETER.search(source))}
    return found.pop() if len(found) == 1 else None


def _edit_nix(made: Plan, request: Request) -> None:
    data = made.data(made.manifest)
    document = nix.Document(data, made.manifest)
    way = _way_of_nix(data)
    if way is None:
        raise refused(
            "no_manifest",
            f"{made.manifest} names no Python libraries so far.",
            made.manifest,
            f"Set {_TEXT}, or name pyproject.toml or a requirements file with `file`.",
        )
    if way == "text":
        text = _value(data, _TEXT)
        assert isinstance(text, str)  # noqa: S101  (as `_way_of_nix` has seen)
        edited = requirements_file.edit_lines(text.encode(), made.manifest, request)
        made.notes += edited.notes
        if not edited.changed:
            return
        added = edited.data.decode().removeprefix(text if text.endswith("\n") or not text else f"{text}\n")
        if edited.data.decode().startswith(text) and added:
            for line in added.split("\n")[:-1]:
                made.take(made.manifest, nix.append_line(made.data(made.manifest), _TEXT, line))
        else:
            made.take(made.manifest, nix.set(document, _TEXT, edited.data.decode()))
        return
    names = []
    for name in request.names:
        found = parse(name, remove=request.remove)
        if found.specifier or found.url or found.extras or found.marker:
            raise refused(
                "no_versions",
                f"nixpkgs has one version of {found.name}; {made.manifest} cannot ask for another.",
                made.manifest,
                "Leave the version out, or name pyproject.toml or a requirements file with `file`.",
            )
        # nixpkgs calls its Python packages by their normalised names (nixpkgs,
        # doc/languages-frameworks/python.section.md).
        names.append(canonicalize_name(found.name))
    change = nix.remove_packages if request.remove else nix.add_packages
    made.take(made.manifest, change(document, *names, inside=way))


def _declare(made: Plan, request: Request) -> None:
    """Give devenv.nix what the libraries need: an installer where it has none, and native libraries."""
    data = made.data(_DECLARATION)
    way = _way_of_nix(data)
    if made.manifest == _DECLARATION and way != "text":
        return
    values: list[tuple[str, nix.Value]] = []
    if _value(data, f"{_PYTHON}.enable") is not True:
        values.append((f"{_PYTHON}.enable", True))
    installers = [f"{_PYTHON}.{name}.enable" for name in ("venv", "uv", "poetry")]
    if all(_value(data, name) is None for name in installers) and made.manifest != _DECLARATION:
        values += _installer(made)
    if values:
        made.take(_DECLARATION, nix.sequence(nix.Document(data, _DECLARATION), values))
    wanted = [item for name in request.names for item in natives_of(canonicalize_name(parse(name).name))]
    if not wanted:
        return
    data = made.data(_DECLARATION)
    path = f"{_PYTHON}.libraries"
    elements = [nix.Expression(f"pkgs.{item}") for item in dict.fromkeys(wanted)]
    # A definition takes the place of the option's default, the profile: that stays the first element.
    first = [] if _defined(data, path) else [nix.Expression(_PROFILE)]
    edited = nix.append(nix.Document(data, _DECLARATION), path, *first, *elements)
    if edited.changed:
        made.take(_DECLARATION, edited)


def _defined(data: bytes, path: str) -> bool:
    try:
        nix.get(data, path)
    except KeyError:
        return False
    return True


def _installer(made: Plan) -> list[tuple[str, nix.Value]]:
    if made.manifest.endswith(".txt"):
        path = nix.Expression(f"./{made.manifest}")
        return [(f"{_PYTHON}.venv.enable", True), (_TEXT, path)]
    if made.read("poetry.lock") is not None or b"[tool.poetry" in made.data(PYPROJECT):
        return [(f"{_PYTHON}.poetry.enable", True), (f"{_PYTHON}.poetry.install.enable", True)]
    if made.manifest == PYPROJECT:
        return [
            (f"{_PYTHON}.venv.enable", True),
            (f"{_PYTHON}.uv.enable", True),
            (f"{_PYTHON}.uv.sync.enable", True),
        ]
    return []
