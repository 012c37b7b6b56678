"""What is kept of each environment when it is made: its size, of what, and how long it took, by real Nix and uv."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.environments.measurements import measurements
from devkeel.state.files import write_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.environments.apply import ApplyResult

LONG = 120.0


def applied(environment: Environment, *, dry_run: bool = False) -> ApplyResult:
    job = environment.apply(dry_run=dry_run)
    assert job.wait(LONG)
    found: ApplyResult = environment.result(job)
    return found


@pytest.mark.nix
@pytest.mark.usefixtures("offline")
def test_the_closure_of_what_was_applied_is_kept_with_its_operation(pinned_project: Callable[..., Path]) -> None:
    environment = Environment(pinned_project("packages = [ ];"), actor="test")
    state = environment.project.state
    assert environment.course().made == ()
    result = applied(environment, dry_run=True)
    assert measurements(state) == [], "a dry run keeps nothing"
    result = applied(environment)
    (first,) = environment.course().made
    asked = ("nix", "--extra-experimental-features", "nix-command", "path-info", "-S", result.prefix)
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    assert (first.bytes, first.of, first.backend) == (int(told[-1]), "closure", "devenv")
    assert (first.environment, first.revision, first.operation) == (result.environment, result.revision, None)
    assert first.seconds > 0
    done = environment.change(parse_edits([{"kind": "add_packages", "names": ["hello"]}]), level="schema")
    applied(environment)
    before, second = environment.course().made
    assert before == first
    assert second.operation == done.operation
    assert second.token == environment.context.records.operation(second.operation or 0).token
    assert (second.bytes or 0) > (first.bytes or 0)
    environment.close()


@pytest.mark.usefixtures("own_index")
def test_the_files_of_an_environment_of_python_are_counted_once_each(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    manifest = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
    (root / "pyproject.toml").write_text(manifest)
    environment = Environment(root, actor="test")
    result = applied(environment)
    (found,) = environment.course().made
    # du(1): apparent sizes, of files alone, each once
    told = subprocess.run(
        ["find", result.prefix, "!", "-type", "d", "-printf", "%i %s\n"], check=True, capture_output=True, text=True
    )
    sizes = dict(line.split() for line in told.stdout.splitlines())
    assert (found.bytes, found.of, found.backend) == (sum(map(int, sizes.values())), "files", "venv")
    write_record(environment.project.state / "measured.json", {"version": 1, "made": [{"backend": "venv"}, 3]})
    assert environment.course().made == (), "what another devkeel wrote is left out"
    (environment.project.state / "measured.json").write_text('{"version": 1, "made": []}')
    assert environment.course().made == ()
    environment.close()
