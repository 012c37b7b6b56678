"""Fixtures around the stand-in for devenv's command, for every test of this tree.

`devenv` puts the stand-in on PATH; `pinned_project` makes projects whose lock pins the inputs beside this file.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
NIX = ("--option", "substitute", "false", "--extra-experimental-features", "nix-command flakes")
PATIENCE = 10.0
# Who calls devenv by hand has a Nix that builds. What calls it for devkeel says itself what this machine needs.
OF_A_PERSON = "build-users-group =\nsandbox = false\n"


@dataclass(frozen=True)
class Devenv:
    """The stand-in as a test holds it. `folder` has its wrapper, its record of calls and the fault to inject.

    own: it is not on PATH, so that devkeel runs processes itself.
    """

    folder: Path
    runtime: Path
    own: bool = False

    @property
    def program(self) -> str:
        """The path of the command."""
        return str(self.folder / "bin" / "devenv")

    def run(
        self, *arguments: str, root: Path, stdin: str = "", check: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in a project, as a program that drives it should: no terminal, no colours."""
        argv = [self.program, "--no-tui", "--quiet", *arguments]
        environment = {**os.environ, "NO_COLOR": "1"}
        return subprocess.run(argv, cwd=root, input=stdin, capture_output=True, text=True, check=check, env=environment)

    def calls(self) -> list[list[str]]:
        """Return the arguments of every call so far, oldest first."""
        record = self.folder / "calls.jsonl"
        return [json.loads(line)["argv"] for line in record.read_text().splitlines()] if record.exists() else []

    def fail(self, kind: str, times: int = 1) -> None:
        """Let the next calls that evaluate fail for a reason that is not the project's.

        kind: `database-locked`, `network`, `disk-full`, `memory`, `store-locked`, `killed`, `hang`.
        """
        (self.folder / "fault.json").write_text(json.dumps({"kind": kind, "times": times}))

    def survivors(self) -> list[int]:
        """Return the PIDs of what was started through this stand-in, or by devkeel itself, and still runs.

        It is known by a variable, or where a program has written its title over that (redis), by its directory.
        """
        marks = {f"STANDIN_HOME={self.folder}".encode(), f"DEVKEEL_PROCESSES={self.folder.parent}/project".encode()}
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                marked = not marks.isdisjoint((entry / "environ").read_bytes().split(b"\0"))
                inside = (entry / "cwd").readlink().is_relative_to(self.folder.parent)
                if state != "Z" and (marked or inside) and int(entry.name) != os.getpid():
                    found.append(int(entry.name))
        return sorted(found)

    def end(self) -> None:
        """End everything that was started through this stand-in, managers first, so that they end theirs."""
        for file in self.runtime.glob("*/processes/native-manager.pid"):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(file.read_text()), signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self.survivors() and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in self.survivors():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def devenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Devenv]:
    """The stand-in on PATH, with a runtime directory of its own; what it started ends with the test."""
    folder = tmp_path / "stand-in"
    (folder / "bin").mkdir(parents=True)
    wrapper = folder / "bin" / "devenv"
    # Its shell is built by the machine's bash, which a sandbox that came with a shell of its own does not have.
    settings = f'NIX_CONFIG="${{NIX_CONFIG:-{OF_A_PERSON}}}\nsandbox = false" STANDIN_HOME="{folder}"'
    wrapper.write_text(f'#!/bin/sh\n{settings} exec "{sys.executable}" -B "{HERE / "command"}" "$@"\n')
    wrapper.chmod(0o755)
    # A socket's path may have 107 bytes, and a test's own folder has most of them already.
    with tempfile.TemporaryDirectory(prefix="dv-") as runtime:
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        held = Devenv(folder, Path(runtime))
        yield held
        held.end()


@pytest.fixture(params=["devenv", "own"])
def runner(request: pytest.FixtureRequest, devenv: Devenv, monkeypatch: pytest.MonkeyPatch) -> Devenv:
    """The stand-in, which runs processes; then the same test without it on PATH, where devkeel runs them itself."""
    if request.param == "devenv":
        return devenv
    request.getfixturevalue("offline")
    entries = [entry for entry in os.environ["PATH"].split(os.pathsep) if not Path(entry, "devenv").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(entries))
    return replace(devenv, own=True)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare Nix the search for a binary cache: nothing that tests build is in one."""
    folder = tmp_path / "nix-conf"
    folder.mkdir()
    (folder / "nix.conf").write_text("substitute = false\nsandbox = false\ndownload-attempts = 1\n")
    monkeypatch.setenv("NIX_CONF_DIR", str(folder))


@dataclass(frozen=True)
class Pinned:
    """An input in a folder of its own, and its node in a lock file."""

    path: Path
    url: str
    node: dict[str, Any]


@pytest.fixture(scope="session")
def pinned_inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pinned]:
    """The inputs `devenv` (src/modules/top-level.nix) and `nixpkgs` (lib/, default.nix), copied, and in the store."""
    folder = tmp_path_factory.mktemp("inputs")
    found = {}
    for name, inner in (("devenv", "src/modules"), ("nixpkgs", "")):
        path = folder / name
        shutil.copytree(HERE / "inputs" / name, path)
        extra = {"dir": inner} if inner else {}
        add = ["nix", *NIX, "store", "add-path", "--name", "source", str(path)]
        subprocess.run(add, check=True, capture_output=True)
        told = subprocess.run(["nix", *NIX, "hash", "path", str(path)], check=True, capture_output=True, text=True)
        locked = {**extra, "lastModified": 1, "narHash": told.stdout.strip(), "path": str(path), "type": "path"}
        node = {"locked": locked, "original": {"path": str(path), "type": "path", **extra}}
        found[name] = Pinned(path, f"path:{path}" + (f"?dir={inner}" if inner else ""), node)
    return found


@pytest.fixture
def pinned_project(tmp_path: Path, pinned_inputs: dict[str, Pinned]) -> Callable[..., Path]:
    """A function that makes a project: `pinned_project("packages = [ pkgs.jq ];")` gives its root.

    The text becomes the body of devenv.nix, or all of it where it is a function already. Further files come by
    name: `pinned_project(text, {"devenv.local.nix": "{ }"})`. devenv.yaml and devenv.lock pin the copied inputs.
    """

    def make(text: str, files: dict[str, str] | None = None, *, name: str = "project") -> Path:
        root = tmp_path.resolve() / name
        root.mkdir()
        inputs = sorted(pinned_inputs.items())
        urls = "".join(f"  {each}:\n    url: {pinned.url}\n" for each, pinned in inputs)
        nodes = {each: pinned.node for each, pinned in inputs}
        nodes["root"] = {"inputs": {each: each for each, _ in inputs}}
        module = text if text.lstrip().startswith("{") else f"{{ pkgs, lib, config, ... }}:\n{{\n  {text}\n}}\n"
        written = {
            "devenv.nix": module,
            "devenv.yaml": f"inputs:\n{urls}",
            "devenv.lock": json.dumps({"nodes": nodes, "root": "root", "version": 7}, indent=2) + "\n",
            **(files or {}),
        }
        for path, content in written.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        return root

    return make
