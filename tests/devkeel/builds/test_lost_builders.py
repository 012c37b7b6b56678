"""A machine that builds for this one: what it built is here, and where it goes away that is no fault of the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import derivation, flake_text, unique
from tests.devkeel_mcp.wire import running_with, until

from devkeel.errors import CheckFailed, Unavailable

if TYPE_CHECKING:
    from tests.loopback_ssh import LoopbackMachine

    from devkeel.api import Environment

pytestmark = pytest.mark.nix


@pytest.fixture
def remote(reached: LoopbackMachine, root: Path, environment: Environment, monkeypatch: Any) -> Any:
    """A project that builds on the other machine alone."""
    (root / "devkeel.toml").write_text(reached.toml())
    environment.agree([reached.uri])
    monkeypatch.setenv("NIX_CONFIG", "max-jobs = 0")
    return reached


def begin(environment: Environment, root: Path, script: str) -> Any:
    (root / "flake.nix").write_text(flake_text({"made": derivation(script)}))
    return environment.build("#made", timeout=60)


def test_what_another_machine_built_is_here(remote: LoopbackMachine, environment: Environment, root: Path) -> None:
    job = begin(environment, root, "echo elsewhere > $out")
    assert job.wait(60)
    (output,) = environment.result(job).outputs
    assert Path(output.path).read_text() == "elsewhere\n"
    assert Path(f"{remote.store}{output.path}").exists()


def test_a_build_that_fails_there_is_the_project_s_fault(
    remote: LoopbackMachine, environment: Environment, root: Path
) -> None:
    job = begin(environment, root, "echo widget.c:3 >&2; exit 1")
    assert job.wait(60)
    with pytest.raises(CheckFailed) as caught:
        environment.result(job)
    assert caught.value.code == "build_failed"


def test_a_machine_that_vanishes_while_it_builds_is_no_fault_of_the_project(
    remote: LoopbackMachine, environment: Environment, root: Path
) -> None:
    mark = f"/bin/sleep 98{os.getpid()}"
    job = begin(environment, root, f"{mark}; echo > $out")
    until(lambda: running_with(mark) or not job.running)
    remote.vanish()
    assert job.wait(60)
    with pytest.raises(Unavailable) as caught:
        environment.result(job)
    assert (caught.value.code, caught.value.details["builder"]) == ("builder_lost", remote.uri)
    until(lambda: not running_with(mark))


def test_a_machine_that_does_not_answer_is_no_fault_of_the_project(
    remote: LoopbackMachine, environment: Environment, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIX_SSHOPTS", remote.options.replace(f"Port={remote.port}", "Port=1"))
    job = begin(environment, root, f"echo {unique()} > $out")
    assert job.wait(60)
    with pytest.raises(Unavailable) as caught:
        environment.result(job)
    assert (caught.value.code, caught.value.details["builder"]) == ("builder_unreachable", remote.uri)
