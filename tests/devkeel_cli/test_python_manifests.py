"""Libraries of Python as a person adds and removes them: the manifest keeps what was not asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

HEAD = '[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
SCHEMA = ("--level", "schema")


@pytest.fixture(autouse=True)
def _alone(devkeel: Shell) -> None:
    devkeel.declaration.unlink()


def library(devkeel: Shell, verb: str, *names: str) -> None:
    assert not devkeel("library", verb, "--language", "python", *SCHEMA, *names).code


@pytest.mark.parametrize(
    ("before", "verb", "names", "after"),
    [
        (
            'dependencies = [\n  "uvicorn[standard]>=0.20", # the server\n]\n',
            "add",
            ("uvicorn>=0.30",),
            'dependencies = [\n  "uvicorn[standard]>=0.30", # the server\n]\n',
        ),
        (
            'dependencies = [\n  # "torch>=2",  # when the GPU box is back\n  # "jax",\n]\n',
            "add",
            ("idna",),
            'dependencies = [\n  # "torch>=2",  # when the GPU box is back\n  # "jax",\n  "idna",\n]\n',
        ),
        (
            "dependencies = [\n  \"pywin32>=306; sys_platform == 'win32'\",\n]\n",
            "remove",
            ("pywin32",),
            "dependencies = [\n]\n",
        ),
        (
            '\n[dependency-groups]\ndev_tools = ["idna"]\n',
            "add",
            ("--group", "dev-tools", "certifi"),
            '\n[dependency-groups]\ndev_tools = ["certifi", "idna"]\n',
        ),
        (
            'dependencies = [\n      "attrs"\n    , "boltons" # grab bag\n    ]\n',
            "remove",
            ("boltons",),
            'dependencies = [\n      "attrs"\n    ]\n',
        ),
    ],
)
def test_pyproject(devkeel: Shell, before: str, verb: str, names: tuple[str, ...], after: str) -> None:
    manifest = devkeel.root / "pyproject.toml"
    manifest.write_text(HEAD + before)
    library(devkeel, verb, *names)
    assert manifest.read_text() == HEAD + after


@pytest.mark.parametrize(
    ("before", "verb", "name", "after"),
    [
        ("uvicorn[standard]>=0.20\n", "add", "uvicorn>=0.30", "uvicorn[standard]>=0.30\n"),
        ('pywin32==306 ; sys_platform == "win32"\nb\n', "remove", "pywin32", "b\n"),
        ("\ufeffidna==3.7\n", "add", "idna", "\ufeffidna==3.7\n"),
        ("# C:\\\nidna==3.7\n", "remove", "idna", "# C:\\\n"),
    ],
)
def test_requirements(devkeel: Shell, before: str, verb: str, name: str, after: str) -> None:
    manifest = devkeel.root / "requirements-b.txt"
    manifest.write_bytes(before.encode())
    library(devkeel, verb, "--file", "requirements-b.txt", name)
    assert manifest.read_bytes() == after.encode()


def test_a_line_of_a_text_that_begins_like_a_comment_is_none(devkeel: Shell) -> None:
    file = devkeel.root / "mise.toml"
    file.write_text('[tasks.build]\nrun = """\n#!/usr/bin/env bash\necho hi\n"""\n')
    assert not devkeel("source", "set", "mise.toml", "tasks.build.run", "make build").code
    assert file.read_text() == '[tasks.build]\nrun = "make build"\n'


def test_an_empty_array_keeps_its_comments(devkeel: Shell) -> None:
    file = devkeel.root / "any.toml"
    file.write_text("list = [\n  # first\n]\n")
    assert not devkeel("source", "append", "any.toml", "list", "x").code
    assert file.read_text() == 'list = [\n  # first\n  "x",\n]\n'
