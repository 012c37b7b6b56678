"""Whatever a file has in it, a reader says something of it or why it cannot, within bounds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devkeel.detection.gathering import gather
from devkeel.detection.repository import Repository
from devkeel.detection.shell_sources import shell_texts
from devkeel.detection.shell_text import programs_in
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    *("Dockerfile", "compose.yml", ".github/workflows/a.yml", ".gitlab-ci.yml", ".circleci/config.yml"),
    *(".devcontainer.json", "Makefile", "justfile", "Taskfile.yml", "run.sh", ".env.example", "shell.nix"),
)
WORDS = (
    *(
        "FROM",
        "RUN",
        "ARG",
        "ENV",
        "A=1",
        "${A:-b}",
        "$A",
        "python:3.12",
        "<<EOF",
        "EOF",
        "\\",
        "AS",
        "x",
        "CMD",
        "[",
        "]",
    ),
    *("services:", "image:", "ports:", "- ", "&a", "*a", "<<: *a", "jobs:", "steps:", "uses:", "run: |", "with:", "!t"),
    *("{", "}", '"', "'", "test:", "script:", "tasks:", "cmds:", "matrix:", "${{ matrix.a.b }}", "strategy:", "a.b"),
    *(
        "apt-get install -y",
        "libpq-dev",
        "&&",
        "|",
        "$(",
        ")",
        "#!",
        "/usr/bin/env",
        "-S",
        "ifeq",
        ":=",
        "::",
        "=",
        ":",
    ),
    *("\n", "\n  ", "\n    ", "\n\t", "\r\n", "\0", "\u2028", "é", "#", " ", ";", "if", "then", "fi", "features", ","),
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(max_size=60))
def test_nothing_that_a_reader_is_given_ends_it(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    repository = Repository(Project(tmp_path))
    for clue in gather(repository).clues:
        assert clue.place.file == name
        assert clue.place.line is None or clue.place.line >= 1
        assert "\n" not in clue.seen
    for script in shell_texts(repository):
        assert all(program for program, _ in programs_in(script.text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile", "FROM x\nARG A=aa\n" + "ENV A=$A$A\n" * 60),
        ("run.sh", "a|" * 50_000),
        ("run.sh", "<<A\n" * 20_000),
        ("Makefile", "A = " + "x" * 9_000 + "\nt:\n\techo " + "$(A)" * 9_000),
        ("compose.yml", "services:\n" + "  a:\n    image: x\n" * 40_000),
        (".env.example", "A=" + "\\" * 100_000),
        ("justfile", "a " * 100_000),
    ],
)
def test_a_file_that_is_made_to_be_slow_is_not(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    began = time.process_time()
    gather(Repository(Project(tmp_path)))
    for script in shell_texts(Repository(Project(tmp_path))):
        list(programs_in(script.text))
    assert time.process_time() - began < 20  # takes less than a second; without bounds, minutes
