"""The flake backend: real dev shells by real Nix, devenv's own flake among them."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.backends.flake import Flake
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, Unavailable
from devkeel.project.root import Project

from .conftest import SHELL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.nix

# What devenv's flake does: the root of the project is the directory that Nix is called in, which only an impure
# evaluation tells.
OF_DEVENV = (
    'let devenv.lib.mkShell = f: assert builtins.getEnv "PWD" != ""; f (builtins.getEnv "PWD"); in '
    f"devenv.lib.mkShell (root: {SHELL.replace('as declared', '${root}')})"
)


@pytest.fixture
def environment(flake_project: Path) -> Iterator[Environment]:
    opened = Environment(flake_project, actor="test")
    yield opened
    opened.close()


def rewrite(environment: Environment, old: str, new: str) -> None:
    path = environment.project.root / "flake.nix"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def apply(environment: Environment, **arguments: Any) -> Any:
    job = environment.apply(**arguments)
    assert job.wait(120)
    return environment.result(job)


def ran(environment: Environment, *argv: str, **arguments: Any) -> str:
    job = environment.run(argv, **arguments)
    assert job.wait(120)
    found = environment.result(job)
    assert found.exit_code == 0, found
    return str(found.stdout)


def test_a_dev_shell_is_built_and_entered_with_its_hook(environment: Environment) -> None:
    before = {path.name: path.read_bytes() for path in environment.project.root.iterdir()}
    applied = apply(environment)
    assert (applied.backend, applied.judge) == ("flake", "nix")
    assert applied.prefix.startswith("/nix/store/")
    assert ran(environment, "hello") == "Hello, world!\n"
    assert ran(environment, "sh", "-c", "echo $HOOKED") == "as declared\n"
    after = {path.name: path.read_bytes() for path in environment.project.root.iterdir() if path.is_file()}
    assert after == before


def test_an_apply_ends_with_the_gate_and_what_broke_it_is_taken_back(environment: Environment) -> None:
    root = environment.project.root
    (root / "tests.sh").write_text('echo 1..1; test "$GREETING" = "as declared" && echo ok || { echo not ok; exit 1; }')
    (root / "devkeel.toml").write_text(
        '[gates]\nstage = "tests"\nmode = "block"\nafter_apply = true\ncommand = ["sh", "tests.sh"]\n'
        "[gates.stages.tests]\npassed = 100\n"
    )
    before = (root / "flake.nix").read_bytes()
    assert apply(environment).gate.verdict == "passed"
    edit = {"kind": "replace_text", "file": "flake.nix", "old": "as declared", "new": "another"}
    changed = environment.change(parse_edits([edit])).operation
    gate = apply(environment).gate
    assert (gate.verdict, gate.blocked, gate.taken_back.reverted) == ("failed", True, (changed,))
    assert gate.taken_back.environment is True
    assert (root / "flake.nix").read_bytes() == before
    assert ran(environment, "sh", "-c", "echo $GREETING") == "as declared\n"


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    """A program that a setting of Nix names, and that leaves a file beside itself when it runs."""
    program = tmp_path / "hook"
    program.write_text(f"#!/bin/sh\necho > {tmp_path}/fired\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("accepted", ["", "accept-flake-config = true"])
def test_settings_that_a_flake_brings_are_never_accepted(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, hook: Path, accepted: str
) -> None:
    monkeypatch.setenv("NIX_CONFIG", accepted)
    rewrite(environment, "{\n  inputs", f'{{\n  nixConfig = {{ post-build-hook = "{hook}"; }};\n  inputs')
    rewrite(environment, "as declared", f"as {hook} declared")
    apply(environment)
    assert not hook.with_name("fired").exists()


def test_settings_that_the_user_once_saved_are_not_accepted_from_a_flake(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hook: Path
) -> None:
    """Saved is a setting with its value, for whichever flake brings it."""
    saved = tmp_path / "data" / "nix" / "trusted-settings.json"
    saved.parent.mkdir(parents=True)
    saved.write_text(json.dumps({"post-build-hook": {str(hook): True}}))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    rewrite(environment, "{\n  inputs", f'{{\n  nixConfig."post-build\\-hook" = "{hook}";\n  inputs')
    apply(environment)
    script = f"echo {uuid.uuid4().hex} > $out"  # to be built, so that the hook would be run
    made = 'derivation { inherit (pkgs.hello) system; name = "made"; builder = "/bin/sh"; args = [ "-c" "@" ]; }'
    fresh = made.replace("@", script)
    rewrite(environment, '"${pkgs.hello}/bin/', f'builtins.substring 0 0 "${{{fresh}}}" + "${{pkgs.hello}}/bin/')
    try:
        assert ran(environment, task="greet") == "Hello, world!\n"
    except Unavailable as error:  # of a Nix before 2.25
        assert (error.code, "post-build-hook" in error.message) == ("backend_cannot", True)
        saved.write_text("{}")
        assert ran(environment, task="greet") == "Hello, world!\n"
    assert not hook.with_name("fired").exists()


def test_settings_of_the_user_are_in_force_for_a_flake_too(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, hook: Path
) -> None:
    monkeypatch.setenv("NIX_CONFIG", f"post-build-hook = {hook}")
    rewrite(environment, "as declared", f"as {hook} declared")
    apply(environment)
    assert hook.with_name("fired").exists()


def test_what_a_flake_imports_from_a_derivation_is_built_by_apply_alone(environment: Environment) -> None:
    script = f"echo '\\\"imported\\\"' > $out # {uuid.uuid4().hex}"
    made = f'(derivation {{ inherit system; name = "i"; builder = "/bin/sh"; args = [ "-c" "{script}" ]; }})'
    rewrite(environment, '"as declared"', f"import {made}")
    with pytest.raises(Unavailable) as caught:
        environment.check(level="build")
    assert caught.value.code == "check_unavailable"
    apply(environment)
    assert ran(environment, "sh", "-c", "echo $GREETING") == "imported\n"


def test_a_machine_that_is_in_the_way_is_no_fault_of_the_flake(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIX_REMOTE", "unix:///nonexistent")
    with pytest.raises(Unavailable) as caught:
        apply(environment)
    assert caught.value.code == "nix_daemon"


def test_the_flake_of_devenv_is_evaluated_where_it_knows_its_root(environment: Environment) -> None:
    rewrite(environment, SHELL, OF_DEVENV)
    applied = apply(environment)
    assert any("impure" in note for note in applied.notes)
    assert ran(environment, "sh", "-c", "echo $GREETING") == f"{environment.project.root}\n"


def test_what_was_applied_is_kept_from_being_collected(environment: Environment) -> None:
    prefix = apply(environment).prefix
    roots = subprocess.run(["nix-store", "--gc", "--print-roots"], capture_output=True, text=True, check=True)
    assert any(prefix in line and ".devkeel" in line for line in roots.stdout.splitlines())


def test_a_shell_that_does_not_build_is_told_and_leaves_the_one_in_use(environment: Environment) -> None:
    first = apply(environment).prefix
    rewrite(environment, 'GREETING = "as declared"', "GREETING = pkgs.no-such-package")
    with pytest.raises(CheckFailed) as caught:
        apply(environment)
    assert caught.value.code == "build_failed"
    assert "no-such-package" in caught.value.message
    assert ran(environment, "hello") == "Hello, world!\n"
    assert environment.inspect().stages.prefix == first


def test_a_task_is_an_app_of_the_flake(environment: Environment) -> None:
    apply(environment)
    assert ran(environment, task="greet") == "Hello, world!\n"


def test_a_lock_is_consumed_and_never_begun(environment: Environment) -> None:
    lock = environment.project.root / "flake.lock"
    lock.unlink()
    assert Flake().lock_status(environment.project).state == "missing"
    with pytest.raises(CheckFailed):
        apply(environment)
    assert not lock.exists()


def test_a_lock_of_other_inputs_is_stale(environment: Environment) -> None:
    assert Flake().lock_status(environment.project).state == "current"
    rewrite(environment, "nixpkgs", "pkgs-of-mine")
    assert Flake().lock_status(environment.project).state == "stale"


def test_without_nix_the_error_says_what_to_install(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    (environment.project.root / "requirements.txt").write_text("")
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(Unavailable) as caught:
        apply(environment)
    assert (caught.value.code, Project(environment.project.root).exists("flake.nix")) == ("tool_missing", True)
