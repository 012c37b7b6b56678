"""devcontainer.json: the container that editors and Codespaces make, from what is declared.

JSON has no marks for a part that is made anew: which values devkeel wrote is kept below `customizations.devkeel`, where
the format has a place for each tool (devcontainers/spec, docs/specs/devcontainerjson-reference.md).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError
from devkeel.generate.kept_values import KeptPlaces, KeptValues, keep_values, kept_parameters
from devkeel.generate.kind import Generated, Generator, MergedFile
from devkeel.generate.parameters import PYTHON, Parameter
from devkeel.project.envrc import ENVRC
from devkeel.project.survey import survey
from devkeel.source import jsonc, nix
from devkeel.text.secrets import looks_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from devkeel.errors import Place
    from devkeel.generate.kind import ProjectSource

__all__ = ["DEVCONTAINER"]

_PLACES = (".devcontainer/devcontainer.json", ".devcontainer.json")
_EXTENSIONS = ("customizations", "vscode", "extensions")
_WRITTEN = KeptPlaces(
    ("customizations", "devkeel"),
    (("name",), ("image",), ("postCreateCommand",), ("features", None), ("containerEnv", None)),
    {("forwardPorts",): int, _EXTENSIONS: str},
)
_NIX = "ghcr.io/devcontainers/features/nix:1"
_PYTHON = "ghcr.io/devcontainers/features/python:1"
_INSTALLED = {"venv": "devkeel uv", "conda": "'devkeel[conda]'"}
# What makes the container where that is not an image.
_OTHERWISE = ("build", "dockerFile", "dockerComposeFile")
_PORTS = 65_535
_PORT = r"[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_OF_SERVICE, _OF_PROCESS = 3, 5


def _generate(source: ProjectSource) -> Generated:
    file = _file(source.read)
    old = source.read(file)
    given = source.given
    definitions = survey(source.declared, None).definitions
    variables, secret = _variables(definitions)
    ports = sorted({*_ports(definitions), *map(int, given.get("ports", []))})
    values: dict[tuple[str, ...], Any] = {("name",): source.name}
    if not _made_otherwise(old, file):
        values[("image",)] = given.get("image") or _image(source.backend, given)
    values |= {("features", name): said for name, said in _features(source.backend, given).items()}
    values |= {("containerEnv", name): value for name, value in variables.items()}
    if given.get("apply", True):
        values[("postCreateCommand",)] = f"pip install {_INSTALLED.get(source.backend, 'devkeel')} && devkeel apply"
    direnv = ["mkhl.direnv"] if source.read(ENVRC) is not None else []
    lists: dict[tuple[str, ...], list[Any]] = {("forwardPorts",): ports, _EXTENSIONS: direnv}
    wanted = KeptValues(values, {path: items for path, items in lists.items() if items}, given)
    notes = tuple(f"{name} is left out: its value looks like a secret." for name in secret)
    return Generated(
        (MergedFile(file, partial(keep_values, file, _WRITTEN, wanted)),),
        given,
        notes,
        ("when the container is made",),
    )


def _file(read: Callable[[str], bytes | None]) -> str:
    return next((name for name in _PLACES if read(name) is not None), _PLACES[0])


def _kept(read: Callable[[str], bytes | None]) -> tuple[Place, object] | None:
    file = _file(read)
    return kept_parameters(read(file), file, _WRITTEN)


def _made_otherwise(old: bytes | None, file: str) -> bool:
    """Return whether a person's file says itself what the container is made of."""
    if not old:
        return False
    try:
        root = jsonc.Document(old, file).root.value
    except DevkeelError:
        return False  # which is said where it is written
    return isinstance(root, dict) and any(name in root for name in _OTHERWISE)


def _image(backend: str, given: Mapping[str, Any]) -> str:
    if backend in ("devenv", "flake"):
        return "mcr.microsoft.com/devcontainers/base:ubuntu"
    return f"mcr.microsoft.com/devcontainers/python:{given.get('python', '3.12')}"


def _features(backend: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if backend not in ("devenv", "flake"):
        return {}
    return {_NIX: {"version": "latest"}, _PYTHON: {"version": given.get("python", "3.12")}}


def _variables(definitions: tuple[Any, ...]) -> tuple[dict[str, str], list[str]]:
    """Return the variables that are said outright, and the names of those whose values look like secrets."""
    found, secret = dict[str, str](), list[str]()
    for item in definitions:
        path = _path(item)
        if len(path) != 2 or path[0] != "env" or not isinstance(item.value, str):  # noqa: PLR2004  (env.NAME)
            continue
        if looks_secret(path[1], item.value):
            secret.append(path[1])
        elif "${" not in item.value:  # which means a variable of the host there
            found[path[1]] = item.value
    return found, secret


def _ports(definitions: tuple[Any, ...]) -> Iterator[int]:
    """Yield the ports of services and processes that are said outright."""
    for item in definitions:
        path = _path(item)
        service = len(path) == _OF_SERVICE and path[0] == "services" and path[-1] == "port"
        process = len(path) == _OF_PROCESS and path[::2] == ("processes", "ports", "allocate")
        number = isinstance(item.value, int) and not isinstance(item.value, bool)
        if (service or process) and number and 0 < item.value <= _PORTS:
            yield item.value


def _path(item: Any) -> tuple[str, ...]:  # noqa: ANN401  (a definition of the survey)
    return () if item.condition is not None or "${" in item.path else nix.parse_path(item.path)


DEVCONTAINER = Generator(
    "devcontainer",
    "A devcontainer.json whose container realises the environment, with its ports and variables.",
    (
        Parameter("image", "The image; without one, a base for the backend.", pattern=r"[a-z0-9][\w./:@-]{0,254}"),
        Parameter("python", "The version of Python that runs devkeel; 3.12.", pattern=PYTHON),
        Parameter("ports", "Ports beside those that the declaration says.", "texts", pattern=_PORT),
        Parameter("apply", "Whether the environment is realised when the container is made; yes.", "flag"),
    ),
    lambda _given: (),
    _generate,
    kept=_kept,
    enters=lambda given: given.get("apply", True),
)
