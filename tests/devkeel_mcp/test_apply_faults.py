"""apply_environment over stdio when the build or the client misbehaves: memory, orphans, the declaration.

Each begins with a good environment, and a change by devkeel whose build does not come to a good end.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .misbehaving import FAILS, FLOOD, HANGS, LEAVES, LEAVES_WITH_ITS_OUTPUT, LOG, MARK, MOST, floods
from .wire import LONG, Wire, children, running_with, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[..., Path]

pytestmark = pytest.mark.nix


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare Nix the search for a binary cache, and a gigabyte of compressed log."""
    folder = tmp_path / "nix-conf"
    folder.mkdir()
    (folder / "nix.conf").write_text("substitute = false\nsandbox = false\nkeep-build-log = false\n")
    monkeypatch.setenv("NIX_CONF_DIR", str(folder))


@dataclass
class Bad:
    """A server on a project with a good environment and a change that does not build."""

    wire: Wire
    root: Path
    good: str
    bad: str

    def declared(self) -> str:
        return (self.root / "devenv.nix").read_text()

    def building(self) -> bool:
        """Wait until the build is under way."""
        until(lambda: running_with(MARK))
        return True

    def nothing_is_left(self) -> bool:
        until(lambda: not running_with(MARK))
        assert self.wire.process.poll() is not None or self.wire.memory() < MOST
        return True


@pytest.fixture
def bad(pinned_project: Make) -> Iterator[Callable[..., Bad]]:
    opened: list[Wire] = []

    def make(script: str, job_after: float = 40.0) -> Bad:
        attributes = f'name = "bad"; system = pkgs.system; builder = "/bin/sh"; args = [ "-c" "{script}" ];'
        root = pinned_project("packages = [ ];", {"devkeel.toml": f"job_after = {job_after}\n"})
        wire = Wire(root)
        opened.append(wire)
        job = wire.told("apply_environment")
        while job.get("state") == "running":  # on a machine that is busy
            job = wire.told("job", id=job["id"], wait=30)
        good = (root / "devenv.nix").read_text()
        new = f"packages = [ (builtins.derivation {{ {attributes} }}) ];"
        edit = {"kind": "replace_text", "old": "packages = [ ];", "new": new}
        wire.told("edit_environment", edits=[edit], level="schema")
        return Bad(wire, root, good, (root / "devenv.nix").read_text())

    yield make
    for wire in opened:
        wire.__exit__()


def test_a_build_that_fails(bad: Callable[..., Bad]) -> None:
    here = bad(FAILS)
    error = here.wire.error("apply_environment", on_failure="restore")
    assert (error["code"], error["seen"], here.declared()) == ("build_failed", "bad", here.good)
    assert "widget.c:3" in error["message"]
    assert here.nothing_is_left()


def test_a_build_that_hangs_goes_on_as_a_job_and_is_cancelled(bad: Callable[..., Bad]) -> None:
    here = bad(HANGS, job_after=2.0)
    job = here.wire.told("apply_environment", on_failure="restore")
    assert (job["state"], here.building()) == ("running", True)
    ended = here.wire.told("cancel_job", id=job["id"])
    assert (ended["state"], ended["survivors"], running_with(MARK)) == ("cancelled", [], [])
    # Who cancels has not seen it fail: nothing is taken back.
    assert here.declared() == here.bad
    assert here.nothing_is_left()


def test_a_build_that_floods_its_output(bad: Callable[..., Bad]) -> None:
    here = bad(floods(FLOOD, "\\\\0"), job_after=2.0)
    _, job = here.wire.asked("apply_environment", on_failure="restore")
    while job.get("state") == "running":
        job = here.wire.told("job", id=job["id"], cursor=job["cursor"], wait=30)
    assert job["error"]["code"] == "build_failed"
    assert here.declared() == here.good
    assert here.nothing_is_left()
    assert sum(path.stat().st_size for path in (here.root / ".devkeel/jobs").iterdir()) < LOG


def test_a_build_that_leaves_its_session(bad: Callable[..., Bad]) -> None:
    here = bad(LEAVES)
    error = here.wire.error("apply_environment", on_failure="restore")
    assert (error["code"], here.declared(), running_with(MARK)) == ("build_failed", here.good, [])
    assert here.nothing_is_left()


def test_a_build_that_leaves_its_session_and_holds_its_output(bad: Callable[..., Bad]) -> None:
    # Nix reads on until the output is closed.
    here = bad(LEAVES_WITH_ITS_OUTPUT, job_after=2.0)
    job = here.wire.told("apply_environment", on_failure="restore")
    assert here.building()
    assert here.wire.told("cancel_job", id=job["id"])["survivors"] == []
    assert running_with(MARK) == []
    assert here.nothing_is_left()


@pytest.mark.parametrize("whom", ["the builder", "Nix"])
def test_a_build_that_is_killed_from_outside(bad: Callable[..., Bad], whom: str) -> None:
    here = bad(HANGS)
    number = here.wire.call("apply_environment", on_failure="restore")
    assert here.building()
    for pid in running_with(MARK) if whom == "the builder" else children(here.wire.process.pid):
        os.kill(pid, signal.SIGKILL)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(here.wire.answer, number)

        def has_ended() -> bool:
            # What was seen may be what only names the builder, which begins a moment later.
            for pid in running_with(MARK) if whom == "the builder" else ():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return answer.done()

        until(has_ended)
    error = answer.result()["result"]["structuredContent"]["error"]
    assert (error["code"], here.declared()) == ("check_crashed", here.good)
    assert here.nothing_is_left()


def test_a_client_that_cancels(bad: Callable[..., Bad]) -> None:
    here = bad(HANGS)
    number = here.wire.call("apply_environment", on_failure="restore")
    assert here.building()
    here.wire.cancel(number)
    assert here.nothing_is_left()
    assert here.declared() == here.bad
    assert here.wire.told("run_command", argv=["true"])["exit_code"] == 0


@pytest.mark.parametrize("way", ["hangs up", "is killed with its server"])
def test_a_client_that_vanishes(bad: Callable[..., Bad], way: str) -> None:
    here = bad(HANGS, job_after=2.0)
    job = here.wire.told("apply_environment", on_failure="restore")
    assert here.building()
    if way == "hangs up":
        here.wire.hang_up()
    else:
        here.wire.process.kill()
    here.wire.process.wait(timeout=LONG)
    assert way != "hangs up" or running_with(MARK) == []
    with Wire(here.root) as next_one:
        assert next_one.told("job", id=job["id"])["state"] == "cancelled"
        assert running_with(MARK) == []
        assert next_one.told("inspect_environment")["revision"]
    assert here.declared() == here.bad
