"""Libraries of Python as a person adds and removes them: the manifest keeps what was not asked about."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.libraries.resolve import resolvers

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


@pytest.mark.usefixtures("own_index")
def test_a_library_of_an_included_file_is_changed_there(devkeel: Shell) -> None:
    (devkeel.root / "requirements.txt").write_text("-r base.txt\n")
    (devkeel.root / "base.txt").write_text("numbers-lib==1.0.0\n")
    outcome = devkeel("library", "add", "--language", "python", "numbers-lib==2.0.0", "--json")
    assert outcome.data["files"] == ["base.txt"]
    assert "resolution" in outcome.data["checks"]["ran"]
    assert (devkeel.root / "base.txt").read_text() == "numbers-lib==2.0.0\n"
    assert not devkeel("undo").code
    assert (devkeel.root / "base.txt").read_text() == "numbers-lib==1.0.0\n"


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


HASHED = "numbers-lib==1.0.0 --hash=sha256:{}  # why\n"


def digest_of(index: dict[str, str], name: str) -> str:
    directory = Path(index["UV_DEFAULT_INDEX"].removeprefix("file://"))
    (wheel,) = directory.rglob(f"{name}-*.whl")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.mark.usefixtures("own_index")
class TestHashes:
    """A file that holds libraries to hashes, against an index of the tests' own."""

    @pytest.fixture(autouse=True)
    def manifest(self, devkeel: Shell, index: dict[str, str]) -> Path:
        found = devkeel.root / "requirements.txt"
        found.write_text(HASHED.format(digest_of(index, "numbers_lib-1.0.0")))
        return found

    def add(self, devkeel: Shell, *names: str) -> str:
        assert not devkeel("library", "add", "--language", "python", *names).code
        manifest = devkeel.root / "requirements.txt"
        pip = (sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--require-hashes", "--quiet")
        report = ("--report", os.devnull, "--requirement", str(manifest))
        subprocess.run([*pip, *report], check=True, timeout=120)
        return manifest.read_text()

    def test_another_version_has_its_own_hashes(self, devkeel: Shell, index: dict[str, str]) -> None:
        found = self.add(devkeel, "numbers-lib==2.0.0")
        digest = digest_of(index, "numbers_lib-2.0.0")
        assert found == HASHED.format(digest).replace("1.0.0", "2.0.0")

    def test_a_new_library_has_a_version_and_hashes_and_brings_what_it_needs(
        self, devkeel: Shell, index: dict[str, str], manifest: Path
    ) -> None:
        plain = f"plain==1.0.0 --hash=sha256:{digest_of(index, 'plain')}\n"
        assert self.add(devkeel, "plain") == HASHED.format(digest_of(index, "numbers_lib-1.0.0")) + plain
        manifest.write_text(f"plain==1.0.0 \\\n    --hash=sha256:{digest_of(index, 'plain')}\n")
        found = self.add(devkeel, "frames<2")
        assert "\nframes==1.5.3 \\\n    --hash=sha256:" in found
        assert "\nnumbers-lib==1.0.0 \\\n    --hash=sha256:" in found

    def test_a_file_that_includes_the_needed_one_names_it_once(self, devkeel: Shell, index: dict[str, str]) -> None:
        (devkeel.root / "requirements.txt").rename(devkeel.root / "base.txt")
        (devkeel.root / "requirements.txt").write_text(
            f"-r base.txt\nplain==1.0.0 --hash=sha256:{digest_of(index, 'plain')}\n"
        )
        assert "numbers-lib" not in self.add(devkeel, "frames==1.5.3")
        (devkeel.root / "requirements.txt").write_text("-r base.txt\n")
        assert "plain==1.0.0 --hash=sha256:" in self.add(devkeel, "plain").replace("\\\n    ", "")

    @pytest.mark.parametrize("names", [("numbers-lib==2.0.0",), ("plain",)])
    @pytest.mark.parametrize("more", [("--level", "schema"), ("--dry-run",)])
    def test_without_the_index_nothing_is_written(
        self, devkeel: Shell, manifest: Path, names: tuple[str, ...], more: tuple[str, ...]
    ) -> None:
        before = manifest.read_bytes()
        outcome = devkeel("library", "add", "--language", "python", *more, *names, "--json")
        assert outcome.data["error"]["code"] == "no_hashes"
        assert manifest.read_bytes() == before

    def test_without_uv_it_is_refused_too(
        self, devkeel: Shell, manifest: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resolvers, "find_uv", lambda: None)
        before = manifest.read_bytes()
        outcome = devkeel("library", "add", "--language", "python", "plain==1.0.0", "--json")
        assert outcome.data["error"]["code"] == "no_hashes"
        assert manifest.read_bytes() == before

    def test_what_goes_needs_none(self, devkeel: Shell, manifest: Path) -> None:
        manifest.write_text(manifest.read_text() + "plain==1.0.0 --hash=sha256:aa\n")
        library(devkeel, "remove", "plain")
        assert "plain" not in manifest.read_text()


@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize(
    ("names", "remedy"),
    [
        (("frames==1.5.3", "numbers-lib==2.0.0"), "go together"),
        (("no-such-library",), "name that exists"),
        (("plain==9",), "version that exists"),
    ],
)
def test_what_does_not_resolve_says_what_would_help(devkeel: Shell, names: tuple[str, ...], remedy: str) -> None:
    (devkeel.root / "pyproject.toml").write_text(f"{HEAD}dependencies = []\n")
    outcome = devkeel("library", "add", "--language", "python", *names, "--json")
    assert outcome.data["error"]["code"] == "unresolvable"
    assert remedy in outcome.data["error"]["remedy"]
