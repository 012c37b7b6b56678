"""Where the files of a project name a variable, a program or a port, each with its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.libraries.declared import declared_libraries
from devkeel.project.declaration import dotenv_files
from devkeel.project.envrc import ENVRC
from devkeel.project.root import DECLARATION, DOTENV, PROCFILE
from devkeel.project.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.context import Context
    from devkeel.project.survey import DefinitionView

__all__ = ["Mention", "declared_port", "declared_program", "declared_variable"]

_PORT = re.compile(r"(?:^|\.)(?:port|allocate|value|listenPort|httpPort)$|\.ports\.")
_LIBRARY = re.compile(r"[A-Za-z0-9][\w.-]*")


class Mention(Struct, frozen=True):
    """A place that names it. holds: whether the environment has it from there. path: the option, where it is one."""

    file: str
    line: int
    text: str
    holds: bool = True
    path: str = ""


def declared_variable(context: Context, name: str) -> tuple[Mention, ...]:
    """Return where files define a variable: `env`, text that exports it, the file that dotenv reads, `.envrc`."""
    files = context.declaration()
    found = survey(files, "env").definitions
    mentions = [_of(item) for item in found if item.path == f"env.{name}"]
    whole = [item for item in found if item.path == "env"]
    mentions += [_of(item, f"{item.path} is computed, and may have it") for item in whole]
    exported = re.compile(rf"^(?:[^#\n]*\bexport[ \t]+|[ \t]*){re.escape(name)}=", re.MULTILINE)
    for file, data in sorted(files.items()):
        if file.endswith(".nix"):
            mentions += [Mention(file, line, "text that a shell runs sets it") for line in _lines(data, exported)]
    mentions += _outside(context, name)
    return tuple(mentions)


def _outside(context: Context, name: str) -> Iterator[Mention]:
    asked = dotenv_files(context.declaration())
    why = "dotenv.filename names another file" if asked else "dotenv.enable is not set"
    told = f"{why}, so no environment reads this file"
    if not context.source.exists(DECLARATION):
        ran = context.source.exists(PROCFILE)
        told = "the processes of the Procfile have it, the environment does not" if ran else "no environment reads it"
    line = re.compile(rf"^[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*=", re.MULTILINE)
    for file in sorted({DOTENV, *asked}):
        for number in _lines(context.source.read(file) or b"", line):
            yield Mention(file, number, "dotenv reads it" if file in asked else told, holds=file in asked)
    for number in _lines(context.source.read(ENVRC) or b"", line):
        yield Mention(ENVRC, number, "direnv alone sets it, in shells that enter by this file", holds=False)


def declared_program(context: Context, name: str) -> tuple[Mention, ...]:
    """Return where files declare a program by its own name: a package, a script, a language, a library of Python."""
    files = context.declaration()
    word = re.compile(rf"(?<![\w.-])(?:pkgs\.)?{re.escape(name)}(?![\w.-])")
    mentions = []
    for item in survey(files, None).definitions:
        if item.path == f"scripts.{name}" or item.path.startswith(f"scripts.{name}."):
            mentions.append(_of(item, f"it is the script {name}"))
        elif item.path == f"languages.{name}.enable":
            mentions.append(_of(item, f"languages.{name} brings it"))
        elif item.path == "packages" and item.source and word.search(item.source):
            mentions.append(_of(item, "packages has one of this name"))
    return (*mentions, *_libraries(context, files, name))


def _libraries(context: Context, files: Mapping[str, bytes], name: str) -> Iterator[Mention]:
    """Yield where a manifest names a library so: programs of Python are often called as what brings them."""
    for file, data in sorted(files.items()) if DECLARATION not in files else ():
        for text in declared_libraries({file: data}, context.source.read):
            found = _LIBRARY.match(text)
            if found and _normalised(found[0]) == _normalised(name):
                line = next(_lines(data, re.compile(re.escape(text))), 1)
                yield Mention(file, line, "a library of this name is declared")


def _normalised(name: str) -> str:
    # PEP 503: names of Python libraries are compared normalised.
    return re.sub(r"[-_.]+", "-", name).lower()


def declared_port(context: Context, number: int) -> tuple[Mention, ...]:
    """Return where files have the number as a port."""
    mentions = [
        _of(item)
        for item in survey(context.declaration(), None).definitions
        if item.value == number and item.value is not True and _PORT.search(item.path)
    ]
    word = re.compile(rf"(?<!\d){number}(?!\d)")
    lines = _lines(context.source.read(PROCFILE) or b"", word)
    mentions += [Mention(PROCFILE, line, "a command has the number") for line in lines]
    return tuple(mentions)


def _of(item: DefinitionView, told: str | None = None) -> Mention:
    condition = f", under the condition {item.condition}" if item.condition else ""
    return Mention(item.file, item.line, f"{told or f'{item.path} is set'}{condition}", path=item.path)


def _lines(data: bytes, wanted: re.Pattern[str]) -> Iterator[int]:
    text = data.decode("utf-8", "replace")
    for found in wanted.finditer(text):
        yield text.count("\n", 0, found.start()) + 1
