"""A build and a command with packages over stdio when they misbehave: memory, orphans, logs.

The scripts are those of `test_apply_faults`, which has the client that vanishes too: jobs are the same for all verbs.
One server is asked all of it.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import derivation, flake_text

from .misbehaving import FAILS, HANGS, LEAVES, LEAVES_WITH_ITS_OUTPUT, LOG, MARK, MOST, floods
from .wire import Wire, running_with, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.nix, pytest.mark.xdist_group("nix_faults")]
SCRIPTS = {
    "fails": FAILS,
    "hangs": HANGS,
    "floods": floods(64),
    "leaves": LEAVES,
    "holds": LEAVES_WITH_ITS_OUTPUT,
}
VERBS = ("build_output", "run_packages")


@pytest.fixture(scope="module")
def served(nix_configuration: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wire, Path]]:
    root = tmp_path_factory.mktemp("project")
    packages = {name: derivation(text) for name, text in SCRIPTS.items()} | {"good": derivation("mkdir -p $out/bin")}
    (root / "flake.nix").write_text(flake_text(packages))
    (root / "devkeel.toml").write_text("job_after = 3.0\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NIX_CONF_DIR", str(nix_configuration))
        with Wire(root, flags=("--toolsets", "core,nix")) as wire:
            wire.told("build_output", target="#good")
            yield wire, root
            assert wire.memory() < MOST
            assert sum(path.stat().st_size for path in (root / ".devkeel").glob("jobs/*")) < LOG * len(VERBS)


def given(verb: str, script: str) -> dict[str, Any]:
    """Return the arguments with which a verb runs a script: as what builds, or as the command."""
    if verb == "build_output":
        return {"target": f"#{script}"}
    return {"packages": ["#good"], "argv": ["/bin/sh", "-c", SCRIPTS[script]]}


def ended(wire: Wire, verb: str, script: str) -> dict[str, Any]:
    """Return what came of a script in the end: the error of a build, the result of a command."""
    failed, told = wire.asked(verb, **given(verb, script))
    while told.get("state") == "running":
        told = wire.told("job", id=told["id"], cursor=told["cursor"], wait=30)
    if "state" in told:
        told, failed = (told["error"], True) if told["error"] else (told["result"], False)
    elif failed:
        told = told["error"]
    assert failed == (verb == "build_output")
    return told


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("script", ["fails", "leaves", "holds", "floods"])
def test_one_that_ends_badly_leaves_nothing(served: tuple[Wire, Path], verb: str, script: str) -> None:
    told = ended(served[0], verb, script)
    if verb == "build_output":
        assert told["code"] == "build_failed"
        assert script != "fails" or "widget.c:3" in told["message"]
    else:
        assert told["exit_code"] == 1
        assert script != "fails" or "widget.c:3" in told["stderr"]
        assert bool(told["ended_too"]) == (script in ("leaves", "holds"))
    assert running_with(MARK) == []


@pytest.mark.parametrize("verb", VERBS)
def test_one_that_hangs_goes_on_as_a_job_and_is_cancelled(served: tuple[Wire, Path], verb: str) -> None:
    wire, _ = served
    job = wire.told(verb, **given(verb, "hangs"))
    assert job["state"] == "running"
    until(lambda: running_with(MARK))
    done = wire.told("cancel_job", id=job["id"])
    assert (done["state"], done["survivors"], running_with(MARK)) == ("cancelled", [], [])


@pytest.mark.parametrize("verb", VERBS)
def test_one_that_is_killed_from_outside(served: tuple[Wire, Path], verb: str) -> None:
    wire, _ = served
    number = wire.call(verb, **given(verb, "hangs"))
    until(lambda: running_with(MARK))
    for pid in running_with(HANGS):
        os.kill(pid, signal.SIGKILL)
    told = wire.answer(number)["result"]["structuredContent"]
    found = told["error"]["code"] if verb == "build_output" else told["exit_code"]
    assert found == ("check_crashed" if verb == "build_output" else -signal.SIGKILL)
    until(lambda: not running_with(MARK))


@pytest.mark.parametrize("verb", VERBS)
def test_a_client_that_takes_its_call_back_ends_it(served: tuple[Wire, Path], verb: str) -> None:
    wire, _ = served
    number = wire.call(verb, **given(verb, "hangs"))
    until(lambda: running_with(MARK))
    wire.cancel(number)
    until(lambda: not running_with(MARK))
