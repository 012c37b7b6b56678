"""The proposal: evidence, grouped and weighed, as edits of the vocabulary with their reasons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from devkeel.catalogue import find_option
from devkeel.detection.choice import Disagreement, Reason, agrees, choose, closeness, reason
from devkeel.detection.declaring import declare, is_package, unfree
from devkeel.source.path import format_path, parse_path
from devkeel.text import secrets
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from devkeel.detection.evidence import Certainty, Clue

__all__ = ["Drawn", "Possible", "ProposedEdit", "draw"]

_GROUPS: dict[str, str] = {"language": "languages", "service": "services"}
_ORDER = ("certain", "likely", "possible")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Where the tests are, the first that is there: what CI runs has been seen to pass.
_TESTS = (".github/", ".gitlab-ci", ".circleci/", "Makefile", "justfile", "Taskfile")
_TOOLCHAINS = ("rust-toolchain.toml", "rust-toolchain")
# What a file of a language is called: what an image or a workflow has is the project's only where it has such files.
_SOURCES = {
    "javascript": (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte", "package.json"),
    "typescript": (".ts", ".tsx", ".mts"),
    "python": (".py", ".ipynb", "pyproject.toml", "Pipfile", "requirements.txt", "requirements.in"),
    "go": (".go", "go.mod"),
    "rust": (".rs", "Cargo.toml"),
    "ruby": (".rb", "Gemfile", "Rakefile", ".gemspec"),
    "java": (".java", ".kt", ".scala", ".gradle", ".kts", "pom.xml", ".sbt"),
    "kotlin": (".kt", ".kts"),
    "scala": (".scala", ".sbt"),
    "php": (".php", "composer.json"),
    "elixir": (".ex", ".exs"),
    "erlang": (".erl", ".ex", ".exs"),
    "dotnet": (".cs", ".fs", ".vb", ".csproj", ".fsproj", ".sln"),
    "haskell": (".hs", ".cabal"),
    "zig": (".zig",),
    "deno": (".ts", ".js", ".tsx", "deno.json"),
    "terraform": (".tf",),
}
_PROCFILE = "Procfile"
_HOST = re.compile(r"(?:^|_)HOST(?:NAME)?$")
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LOCAL = re.compile(r"(?:^|[/@])(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1?\]?)(?:$|[:/])")
_TEMPLATE = re.compile(r"<%|\{\{|\$[({]|%\(")
# One of several images, and the words that say that it is for whoever works here.
_VARIANT = re.compile(r"(?:^|/)(?:[\w-]+\.(?:[Dd]ockerfile|[Cc]ontainerfile)|(?:Dockerfile|Containerfile)[.-][\w.-]+)$")
_OWN = re.compile(r"(?:^|[/._-])(?:dev|devel|development|local)(?:[/._-]|$)")
_DEPLOYMENT = re.compile(r"(?:^|[/._-])(?:prod|production|deploy|deployment|release|staging|k8s|nginx|ci)(?:[/._-]|$)")
# Reasons of one edit, the closest: a monorepo names a language fifty times.
_MOST_REASONS = 6
_MOST_NAMES = 12
_OPERATIONS = 3  # the closeness of images and workflows, see `closeness`


class ProposedEdit(Struct, frozen=True):
    """An edit as plain data, and what speaks for it. certainty: of the strongest reason."""

    edit: dict[str, Any]
    certainty: str
    reasons: tuple[Reason, ...]


class Possible(Struct, frozen=True):
    """What may be needed and is not proposed. name: `services.redis`, a package, a variable."""

    name: str
    reasons: tuple[Reason, ...]


class Drawn(Struct):
    """What evidence comes to. versions: by language or service, as they were chosen."""

    edits: list[ProposedEdit]
    possible: list[Possible]
    disagreements: list[Disagreement]
    versions: dict[str, str]
    notes: list[str]


def draw(clues: Sequence[Clue], names: Sequence[str]) -> Drawn:
    """Return the edits that evidence speaks for, each once, and what it leaves open.

    names: the files of the repository, for what only an image or a workflow names.
    """
    drawn = Drawn([], [], [], {}, [])
    groups: dict[tuple[str, str], list[Clue]] = {}
    for clue in clues:
        groups.setdefault((clue.about, clue.name), []).append(clue)
    for about in ("language", "service"):
        for (kind, name), found in groups.items():
            if kind == about:
                _declared(drawn, about, name, found, groups, names)
    procfile = any(clue.place.file.startswith(_PROCFILE) and clue.about == "process" for clue in clues)
    for (about, name), found in groups.items():
        if about == "package":
            _package(drawn, name, found)
        elif about == "variable":
            _variable(drawn, name, found)
        elif about == "process":
            _process(drawn, name, found, only=procfile)
    _tests(drawn, [clue for clue in clues if clue.about == "test"])
    drawn.notes += _left([clue for clue in clues if clue.about == "left"])
    return drawn


def _left(clues: Sequence[Clue]) -> Iterator[str]:
    """Yield what a file asks for and no edit has, a sentence for each file and each thing that is said of it."""
    names: dict[tuple[str, str], dict[str, None]] = {}
    for clue in clues:
        names.setdefault((clue.place.file, clue.why), {})[secrets.mask(one_line(clue.name))] = None
    for (file, why), found in names.items():
        more = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
        yield f"{file} names {', '.join([*found][:_MOST_NAMES])}{more}: {why}, and no edit here has it."


def _strongest(clues: Iterable[Clue]) -> Certainty:
    return min((clue.certainty for clue in clues), key=_ORDER.index)


def _sure(clues: Iterable[Clue]) -> list[Clue]:
    return [clue for clue in clues if clue.certainty != "possible"]


def _declared(
    drawn: Drawn,
    about: Literal["language", "service"],
    name: str,
    found: list[Clue],
    groups: Mapping[tuple[str, str], list[Clue]],
    names: Sequence[str],
) -> None:
    """Draw a language or a service with its version, its port and its settings."""
    path = format_path((_GROUPS[about], name))
    sure = _sure(found)
    if not sure or find_option((_GROUPS[about], name, "enable")) is None or not _of_here(about, name, sure, names):
        _leave(drawn, path, found)
        return
    version, disagreement = choose(name, sure)
    drawn.disagreements += [disagreement] if disagreement else []
    options = _options(path, sure)
    port = _port(drawn, name, path, groups.get(("port", name), []))
    options |= {"port": port} if port is not None else {}
    toolchain = next((item for item in sure if item.place.file in _TOOLCHAINS and item.version), None)
    file = toolchain.place.file if name == "rust" and toolchain is not None else None
    paths = {key: path for clue in sorted(sure, key=closeness, reverse=True) for key, path in clue.paths.items()}
    declared = declare(_GROUPS[about], name, version, options, file, paths)
    if version is not None:
        drawn.versions[name] = version
    drawn.notes += declared.notes
    asking = [*sure, *groups.get(("port", name), [])]
    versioned = [clue for clue in sure if clue.version and agrees(clue, name, version or "")] or asking
    for number, edit in enumerate(declared.edits(path)):
        reasons = tuple(map(reason, _shown(versioned if number else asking)))
        drawn.edits.append(ProposedEdit(edit, _strongest(versioned if number else sure), reasons))


def _of_here(about: str, name: str, clues: Sequence[Clue], names: Sequence[str]) -> bool:
    """Return whether a language is the project's: by more than images and workflows, or by its own files."""
    if about == "service" or any(closeness(clue)[0] < _OPERATIONS for clue in clues):
        return True
    endings = _SOURCES.get(name)
    return endings is None or any(item.endswith(endings) for item in names)


def _options(path: str, clues: Iterable[Clue]) -> dict[str, Any]:
    """Return the settings that clues name and the catalogue has; lists grow, else the closest says it."""
    found: dict[str, Any] = {}
    for clue in sorted(clues, key=closeness):
        for key, value in clue.options.items():
            if find_option((*parse_path(path), *parse_path(key))) is None:
                continue
            if isinstance(value, list) and isinstance(found.get(key), list):
                found[key] = [*found[key], *(item for item in value if item not in found[key])]
            else:
                found.setdefault(key, value)
    return found


def _port(drawn: Drawn, name: str, path: str, clues: Sequence[Clue]) -> int | None:
    """Return the port that a service is to have where it is not its own."""
    sure = [clue for clue in sorted(_sure(clues), key=closeness) if isinstance(clue.value, int)]
    if not sure:
        return None
    option = find_option((*parse_path(path), "port"))
    value = sure[0].value
    others = tuple(reason(clue) for clue in sure if clue.value != value)
    if others:
        drawn.disagreements.append(Disagreement(f"{name}'s port", str(value), reason(sure[0]), others))
    return value if option is not None and option.default != str(value) and isinstance(value, int) else None


def _package(drawn: Drawn, name: str, found: list[Clue]) -> None:
    sure = _sure(found)
    if not sure or not is_package(name):
        _leave(drawn, name, found)
        return
    drawn.notes += unfree(name)
    edit = {"kind": "add_packages", "names": [name]}
    drawn.edits.append(ProposedEdit(edit, _strongest(sure), tuple(map(reason, _shown(sure)))))


def _variable(drawn: Drawn, name: str, found: list[Clue]) -> None:
    """Draw a variable whose value is known and no secret; else it is named, without one."""
    sure = [clue for clue in sorted(_sure(found), key=closeness) if clue.value is not None]
    plain = [clue for clue in sure if _is_plain(name, str(clue.value)) and not _of_deployment(clue)]
    if not plain or not _IDENTIFIER.fullmatch(name):
        _leave(drawn, name, found)
        return
    value = plain[0].value
    others = tuple(reason(clue) for clue in plain if clue.value != value)
    if others:
        drawn.disagreements.append(Disagreement(name, str(value), reason(plain[0]), others))
    edit = {"kind": "set", "path": f"env.{name}", "value": str(value)}
    drawn.edits.append(ProposedEdit(edit, _strongest(plain), tuple(map(reason, _shown(plain)))))


def _is_plain(name: str, value: str) -> bool:
    """Return whether a value is one for whoever works here: no secret, no template, no host of another network."""
    host = _HOST.search(name) is not None or _URL.search(value) is not None
    here = not host or _LOCAL.search(value) is not None
    return here and _TEMPLATE.search(value) is None and not secrets.looks_secret(name, value)


def _of_deployment(clue: Clue) -> bool:
    """Return whether a file is about where the project is deployed or tested, as far as its path says."""
    name = clue.place.file
    return _DEPLOYMENT.search(name) is not None or (_VARIANT.search(name) is not None and _OWN.search(name) is None)


def _process(drawn: Drawn, name: str, found: list[Clue], *, only: bool) -> None:
    """Draw a process. only: a Procfile says what runs, so that images would run the same again."""
    sure = [clue for clue in sorted(_sure(found), key=closeness) if _is_command(clue.value)]
    sure = [clue for clue in sure if clue.place.file.startswith(_PROCFILE) or not (only or _of_deployment(clue))]
    if not sure:
        _leave(drawn, name, found)
        return
    edit = {"kind": "set", "path": format_path(("processes", name, "exec")), "value": sure[0].value}
    drawn.edits.append(ProposedEdit(edit, sure[0].certainty, tuple(map(reason, _shown(sure)))))


def _tests(drawn: Drawn, found: Sequence[Clue]) -> None:
    """Draw the commands that test it, from one kind of file: others say the same again."""
    sure = [clue for clue in _sure(found) if _is_command(clue.value)]
    chosen = next(
        (of for start in _TESTS if (of := [clue for clue in sure if clue.place.file.startswith(start)])), sure
    )
    commands = tuple(dict.fromkeys(str(clue.value) for clue in chosen))
    if not commands:
        _leave(drawn, "enterTest", list(found))
        return
    text = "".join(f"{command}\n" for command in commands)
    edit = {"kind": "set", "path": "enterTest", "value": text}
    drawn.edits.append(ProposedEdit(edit, _strongest(chosen), tuple(map(reason, chosen))))


def _is_command(value: object) -> bool:
    """Return whether a value is a command that may stand in a file that others read."""
    return isinstance(value, str) and bool(value) and not secrets.secrets_of(value)


def _leave(drawn: Drawn, name: str, found: Sequence[Clue]) -> None:
    if found:
        drawn.possible.append(Possible(name, tuple(map(reason, _shown(found)))))


def _shown(clues: Iterable[Clue]) -> Iterator[Clue]:
    """Yield the closest clue of each line, the closest first."""
    seen = set[tuple[str, int | None]]()
    for clue in sorted(clues, key=closeness):
        place = clue.place.file, clue.place.line
        if place not in seen:
            seen.add(place)
            yield clue
            if len(seen) == _MOST_REASONS:
                return
