"""Programs and packages: which package has a program, and by which words a repository shows that it uses one.

`programs.txt` has what is known beside the catalogue's other names.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from devkeel.catalogue import packages
from devkeel.detection.tools import tool_named

__all__ = ["brought", "plain_package", "programs_of", "provider_of", "words_of"]

_SERIES = re.compile(r"[_-]?\d[\d_]*$")
_BY_HAND = re.compile(
    r".*(?:-language-server|-lsp|-ls|-langserver|LanguageServer)|cargo-.*|vscode-.*|.*-headers|.*Headers"
)
# Names of libraries that an operating system has: no file of a project need name what its build looks for.
_LIBRARY = re.compile(r"lib.*|.*-(?:dev|devel|headers)")
_ENDINGS = ("-cli", "-client", "-tools", "-go", "-bin")


@cache
def _known() -> dict[str, tuple[str, ...]]:
    """Return the groups of `programs.txt`."""
    text = Path(__file__).with_name("programs.txt").read_text("utf-8")
    rows = (line for line in text.replace("\n  ", " ").splitlines() if not line.startswith("#"))
    return {name: tuple(words.split()) for name, _, words in (line.partition(": ") for line in rows)}


def plain_package(name: str) -> str:
    """Return a package without the series in its name: `postgresql_16` is postgresql."""
    return _SERIES.sub("", name.rpartition(".")[2]) or name


def provider_of(program: str) -> str | None:
    """Return the package that has a program, or the path of the language that brings it.

    None where it is not known, or needs no declaration: every shell has it, or the machine, or a person.
    """
    if program in _known()["always"] or program in _known()["machine"]:
        return None
    language = _languages().get(program)
    if language is not None:
        return f"languages.{language}"
    tool = tool_named(program)
    if tool is not None:
        return tool.name if tool.about == "package" else None
    found = packages.called(program)
    if found:
        return None if "." in found[0] else found[0]
    return program if packages.is_frequent(program) else None


@cache
def _languages() -> dict[str, str]:
    """Return the language that brings a program, of those that one alone brings."""
    rows = [(name.removeprefix("language "), words) for name, words in _known().items() if name.startswith("language ")]
    every = [word for _, words in rows for word in words]
    return {
        word: name
        for name, words in rows
        for word in words
        if every.count(word) == 1 and ((tool := tool_named(word)) is None or tool.about == "language")
    }


def programs_of(package: str) -> frozenset[str]:
    """Return the programs that a package brings, as far as they are known."""
    plain = plain_package(package)
    names = {package, plain, *_by_package().get(package, ()), *_by_package().get(plain, ())}
    # nodejs is what languages.javascript brings, rustc of what languages.rust does.
    languages = {_languages()[name] for name in names if name in _languages()}
    return frozenset(names) | brought(frozenset(languages), frozenset(), frozenset())


def brought(languages: frozenset[str], services: frozenset[str], options: frozenset[str]) -> frozenset[str]:
    """Return the programs that come with what is enabled. options: the names above `enable` of whatever is."""
    groups = [("language", name) for name in languages] + [("service", name) for name in services]
    groups += [("option", name) for name in options]
    return frozenset(word for kind, name in groups for word in _known().get(f"{kind} {name}", (name,)))


@cache
def _by_package() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for program, names in packages.other_names().items():
        for name in names:
            found.setdefault(name, set()).add(program)
    return {name: frozenset(programs) for name, programs in found.items()}


def words_of(package: str) -> frozenset[str] | None:
    """Return the words that would show that a repository uses a package; None where no file need have one."""
    plain = plain_package(package)
    quiet = {*_known()["by-hand"], *_known()["for-builds"]}
    others = _by_package().get(package, frozenset()) | _by_package().get(plain, frozenset())
    if {package, plain} & quiet or _BY_HAND.fullmatch(plain) or "." in package:
        return None
    others = frozenset(name for name in others if not _LIBRARY.fullmatch(name))
    tool = tool_named(plain)
    if not others and (tool is None or tool.about != "package") and not packages.is_frequent(package):
        return None
    # A configuration is called after its program: `.golangci.yml`, `.prettierrc`, `Taskfile.yml`.
    # sqlx-cli is called sqlx.
    stems = {plain.removesuffix(ending) for ending in _ENDINGS}
    return frozenset({package, plain, *stems, *others, *_known().get(f"package {plain}", ())})
