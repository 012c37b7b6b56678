"""Which commands install something past a declaration, and what they name."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.guard.downloads import script_at
from devkeel.guard.verbs import FLAGGED, ROWS
from devkeel.guard.words import split
from devkeel.guard.wrappers import SCRIPT
from devkeel.source.shell import UNKNOWN

if TYPE_CHECKING:
    from devkeel.guard.verbs import Kind, Verb
    from devkeel.guard.words import Words
    from devkeel.guard.wrappers import Unwrapped

__all__ = ["Install", "install_of"]


class Install(Struct, frozen=True):
    """What a command would install.

    command: the program with its verb. kind: libraries of a language, programs, a language itself, or tools of which
    some are languages. names: what it names, as far as the text shows. declared: only what may be declared already: the
    project itself, or files of requirements. files: these. places: those that are installed as projects. version: of a
    language. into: the environment that it says it installs into.
    """

    command: str
    kind: Kind
    language: str | None
    names: tuple[str, ...]
    declared: bool = False
    files: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    version: str | None = None
    into: str = ""


# `numpy>=1.26,<2` is read alike by pip and conda; `numpy=1.26` is `==1.26.*` (conda's package match specification).
_SPECIFIED = re.compile(r"([\w.-]+)(?:((?:[<>]=?|[=!~]=)[\w.*]+(?:,(?:[<>]=?|[=!~]=)[\w.*]+)*)|=([\w.]+))")
_PIP_NAME = re.compile(r"pip\d?(?:\.\d+)?")
# What pip takes for a place, not for a name: `.`, `./dist/x.whl`, `git+https://…`.
_PLACE = re.compile(r"[./~]|\w+\+|\w+://|.*\.(?:whl|tar\.gz|zip|deb|rpm|apk|gem)$|file:")
_OWN = re.compile(r"\.{1,2}/?(?:\[[\w,. -]*\])?")
# The places into which all on the machine install: to name them moves nothing.
_USUAL = ("", "/usr/local", "/usr/local/bin", "/usr", "/usr/bin")
# A name with what follows it: a version, a release, an architecture.
_NAMED = re.compile(r"@?[^@=/:<>~!\s][^@=:<>~!\s]*")
# `numpy>=1.26,<2` is read alike by pip and conda; `numpy=1.26` is `==1.26.*` (conda's package match specification).
_SPECIFIED = re.compile(r"([\w.-]+)(?:((?:[<>]=?|[=!~]=)[\w.*]+(?:,(?:[<>]=?|[=!~]=)[\w.*]+)*)|=([\w.]+))")
_NAME = re.compile(r"[\w@./:<>=!~^,+\[\]*# -]+")


def install_of(invocation: Unwrapped) -> Install | None:
    """Return what a command would install, None where it installs nothing, or where that is not certain."""
    program = "pip" if _PIP_NAME.fullmatch(invocation.program) else invocation.program
    if program == SCRIPT:
        return _of_script(invocation.arguments[0])
    if program in FLAGGED:
        return _by_flag(program, invocation.arguments)
    for row in ROWS.get(program, ()):
        found = split(_arguments(program, invocation.arguments), row.valued)
        verb = next((item for item in row.verbs if found.positional[: len(item.split())] == tuple(item.split())), None)
        if verb is None or found.flags & {*row.elsewhere} or (row.needs and not _is_global(found, row)):
            continue
        if any(invocation.assigned.get(name, "") not in _USUAL for name in row.moved):
            continue
        return _made(f"{program} {verb}".strip(), row, found, found.positional[len(verb.split()) :])
    return None


def _arguments(program: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words without those that stand before or among them by rules of their own."""
    if program in ("cargo", "rustup") and arguments[:1] and arguments[0].startswith("+"):  # the toolchain that runs it
        return arguments[1:]
    while program == "nix" and "--option" in arguments:
        at = arguments.index("--option")
        arguments = (*arguments[:at], *arguments[at + 3 :])
    return arguments


def _of_script(address: str) -> Install | None:
    script = script_at(address)
    if script is None:
        return None
    command = f"curl {script.address} | sh"
    if script.language is not None:
        return Install(command, "toolchain", script.language, ())
    return Install(command, "program", None, (script.name,))


def _is_global(found: Words, row: Verb) -> bool:
    places = found.values.get("--location", ())
    return bool(found.flags & {*row.needs} - {"--location"}) or "global" in places


def _by_flag(program: str, arguments: tuple[str, ...]) -> Install | None:
    """Return what the programs install whose verb is an option."""
    shown, installs, nothing = FLAGGED[program]
    found = split(arguments, ("-f", "-p", "--file", "--profile", "--config", "--dbpath", "--root", "-r", "-I"))
    certain = any(installs.fullmatch(item) for item in found.flags) and not any(map(nothing.fullmatch, found.flags))
    names = _names(program, found.positional)
    return Install(f"{program} {shown}", "program", None, names) if certain and found.positional else None


def _made(command: str, row: Verb, found: Words, given: tuple[str, ...]) -> Install | None:
    """Return the install, None where nothing of another place is named: the program says so itself."""
    program = command.partition(" ")[0]
    if program in ("go", "npm", "pnpm", "bun", "deno", "gem", "cargo"):
        given = tuple(item for item in given if not _PLACE.match(item) and (program != "go" or "@" in item))
    if row.kind == "library" and row.language == "python":
        return _of_python(command, row, found, given)
    if program in ("corepack", "rustup-init"):
        names = ("corepack",) if program == "corepack" else ()
        return Install(command, row.kind, row.language, names)
    if row.kind == "toolchain":
        version = None if command.endswith(("component add", "target add")) else next(iter(given), None)
        # nvm and fnm: without a version they install the one of a file, which is declared.
        return (
            Install(command, row.kind, row.language, (), version=version) if given or "--lts" in found.flags else None
        )
    if command == "cargo install" and not given and found.values.get("--git"):
        given = (posixpath.basename(found.values["--git"][0]).removesuffix(".git"),)
    if row.kind == "tool":
        return _of_tools(command, given)
    return Install(command, row.kind, row.language, _names(program, given)) if given else None


def _of_tools(command: str, given: tuple[str, ...]) -> Install | None:
    """Return what managers of many languages install: `node@20`, `npm:prettier`, or for some a name, then a version."""
    apart = command.partition(" ")[0] in ("asdf", "proto", "sdk")
    words = given[:1] if apart else given
    names = tuple(item.rpartition(":")[2].partition("@")[0] for item in words if not item.startswith("@"))
    versions = given[1:2] if apart else [item.partition("@")[2] for item in words if len(words) == 1]
    return Install(command, "tool", None, names, version=next(iter(versions), None)) if given else None


def _place(given: tuple[str, ...]) -> str:
    """Return the environment that is named, `` for none: pip and uv also take a version, or a Python on PATH."""
    return next((item for item in given if "/" in item or item.startswith((".", "~", UNKNOWN))), "")


def _of_python(command: str, row: Verb, found: Words, given: tuple[str, ...]) -> Install | None:
    program = command.partition(" ")[0]

    def values(*names: str) -> tuple[str, ...]:
        return tuple(item for name in names for item in found.values.get(name, ()))

    files, projects = values("-r", "--requirement", "--file"), values("-e", "--editable")
    if not (given or files or projects or program == "setup.py"):
        return None
    conda = program in ("conda", "mamba", "micromamba")
    into = values("-p", "--prefix" if conda else "--python")
    places = tuple(item for item in (*given, *projects) if _OWN.fullmatch(item))
    declared = len(places) == len(given) + len(projects)
    names = _names(program, given)
    return Install(command, row.kind, row.language, names, declared, files, places, into=_place(into))


def _names(program: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is named as devkeel would be given it; what an expansion decides, or a path, is left out."""
    plain = [item for item in given if _NAME.fullmatch(item) and "*" not in item.partition("=")[0]]
    return tuple(dict.fromkeys(filter(None, (_name(program, item) for item in plain if not _PLACE.match(item)))))


def _name(program: str, given: str) -> str:
    if program in ("pip", "uv", "pipx", "easy_install"):
        return given
    if program in ("conda", "mamba", "micromamba"):
        return _of_conda(given.rpartition("::")[2])
    if program in ("nix", "nix-env"):
        return given.rpartition("#")[2].removeprefix("nixpkgs.").removeprefix("nixos.")
    if program == "go":
        parts = [item for item in given.partition("@")[0].split("/") if not re.fullmatch(r"v\d+", item)]
        return parts[-1] if parts else ""
    found = _NAMED.match(given)
    name = found[0] if found else ""
    if program in ("brew", "emerge"):
        return name.rpartition("/")[2]
    return name if name.startswith("@") else name.partition("/")[0]  # a scope of npm, which nixpkgs leaves out


def _of_conda(given: str) -> str:
    """Return a package of conda as a requirement, with its version where that says the same there."""
    found = _SPECIFIED.fullmatch(given)
    if found is None:
        name = _NAMED.match(given)
        return name[0] if name else ""
    return f"{found[1]}{found[2]}" if found[2] else f"{found[1]}=={found[3]}.*"
