"""The library names no tool, verb or flag of a client: it marks what is meant, and each client says it."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from devkeel_cli.group import VERBS, cli
from devkeel_mcp.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "tools"
WORDS = sys.modules["tests_beside_words"]
# Words of English, and kinds of edits, which are the library's own.
OTHERWISE = {"job", "undo", "diagnose", "report", "add_packages", "add_library"}
NAMES = "|".join(sorted({spec.name for spec in TOOLS} - OTHERWISE))
FLAGS = {flag for command in WORDS.commands() for item in command.params for flag in (*item.opts, *item.secondary_opts)}
LONG = "|".join(sorted((flag for flag in FLAGS if flag.startswith("--")), key=len, reverse=True))
GIVEN = "|".join(sorted({name for spec in TOOLS for name in spec.arguments.model_fields} - {"name"}))
NAMED = re.compile(rf"\b(?:{NAMES})\b|\bdevkeel (?:{'|'.join(VERBS)})\b")
# What a sentence of the library would say of a call: `--level`, `level=schema`, `the tool job`, `call undo`.
SAID = re.compile(rf"(?<![\w-])(?:{LONG})(?![\w-])|\b(?:{GIVEN})=(?!=)|\bthe tool (?:job|undo)\b|\bcall (?:job|undo)\b")

# Sentences of the library that hold such words, by file, and why.
ALLOWED = {
    "devkeel/api.py": "`devkeel add` is what a comment about the time of a start has measured",
    "devkeel/builds/file_causes.py": "a flag of tar",
    "devkeel/candidate/stage.py": "variables of a shell",
    "devkeel/catalogue/refresh.py": "a flag of a process of the library's own",
    "devkeel/diagnosis/nix_messages.py": "devenv's flag, as devenv names it",
    "devkeel/diagnosis/obstacles.py": "nix-store's flag",
    "devkeel/diagnosis/phrases/javascript.py": "what node prints of a flag of its own",
    "devkeel/environments/named.py": "what a shell says is the content of the file that is written",
    "devkeel/environments/shell_code.py": "what a shell says is the content of the file that is written",
    "devkeel/generate/devcontainer.py": "what a shell runs is the content of the file that is written",
    "devkeel/generate/image.py": "a flag of the program in an example",
    "devkeel/generate/pipelines/github.py": "what a shell runs is the content of the file that is written",
    "devkeel/generate/pipelines/gitlab.py": "what a shell runs is the content of the file that is written",
    "devkeel/generate/pipelines/plan.py": "what a shell runs is the content of the file that is written",
    "devkeel/history/undo.py": "what the caller gave, as data",
    "devkeel/nix_cli/shell.py": "a flag of nix",
    "devkeel/policy/actions.py": "the verbs of `Environment`, which some tools are called like",
    "devkeel/processes/task_script.py": "a variable of the script",
    "devkeel/project/direnv.py": "direnv's flag",
    "devkeel/project/envrc.py": "the line that a shell runs is the content of the file that is written",
    "devkeel/text/actions.py": "examples of markers, with the library's own names",
}


def _texts(source: str) -> Iterator[tuple[int, str]]:
    """Return comments, and strings that are sentences: words of a command line have no blanks."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_library_names_no_tool_verb_or_flag_of_a_client(path: Path) -> None:
    source, name = path.read_text("utf-8"), path.relative_to(LIBRARY).as_posix()
    found = [
        f"{name}:{number}: {line.strip()}" for number, line in enumerate(source.split("\n"), 1) if NAMED.search(line)
    ]
    found += [f"{name}:{number}: {text}" for number, text in _texts(source) if SAID.search(text)]
    assert bool(found) == (name in ALLOWED), found


def test_what_a_client_says_is_recognised() -> None:
    named = ("call patch_file", "`devkeel env create dev`", "devkeel doctor")
    assert all(map(NAMED.search, named))
    assert all(
        map(SAID.search, ("with --level schema", "level=schema", "the tool job lists them", "call undo with it"))
    )
    assert not any(map(SAID.search, ("a --flag of Nix", "the job ends", "an undo of it")))
    assert "--dry-run" in FLAGS
    assert isinstance(cli, click.Group)
