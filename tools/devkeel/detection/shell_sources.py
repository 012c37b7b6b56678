"""The shell text of a repository that the people of a project run: scripts, recipes, steps of workflows."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from devkeel.detection.readers.devcontainer import DevContainers, commands_of_container
from devkeel.detection.readers.github_actions import GitHubActions, steps_of_workflow
from devkeel.detection.readers.gitlab_ci import CirclePipelines, GitLabPipelines, scripts_of_pipeline
from devkeel.detection.readers.scripts import interpreter, is_script
from devkeel.detection.readers.task_files import TaskFiles, recipes
from devkeel.detection.repository import is_aside
from devkeel.detection.shell_text import ShellText
from devkeel.detection.written import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.detection.registry import EvidenceReader
    from devkeel.detection.repository import Repository, RepositoryFile

__all__ = ["functions_in", "shell_texts"]

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_SCRIPT = re.compile(r".*\.(?:sh|bash)")
_PROCFILE = re.compile(r"Procfile(?:\.dev)?")
# POSIX.1-2024, Shell Command Language, 2.9.5, and Bash's `function`; aliases are names of their own as well.
_FUNCTION = re.compile(
    r"^[ \t]*(?:(?:function[ \t]+)?([\w:.-]+)[ \t]*\(\)|function[ \t]+([\w:.-]+)|alias[ \t]+([\w:.-]+)=)", re.MULTILINE
)
# GitHub, "Workflow commands": steps of a workflow run on a machine that has much more than a shell of development.
_OF_CI = (GitHubActions(), GitLabPipelines(), CirclePipelines())


def shell_texts(repository: Repository) -> Iterator[ShellText]:
    """Yield the shell text of each file that has some, examples, pages and tests aside."""
    for name in repository.names:
        file = None if is_aside(name) or repository.budget.over else repository.file(name)
        if file is None:
            continue
        try:
            yield from _of_file(file)
        except ValueError:
            continue


def _of_pipeline(file: RepositoryFile) -> Iterator[ShellText]:
    # Other jobs run in images that have what they deploy with.
    return scripts_of_pipeline(file, tests=True)


def _of_recipes(file: RepositoryFile) -> Iterator[ShellText]:
    for recipe in recipes(file):
        yield from recipe.texts


_READERS: tuple[tuple[EvidenceReader, Callable[[RepositoryFile], Iterator[ShellText]]], ...] = (
    (TaskFiles(), _of_recipes),
    (GitHubActions(), steps_of_workflow),
    (GitLabPipelines(), _of_pipeline),
    (CirclePipelines(), _of_pipeline),
    (DevContainers(), commands_of_container),
)


def _of_file(file: RepositoryFile) -> Iterator[ShellText]:
    base = posixpath.basename(file.name)
    for reader, texts in _READERS:
        if reader.matches(file.name):
            yield from texts(file)
            return
    if base == "package.json":
        for item in read_json(file.name, file.data).get("scripts").members.values():
            if item.text is not None:
                yield ShellText(file, item.text, item.line, "package.json", exact=False)
    elif _PROCFILE.fullmatch(base):
        for number, line in enumerate(file.lines, 1):
            yield ShellText(file, line.partition(":")[2], number, "the Procfile")
    elif _SCRIPT.fullmatch(base) or (is_script(file.name) and interpreter(file) in _SHELLS):
        yield ShellText(file, file.text, 1, "the script")


def functions_in(text: str) -> set[str]:
    """Return the functions and aliases that a text of shell has."""
    return {name for match in _FUNCTION.finditer(text) for name in match.groups() if name}
