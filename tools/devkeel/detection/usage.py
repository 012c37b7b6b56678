"""What is declared and nothing uses, and what is used and nothing declares: suggestions, never edits by themselves.

A package counts as used where any file has a word for it, so that what is called unused has none at all; a program
counts as missing only where a script, a recipe or a step of a workflow runs it and devkeel knows its package.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.detection.budget import Budget
from devkeel.detection.declared import declared_tools
from devkeel.detection.programs import brought, plain_package, programs_of, provider_of, words_of
from devkeel.detection.repository import ELSEWHERE, Repository
from devkeel.detection.shell_sources import functions_in, shell_texts
from devkeel.detection.shell_text import invocations_in, programs_in
from devkeel.detection.written import read_json
from devkeel.errors import DevkeelError, Place
from devkeel.guard.installers import install_of
from devkeel.project.declaration import read_declaration
from devkeel.project.environment_files import is_lock, is_manifest
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from devkeel.context import Context
    from devkeel.detection.declared import DeclaredTools
    from devkeel.detection.shell_text import ShellText
    from devkeel.project.root import Project

__all__ = ["MissingProgram", "UnusedPackage", "Usage", "usage"]

_MOST_FILES, _MOST_FOLDERS, _MOST_BYTES = 6_000, 3_000, 1024 * 1024
_MOST_PLACES = 5
# Of words, which are many times faster than grammars.
_MOST_WORDS = 512 * 1024 * 1024
# Longer ones are no names, and would be taken apart for long.
_WORD = re.compile(rb"(?<![A-Za-z0-9_+-])[A-Za-z0-9_][A-Za-z0-9_+.-]{0,99}(?![A-Za-z0-9_+.-])")


_NOT_SEARCHED = (
    "Not searched: locks, directories that tools make, and what programs run by themselves. What is called unused may "
    "still be used by hand."
)
_SCRIPTS = frozenset({"", ".sh", ".bash", ".py", ".rb", ".pl", ".js", ".mjs", ".ts"})
_MANIFESTS = frozenset({"Pipfile", "mix.exs", "composer.json", "setup.py", "setup.cfg", "deno.json", "deps.edn"})


class UnusedPackage(Struct, frozen=True):
    """A package that nothing uses. searched: the words that no file has; suggestion: the edit that removes it."""

    name: str
    place: Place
    searched: tuple[str, ...]
    suggestion: dict[str, Any]


class MissingProgram(Struct, frozen=True):
    """A program that nothing declares.

    provider: the package that has it, or the path of the language that brings it. places: what runs it. suggestion:
    the edit that declares that.
    """

    name: str
    provider: str
    places: tuple[Place, ...]
    suggestion: dict[str, Any]


class Usage(Struct, frozen=True):
    """What is declared and not used, and the other way round.

    unjudged: declared packages of which nothing is said: libraries, what a person or an editor runs, what devkeel knows
    no program of. files: how many were searched for words; scripts: those whose commands were read. notes: what was not
    looked at.
    """

    unused: tuple[UnusedPackage, ...]
    missing: tuple[MissingProgram, ...]
    unjudged: tuple[str, ...]
    files: int
    scripts: tuple[str, ...]
    notes: tuple[str, ...]


def usage(context: Context) -> Usage:
    """Return what is declared and not used, and what is used and not declared; see `Environment.usage`."""
    project = context.project
    declared = declared_tools(read_declaration(project), _reading(project))
    if declared is None:
        note = f"Nothing is declared in Nix here: {do('detect')} says what the repository's files ask for."
        return Usage((), (), (), 0, (), (note,))
    repository = Repository(project)
    texts = [*shell_texts(repository)]
    missing = tuple(_missing(project, repository, declared, texts))
    searched = _WordSearch(project, {name: words_of(name) for name in declared.packages})
    unused = _unused(declared, searched)
    unjudged = tuple(name for name, words in searched.wanted.items() if words is None)
    notes = [_NOT_SEARCHED]
    if searched.cut:
        notes.append("There is more than can be searched within bounds, so that nothing is called unused.")
    if repository.cut:
        # A script of the project's own would be called missing.
        notes.append("There are more scripts than can be read within bounds, so that nothing is called missing.")
    return Usage(
        () if searched.cut else unused,
        () if repository.cut else missing,
        unjudged,
        searched.files,
        tuple(sorted({text.file.name for text in texts})),
        tuple(notes),
    )


def _reading(project: Project) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        try:
            return project.read(name)
        except DevkeelError:
            return None

    return read


class _WordSearch:
    """A search of all files for the words of packages. wanted: them by package, None where none need be there."""

    def __init__(self, project: Project, wanted: Mapping[str, frozenset[str] | None]) -> None:
        self.wanted, self.files, self.cut = wanted, 0, False
        self._words = {word.encode() for words in wanted.values() for word in words or ()}
        self.found = set[str]()
        if self._words:
            self._walk(project)

    def _walk(self, project: Project) -> None:
        folders, budget = 0, Budget(most=_MOST_WORDS)
        for folder, names in project.room.walk(ELSEWHERE, _MOST_FOLDERS):
            folders += 1
            self.cut = self.cut or folders >= _MOST_FOLDERS
            for base in names:
                name = posixpath.normpath(f"{folder}/{base}")
                self._take(name.encode("utf-8", "surrogateescape"))
                if is_lock(name) or name.endswith(".nix"):
                    continue
                self.files += 1
                if self.files > _MOST_FILES or budget.over:
                    self.cut = True
                    return
                self._read(project, name, budget)

    def _read(self, project: Project, name: str, budget: Budget) -> None:
        try:
            data = project.read(name) or b""
            budget.spend(len(data))
        except DevkeelError:
            return
        except ValueError:
            self.cut = True
            return
        if len(data) <= _MOST_BYTES and b"\0" not in data[:1024]:
            self._take(data)

    def _take(self, data: bytes) -> None:
        for word in {*_WORD.findall(data)}:
            # `jq.` ends a sentence; `x.proto` ends in a word; `golangci-lint-action` begins with one.
            self.found |= {item.decode() for item in _parts(word) & self._words}


def _parts(word: bytes) -> set[bytes]:
    plain = word.rstrip(b".-+")
    pieces = [*re.split(rb"[._]", plain)]
    dashes = plain.split(b"-")
    heads = {b"-".join(dashes[:size]) for size in range(1, len(dashes) + 1)}
    tails = {b"-".join(dashes[size:]) for size in range(len(dashes))}
    return {word, plain, *pieces, *heads, *tails}


def _unused(declared: DeclaredTools, search: _WordSearch) -> tuple[UnusedPackage, ...]:
    said = {word.decode() for item in _WORD.findall(declared.text.encode()) for word in _parts(item)}
    # An option may use a package by itself: git-hooks, a language that is checked by it.
    options = declared.languages | declared.services | declared.options
    found = list[UnusedPackage]()
    for name, place in declared.packages.items():
        words = search.wanted[name]
        if words is None or words & (search.found | said | options):
            continue
        suggestion = {"kind": "remove_packages", "names": [name]}
        found.append(UnusedPackage(name, place, tuple(sorted(words)), suggestion))
    return tuple(found)


def _missing(
    project: Project, repository: Repository, declared: DeclaredTools, texts: list[ShellText]
) -> Iterable[MissingProgram]:
    """Yield the programs that are run and not declared, each with where."""
    own = _own_names(project, repository, texts) | declared.scripts
    there = brought(declared.languages, declared.services, declared.options)
    packages = {*declared.packages, *map(plain_package, declared.packages)}
    there |= {program for name in declared.packages for program in programs_of(name)}
    places: dict[str, list[Place]] = {}
    for text in texts:
        if repository.budget.over:
            return
        installed = _installed(text)
        for program, row in programs_in(text.text):
            if program not in own | there | installed and "." not in program:
                places.setdefault(program, []).append(Place(text.file.name, text.line(row)))
    for program, found in places.items():
        provider = provider_of(program)
        # What a manifest names brings its programs: typescript has tsc.
        if provider is not None and not {provider, plain_package(provider)} & packages | own & {
            plain_package(provider)
        }:
            once = tuple(dict.fromkeys((place.file, place.line) for place in found))[:_MOST_PLACES]
            yield MissingProgram(program, provider, tuple(Place(*item) for item in once), _declaring(provider))


def _declaring(provider: str) -> dict[str, Any]:
    if provider.startswith("languages."):
        return {"kind": "enable", "name": provider}
    return {"kind": "add_packages", "names": [provider]}


def _installed(text: ShellText) -> set[str]:
    """Return what a text of shell installs itself, so that it is there when it runs."""
    installs = filter(None, map(install_of, invocations_in(text.text)))
    return {name for install in installs for name in install.names}


def _own_names(project: Project, repository: Repository, texts: list[ShellText]) -> set[str]:
    """Return what the project gives a name itself: scripts, functions of shell, and what its manifests name."""
    found = {name for text in texts for name in functions_in(text.text)}
    read = _reading(project)
    for name in repository.names:
        if repository.budget.over:
            break
        base, suffix = posixpath.splitext(posixpath.basename(name))
        if suffix in _SCRIPTS:
            found |= {base, f"{base}{suffix}"}
        elif base == "package" and suffix == ".json":
            found |= _of_package_json(name, read(name) or b"")
        elif is_manifest(name) or f"{base}{suffix}" in _MANIFESTS:
            found |= {word.decode() for word in _WORD.findall(read(name) or b"")}
    return found


def _of_package_json(name: str, data: bytes) -> set[str]:
    """Return what a package.json depends on and the programs that it has: what its scripts find by their names."""
    try:
        root = read_json(name, data)
    except ValueError:
        return set()
    groups = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "bin")
    return {item.rpartition("/")[2] for group in groups for item in root.get(group).members}
