"""Somebody saves each kind of file, in three ways, while a server and the command change it, stopped and killed.

Every line that was saved is afterwards in the file, in what a conflict or a note told, or in an old file whose place
was told. A sample by default; DEVKEEL_FAULTS=all saves 10,000 times per kind of file, 20 minutes in all.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.libraries.resolve.installers import find_uv
from devkeel.project.root import Project
from devkeel.transaction import Transactions

from . import saver
from .serving import COMMAND, VARIABLES, Server, call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Tally

IN_MEMORY = True
WAYS = ("in-place", "beside", "append")
# Of each way of saving a kind of file: how many rounds, each with a small file again, and how many saves in each.
ROUNDS = {True: 4, False: 1}
SAVES = {True: 840, False: 100}
# A round goes on until so many changes were published between the saves, too.
PUBLISHED = {True: 3, False: 1}
_PATIENCE = 90.0
# What the library takes away may be in these alone: a resolver writes them anew.
RENEWED = "uv.lock"
_KEPT = re.compile(r"\.devkeel/displaced/[0-9a-f]{16}-\d+(?:\.gap)?|[\w./-]*\.devkeel-[0-9a-f]{16}-\d+\.tmp(?:\.old)?")
_TURN = 0.05

NIX = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n"
PYPROJECT = '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["plain"]\n'
Edits = list[dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A kind of file: what the project has, two edits that take turns, and a command that changes it too."""

    file: str
    text: str
    there: Edits
    back: Edits
    command: tuple[str, ...]
    others: dict[str, str] = field(default_factory=dict)
    level: str | None = "schema"


def _replaced(file: str, old: str, new: str) -> tuple[Edits, Edits, tuple[str, ...]]:
    """Return a text's replacement, its way back, and what the command does."""
    there = {"kind": "replace_text", "file": file, "old": old, "new": new}
    back = {"kind": "replace_text", "file": file, "old": new, "new": old}
    return [there], [back], ("patch", file, "--old", old, "--new", new, "--level", "schema")


def _library(language: str, file: str, name: str, **more: Any) -> tuple[Edits, Edits, tuple[str, ...]]:
    """Return adding a library, removing it, and adding another one by the command."""
    both = ({"kind": kind, "language": language, "file": file, "names": [name]} for kind in _LIBRARY)
    there, back = ([item | more] for item in both)
    command = ("library", "add", "other-one", "--language", language, "--file", file, "--level", "schema")
    return there, back, command


_LIBRARY = ("add_library", "remove_library")
_SET: tuple[Edits, Edits, tuple[str, ...]] = (
    [{"kind": "add_packages", "names": ["hello"]}],
    [{"kind": "remove_packages", "names": ["hello"]}],
    ("set", "env.BY_COMMAND", "1", "--level", "schema"),
)
_INPUT: tuple[Edits, Edits, tuple[str, ...]] = (
    [{"kind": "set_input", "name": "other", "url": "github:a/b"}],
    [{"kind": "remove_input", "name": "other"}],
    ("input", "add", "third", "github:c/d", "--level", "syntax"),
)
_YAML = "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n"
_CONDA = "name: a\nchannels:\n  - conda-forge\ndependencies:\n  - python\n  - six\n"
_NPM = '{\n  "name": "a",\n  "dependencies": {\n    "left-pad": "^1.3.0"\n  }\n}\n'
_CARGO = '[package]\nname = "a"\nversion = "0.1.0"\n\n[dependencies]\nserde = "1"\n\n[features]\n'
_LOCK = '{\n  "nodes": { "root": { } },\n  "root": "root",\n  "version": 7\n}\n'
_FLAKE = '{\n  description = "one";\n  outputs = _: { };\n}\n'

KINDS = (
    Kind("devenv.nix", NIX, *_SET),
    Kind("devenv.yaml", _YAML, *_INPUT, {"devenv.nix": NIX}, "syntax"),
    Kind("pyproject.toml", PYPROJECT + "\n[tool.mine]\n", *_library("python", "pyproject.toml", "idna")),
    Kind("requirements.txt", "six\n", *_library("python", "requirements.txt", "idna")),
    Kind("package.json", _NPM, *_library("javascript", "package.json", "is-odd"), {"devenv.nix": NIX}),
    Kind("Cargo.toml", _CARGO, *_library("rust", "Cargo.toml", "anyhow"), {"devenv.nix": NIX}),
    Kind("environment.yml", _CONDA, *_library("python", "environment.yml", "idna")),
    Kind(".envrc", "use devenv\n", *_replaced(".envrc", "use devenv\n", "use devenv --x\n"), {"devenv.nix": NIX}),
    Kind(".gitignore", "a\n", *_replaced(".gitignore", "a\n", "b\n"), {"devenv.nix": NIX}),
    Kind("flake.nix", _FLAKE, *_replaced("flake.nix", '"one"', '"two"')),
    Kind("devkeel.toml", 'level = "schema"\n', *_SET, {"devenv.nix": NIX}),
    Kind("devenv.lock", _LOCK, *_SET, {"devenv.nix": NIX}),
    Kind(RENEWED, "", *_library("python", "pyproject.toml", "numbers-lib"), {"pyproject.toml": PYPROJECT}, None),
)


class Told:
    """Everything that devkeel has said."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.published = 0

    def take(self, text: str) -> None:
        self.parts.append(text)
        self.published += text.count('"published":true') + text.count('"published": true')

    @property
    def text(self) -> str:
        return "\n".join(self.parts)


class Agents(threading.Thread):
    """A server and the command that change the project by turns, until they are told to stop; both are started anew."""

    def __init__(self, root: Path, kind: Kind, seed: int, variables: dict[str, str]) -> None:
        super().__init__()
        self.root, self.kind, self.chance, self.variables = root, kind, random.Random(seed), variables
        self.told, self.stopped = Told(), threading.Event()
        self.server: Server | None = None
        self.running: subprocess.Popen[bytes] | None = None
        self.commands = threading.Thread(target=self._command)

    def run(self) -> None:
        self.commands.start()
        number = 10
        while not self.stopped.is_set():
            try:
                with Server(self.root, self.variables) as self.server:
                    while not self.stopped.is_set():
                        number += 1
                        self._ask(self.server, number)
            except (OSError, ValueError):
                continue
        self.commands.join()

    def _ask(self, server: Server, number: int) -> None:
        edits = self.kind.there if number % 2 else self.kind.back
        level = {"level": self.kind.level} if self.kind.level else {}
        if self.chance.random() < 0.15:
            server.say(call(number, "undo"))
        else:
            server.say(call(number, "edit_environment", edits=edits, **level))
        while True:
            assert server.process.stdout is not None
            line = server.process.stdout.readline()
            if not line:
                raise OSError
            self.told.take(line.decode().replace("\\n", "\n"))
            if f'"id":{number}' in line.decode().replace(" ", ""):
                return

    def _command(self) -> None:
        while not self.stopped.is_set():
            argv = (*self.kind.command, "--json") if self.chance.random() < 0.6 else ("undo", "--json")
            self.running = start(self.root, self.variables, *argv)
            self.told.take(finished(self.running))

    def interfere(self) -> None:
        """Stop and continue, end or kill one of the two."""
        what = self.chance.choice((signal.SIGSTOP, signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL))
        victim = self.chance.choice((self.server.process if self.server else None, self.running))
        if victim is None or victim.poll() is not None:
            return
        victim.send_signal(what)
        if what == signal.SIGSTOP:
            self.stopped.wait(self.chance.uniform(0.05, 0.4))
            victim.send_signal(signal.SIGCONT)


def start(root: Path, variables: dict[str, str], *argv: str) -> subprocess.Popen[bytes]:
    command = (*COMMAND, "--root", str(root), *argv)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=VARIABLES | variables)


def finished(process: subprocess.Popen[bytes]) -> str:
    return process.communicate()[0].decode().replace("\\n", "\n")


@dataclass
class Outcome:
    """What came of one run: how many saves, operations, and lines that are nowhere."""

    saves: int
    published: int
    kept: int
    lost: list[int]


def run(root: Path, kind: Kind, way: str, variables: dict[str, str]) -> Outcome:
    """Let somebody save a file so often while devkeel works, and look for every line afterwards."""
    saves, seed = SAVES[_FULL], random.randrange(10**6)
    for name, text in (kind.others | ({kind.file: kind.text} if kind.text else {})).items():
        (root / name).write_text(text)
    log = root.parent / "saved.log"
    agents = Agents(root, kind, seed, variables)
    if kind.file == RENEWED:
        subprocess.run((find_uv() or "uv", "lock", "--quiet"), cwd=root, env=os.environ | variables, check=True)
    agents.start()
    argv = (sys.executable, saver.__file__, str(root / kind.file), way, str(seed), str(log))
    person = subprocess.Popen(argv, stdin=subprocess.PIPE)
    heard, end = 0, time.monotonic() + _PATIENCE
    try:
        while time.monotonic() < end and not _enough(log, saves, agents.told.published):
            agents.stopped.wait(_TURN)
            # not before something was answered again: on a slow machine nobody would get so far
            if len(agents.told.parts) > heard + agents.chance.randrange(2, 12):
                agents.interfere()
                heard = len(agents.told.parts)
        person.communicate()
    finally:
        person.kill()
        agents.stopped.set()
        agents.join()
    assert person.returncode == 0
    return _judged(root, kind, log, agents.told, variables)


def _enough(log: Path, saves: int, published: int) -> bool:
    return published >= PUBLISHED[_FULL] and log.exists() and log.read_bytes().count(b"\n") >= saves


def _judged(root: Path, kind: Kind, log: Path, told: Told, variables: dict[str, str]) -> Outcome:
    for argv in (("doctor", "--repair", "--json"), ("inspect", "--json"), ("doctor", "--json")):
        told.take(finished(start(root, variables, *argv)))
    places = {Path(root, place) for place in _KEPT.findall(told.text)}
    kept = [place for place in places if place.exists()]
    found = "".join([told.text, (root / kind.file).read_text(), *(place.read_text() for place in kept)])
    if kind.file == RENEWED:
        found += _history(root)
    numbers = {int(number) for number in re.findall(r"saved-(\d+)", found)}
    saved = [int(line) for line in log.read_text().split()]
    return Outcome(len(saved), told.published, len(kept), [number for number in saved if number not in numbers])


def _history(root: Path) -> str:
    """Return what operations replaced: a resolver writes a lock anew, and the history has it as it was."""
    with Transactions(Project(root)) as transactions:
        operations = transactions.history(limit=100_000)
        return "".join((image.before or b"").decode() for item in operations for image in transactions.images(item))


def _cases(*, full: bool) -> Iterator[tuple[Kind, str]]:
    for number, kind in enumerate(KINDS):
        yield from ((kind, way) for way in (WAYS if full else (WAYS[number % 3],)))


def _without(*, full: bool) -> Iterator[tuple[str, str]]:
    for number, off in enumerate(("renameat2", "leases", "renameat2,leases")):
        yield from ((off, way) for way in (WAYS if full else (WAYS[number],)))


_FULL = os.environ.get("DEVKEEL_FAULTS") == "all"


@pytest.fixture
def variables(index: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Of every process here: the tests' own libraries, and a cache of its own."""
    return {**index, "XDG_CACHE_HOME": str(tmp_path / "cache"), "UV_CACHE_DIR": str(tmp_path / "cache" / "uv")}


@pytest.mark.parametrize(("kind", "way"), tuple(_cases(full=_FULL)), ids=lambda item: getattr(item, "file", item))
def test_no_line_that_was_saved_is_lost(
    kind: Kind, way: str, tmp_path: Path, variables: dict[str, str], tally: Tally
) -> None:
    outcomes = [run(_project(tmp_path, number), kind, way, variables) for number in range(ROUNDS[_FULL])]
    _tell(f"{kind.file}, {way}", outcomes, tally)
    assert not [item.lost for item in outcomes if item.lost]
    assert sum(item.published for item in outcomes)


@pytest.mark.parametrize(("off", "way"), tuple(_without(full=_FULL)))
def test_without_mechanisms_of_linux_every_line_can_be_found(
    off: str, way: str, tmp_path: Path, variables: dict[str, str], tally: Tally
) -> None:
    variables["DEVKEEL_WITHOUT"] = off
    outcomes = [run(_project(tmp_path, number), KINDS[0], way, variables) for number in range(ROUNDS[_FULL])]
    _tell(f"without {off}, {way}", outcomes, tally)
    assert not [item.lost for item in outcomes if item.lost]
    assert sum(item.published for item in outcomes)


def _project(folder: Path, number: int) -> Path:
    root = folder / f"{number}" / "project"
    root.mkdir(parents=True)
    return root


def _tell(what: str, outcomes: list[Outcome], tally: Tally) -> None:
    saves, published, kept = (sum(getattr(item, name) for item in outcomes) for name in ("saves", "published", "kept"))
    lost = sum(len(item.lost) for item in outcomes)
    tally.saves += saves
    line = f"{what}: {saves} saves, {published} published, {kept} old files kept, {lost} lines lost"
    tally.lines.append(line)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
