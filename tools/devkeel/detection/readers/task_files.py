"""Makefiles, justfiles and Taskfiles: how the people of a project test it and run it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.detection.shell_text import ShellText, of_shell, programs_in
from devkeel.detection.tools import tool_named
from devkeel.detection.written import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["Recipe", "TaskFiles", "recipes"]

# GNU make, "What Name to Give Your Makefile"; just, README, "Quick Start"; Task, "Supported file names".
_MAKE = re.compile(r"GNUmakefile|[Mm]akefile|(?:[\w.-]+)\.mk")
_JUST = re.compile(r"\.?[Jj]ustfile|[\w.-]+\.just")
_TASK = re.compile(r"[Tt]askfile(?:\.dist)?\.ya?ml")
_TEST, _SERVE = frozenset({"test", "check"}), frozenset({"serve", "server", "dev", "start", "watch"})
# GNU make: a rule begins a line with its targets; `:=`, `::=` and `?=` are assignments.
_RULE = re.compile(r"(?P<targets>[^\s#:=][^:=#]*?)\s*&?::?(?![:=])(?P<rest>[^=]*|[^=]*[^:?+!=]=.*)$")
_ASSIGNMENT = re.compile(r"(?:export\s+|override\s+)*(?P<name>[\w.-]+)\s*(?:::?:?|\?)?=\s*(?P<value>.*)")
_REFERENCE = re.compile(r"\$(?:\((?P<round>[\w.-]+)\)|\{(?P<curly>[\w.-]+)\})")
_OTHER = re.compile(r"\$(?:\([^()]*\)|\{[^{}]*\}|[@<^?*+%])")
_JUST_RULE = re.compile(r"@?(?P<name>[A-Za-z_][\w-]*)(?:\s+[^:]*)?:(?!=)")
_JUST_REFERENCE = re.compile(r"\{\{[^{}]*\}\}")
# What a person has from elsewhere, or what acts on another machine.
_ELSEWHERE = frozenset({"kubectl", "kubernetes-helm", "awscli2", "google-cloud-sdk", "gh", "direnv"})


_LONGEST = 200  # characters of a variable that is filled in


class Recipe(Struct, frozen=True):
    """A target with the shell text that makes it. line: where it begins, from 1."""

    name: str
    line: int
    texts: tuple[ShellText, ...]


class TaskFiles:
    """Reads them."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its name."""
        base = posixpath.basename(name)
        return any(form.fullmatch(base) for form in (_MAKE, _JUST, _TASK))

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield how it is tested and run, and the programs of its recipes."""
        base = posixpath.basename(file.name)
        runner = "just" if _JUST.fullmatch(base) else "task" if _TASK.fullmatch(base) else "make"
        found = [*recipes(file)]
        if runner != "make" and found:
            tool = tool_named(runner)
            if tool is not None:
                yield file.clue("package", tool.name, found[0].line, "certain", f"{tool.spoken} runs this file")
        for recipe in found:
            if not file.nested and recipe.name in _TEST and recipe.texts:
                why = f"{recipe.name} of {base} tests it"
                command = f"{runner} {recipe.name}"
                yield file.clue("test", "enterTest", recipe.line, "likely", why, value=command)
            if not file.nested and recipe.name in _SERVE and recipe.texts:
                why = f"{recipe.name} of {base} runs it"
                command = f"{runner} {recipe.name}"
                yield file.clue("process", recipe.name, recipe.line, "possible", why, value=command)
            for text in recipe.texts:
                yield from of_shell(text)
                yield from _programs(text, recipe.name)


def _programs(text: ShellText, recipe: str) -> Iterator[Clue]:
    for program, row in programs_in(text.text):
        tool = tool_named(program)
        if tool is not None and tool.about == "package":
            sure: Certainty = "possible" if tool.name in _ELSEWHERE or text.file.nested else "likely"
            yield text.file.clue("package", tool.name, text.line(row), sure, f"{recipe} runs {program}")


def recipes(file: RepositoryFile) -> Iterator[Recipe]:
    """Yield the recipes of a file. Raises ValueError for what does not parse."""
    base = posixpath.basename(file.name)
    if _TASK.fullmatch(base):
        yield from _of_task(file)
    elif _JUST.fullmatch(base):
        yield from _of_just(file)
    else:
        yield from _of_make(file)


def _of_make(file: RepositoryFile) -> Iterator[Recipe]:
    values = {found["name"]: found["value"] for line in file.lines if (found := _ASSIGNMENT.fullmatch(line))}
    name, begins, rows = "", 0, list[tuple[int, str]]()
    for number, line in enumerate((*file.lines, "end:"), 1):
        if line.startswith("\t") and name:
            rows.append((number, line))
            continue
        if rows and rows[-1][1].endswith("\\"):
            rows.append((number, line))
            continue
        rule = None if line.startswith((" ", "\t", "#")) else _RULE.fullmatch(line)
        if rule is not None or (line.strip() and not line.startswith(("#", " ", "\t"))):
            for target in name.split():
                yield Recipe(target, begins, tuple(_make_texts(file, rows, values)))
            name, begins, rows = (rule["targets"] if rule is not None else ""), number, []
            if rule is not None and name.startswith("."):
                name = ""


def _make_texts(file: RepositoryFile, rows: list[tuple[int, str]], values: dict[str, str]) -> Iterator[ShellText]:
    """Yield each line of a recipe with those that it goes on in: make gives each to a shell of its own."""
    at = 0
    while at < len(rows):
        last = at
        while rows[last][1].endswith("\\") and last + 1 < len(rows):
            last += 1
        text = "\n".join(line.removeprefix("\t") for _, line in rows[at : last + 1])
        # GNU make, "Recipe Execution": signs before a command are make's own.
        yield ShellText(file, _expanded(re.sub(r"^\s*[@+-]+\s*", "", text), values), rows[at][0], "the Makefile")
        at = last + 1


def _expanded(text: str, values: dict[str, str]) -> str:
    """Return a line with the variables that the file gives a plain value; others are some of the shell's."""

    def value(match: re.Match[str]) -> str:
        known = values.get(match["round"] or match["curly"], "")
        plain = 0 < len(known) <= _LONGEST and "$" not in known and "\\" not in known
        return known if plain else "$_"

    # `$$` is a dollar for the shell.
    parts = text.split("$$")
    return "$".join(_OTHER.sub("$_", _REFERENCE.sub(value, part)) for part in parts)


def _of_just(file: RepositoryFile) -> Iterator[Recipe]:
    found: list[tuple[str, int, list[tuple[int, str]]]] = []
    for number, line in enumerate(file.lines, 1):
        rule = _JUST_RULE.match(line)
        if rule is not None:
            found.append((rule["name"], number, []))
        elif line.startswith((" ", "\t")) and found:
            found[-1][2].append((number, line))
        elif line.strip() and not line.startswith(("#", "[")):
            found.append(("", number, []))
    for name, number, rows in found:
        if name:
            yield Recipe(name, number, tuple(_just_texts(file, rows)))


def _just_texts(file: RepositoryFile, rows: list[tuple[int, str]]) -> Iterator[ShellText]:
    first = rows[0][1].strip() if rows else ""
    # just, README, "Shebang Recipes": another interpreter may run it.
    if not rows or (first.startswith("#!") and not re.search(r"\b(?:ba|z|k|da)?sh\b", first)):
        return
    lines = [re.sub(r"^\s+(?:[@-]+(?=\s*\w))?", "", _JUST_REFERENCE.sub("$_", line)) for _, line in rows]
    yield ShellText(file, "\n".join(lines), rows[0][0], "the justfile")


def _of_task(file: RepositoryFile) -> Iterator[Recipe]:
    for name, task in read_yaml(file).get("tasks").members.items():
        commands = task.get("cmds").items or task.items or ((task.get("cmd") or task),)
        found = [item.get("cmd") if item.members else item for item in commands]
        texts = [
            ShellText(
                file, _JUST_REFERENCE.sub("$_", item.text), item.first or item.line, "the Taskfile", exact=item.exact
            )
            for item in found
            if item.text is not None
        ]
        yield Recipe(name, task.line, tuple(texts))
