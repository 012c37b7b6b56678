"""Projects whose inputs are Git repositories of the test, in the work tree that the project is in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

INPUTS = Path(__file__).parents[2] / "devenv" / "inputs"
MODULE = "{ pkgs, ... }:\n{\n  packages = [ pkgs.jq ];\n}\n"


class Repository:
    """An input: a Git repository whose revisions are counted by what is committed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def url(self) -> str:
        return f"git+file://{self.path}"

    def git(self, *words: str) -> str:
        identity = ("-c", "user.email=dev@example.org", "-c", "user.name=dev")
        done = subprocess.run(["git", *identity, *words], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, name: str, text: str) -> str:
        """Commit a file, and return the short revision."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        self.git("add", ".")
        self.git("commit", "-q", "-m", name)
        return self.git("rev-parse", "HEAD")[:7]


class Place:
    """A work tree with a project and its inputs."""

    def __init__(self, top: Path) -> None:
        self.top, self.root = top, top / "project"
        self.root.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(top)], check=True)

    def repository(self, name: str, source: Path | None = None) -> Repository:
        path = self.top / "inputs" / name
        if source is None:
            path.mkdir(parents=True)
        else:
            shutil.copytree(source, path)
        found = Repository(path)
        found.git("init", "-q", "-b", "main")
        if source is not None:
            found.git("add", ".")
            found.git("commit", "-q", "-m", "all")
        return found

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path.resolve() / "top")


@pytest.fixture
def devenv_place(place: Place) -> Place:
    """A project of devenv that is not locked yet: devenv.yaml names both of devenv's own inputs."""
    nixpkgs = place.repository("nixpkgs", INPUTS / "nixpkgs")
    devenv = place.repository("devenv", INPUTS / "devenv")
    place.write("devenv.nix", MODULE)
    urls = f"  nixpkgs:\n    url: {nixpkgs.url}\n  devenv:\n    url: {devenv.url}?dir=src/modules\n"
    place.write("devenv.yaml", f"inputs:\n{urls}")
    return place


@pytest.fixture
def environment(place: Place) -> Iterator[Environment]:
    found = Environment(place.root, actor="test")
    yield found
    found.close()
