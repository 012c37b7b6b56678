"""What goes wrong after a publication says that the change stands, and as which operation."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import standing
from devkeel.transaction import files

from .serving import COMMAND, VARIABLES

if TYPE_CHECKING:
    from devkeel.api import Environment

FULL = Path("/dev/full")
EDIT = [{"kind": "add_packages", "names": ["hello"]}]
# The command, with something that happens at a step of its publication.
AT_A_STEP = """
import os, sys
from devkeel.transaction import files
wanted, action = sys.argv[1:3]
def hook(step):
    if step == wanted:
        exec(action)
files.hook = hook
sys.argv = ["devkeel", *sys.argv[3:]]
from devkeel_cli.run import main
main()
"""


@pytest.mark.parametrize("step", ["published", "swept"])
@pytest.mark.parametrize("problem", [MemoryError(), KeyboardInterrupt()])
def test_an_exception_after_the_commit_says_so(environment: Environment, step: str, problem: BaseException) -> None:
    def hook(name: str) -> None:
        if name == step:
            raise problem

    files.hook = hook
    with pytest.raises(type(problem)) as caught:
        environment.change(parse_edits(EDIT), level="syntax")
    files.hook = None
    newest = environment.history(limit=1).operations[0].id
    assert f"operation {newest}:" in (standing(caught.value) or "")
    assert "hello" in (environment.project.root / "devenv.nix").read_text()


@pytest.mark.parametrize("step", ["published", "swept"])
def test_a_disk_that_fails_after_the_commit_is_a_note(environment: Environment, step: str) -> None:
    def hook(name: str) -> None:
        if name == step:
            raise OSError(5, "a broken disk")

    files.hook = hook
    result = environment.change(parse_edits(EDIT), level="syntax")
    files.hook = None
    assert result.published
    assert any("broken disk" in note for note in result.notes)


@pytest.mark.parametrize("step", ["compared", "prepared", "moved", "all moved"])
def test_an_exception_before_the_commit_says_nothing_of_the_kind(environment: Environment, step: str) -> None:
    def hook(name: str) -> None:
        if name == step:
            raise MemoryError

    files.hook = hook
    with pytest.raises(MemoryError) as caught:
        environment.change(parse_edits(EDIT), level="syntax")
    assert standing(caught.value) is None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_that_waited_for_the_publication_tells_which_change_stands(
    root: Path, number: signal.Signals, code: int
) -> None:
    happens = f"os.kill(os.getpid(), {int(number)})"
    argv = (sys.executable, "-c", AT_A_STEP, "moved", happens, "--root", str(root), "add", "hello", "--level", "syntax")
    found = subprocess.run(argv, env=VARIABLES, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == code
    assert "as operation 1" in found.stderr
    assert "hello" in (root / "devenv.nix").read_text()


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_output_that_cannot_be_written_does_not_hide_the_operation(root: Path, form: list[str]) -> None:
    argv = (*COMMAND, "--root", str(root), "add", "hello", "--level", "syntax", *form)
    with FULL.open("w") as full:
        found = subprocess.run(argv, env=VARIABLES, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode
    assert "as operation 1" in found.stderr


def test_a_reader_that_has_gone_does_not_hide_the_operation(root: Path) -> None:
    argv = (*COMMAND, "--root", str(root), "add", "hello", "--level", "syntax")
    process = subprocess.Popen(argv, env=VARIABLES, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait()
    assert "as operation 1" in told
