"""An input is locked in the change that declares it, and a change is never refused for want of what it adds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.text.actions import do

from .conftest import Repository

if TYPE_CHECKING:
    from devkeel.change.result import ChangeResult

    from .conftest import Place

pytestmark = pytest.mark.nix
USES = "{ inputs, ... }:\n{\n  env.WORD = toString inputs.extra.word;\n}\n"


@pytest.fixture
def extra(devenv_place: Place, environment: Environment) -> Repository:
    """Return an input that is not declared yet; what is declared is locked."""
    job = environment.lock()
    assert job.wait(60)
    job.value()
    found = devenv_place.repository("extra")
    found.commit("flake.nix", "{ outputs = _: { word = 1; }; }")
    return found


def change(environment: Environment, *edits: dict[str, Any], level: str | None = None) -> ChangeResult:
    return environment.change(parse_edits([*edits]), level=level)


def adds(url: str) -> dict[str, Any]:
    return {"kind": "set_input", "name": "extra", "url": url}


def locked(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.read("devenv.lock"))["nodes"]["root"]["inputs"]
    return found


@pytest.mark.rule("lock: what is declared")
def test_an_added_input_is_locked_with_it_and_undone_with_it(
    devenv_place: Place, environment: Environment, extra: Repository
) -> None:
    before = devenv_place.read("devenv.lock")
    result = change(environment, adds(extra.url))
    assert result.files == ("devenv.lock", "devenv.yaml")
    assert [(item.name, item.after) for lock in result.locks or () for item in lock.moves] == [
        ("extra", extra.git("rev-parse", "HEAD")[:7])
    ]
    assert "devenv.lock" not in result.diff
    environment.undo()
    assert devenv_place.read("devenv.lock") == before


def test_an_input_and_its_use_come_in_one_call(
    devenv_place: Place, environment: Environment, extra: Repository
) -> None:
    uses = {"kind": "set", "path": "env.WORD", "expression": "toString inputs.extra.word"}
    devenv_place.write("devenv.nix", "{ inputs, ... }:\n{\n}\n")
    result = change(environment, adds(extra.url), uses)
    assert result.published
    assert "evaluation" in result.checks.ran
    assert result.checks.diagnostics == ()


def test_what_the_new_input_breaks_is_found_in_the_same_call(
    devenv_place: Place, environment: Environment, extra: Repository
) -> None:
    devenv_place.write("devenv.nix", USES.replace("word", "wrod"))
    result = change(environment, adds(extra.url))
    assert [item.severity for item in result.checks.diagnostics] == ["error"]


FAR = "https://127.0.0.1:9/extra.tar.gz"
USED = {
    "a value": [{"kind": "set", "path": "env.WORD", "expression": "toString inputs.extra.word"}],
    "packages": [
        {
            "kind": "append",
            "path": "packages",
            "expression": "inputs.extra.legacyPackages.${pkgs.stdenv.system or builtins.currentSystem}.hello",
        }
    ],
    "a package set": [
        {"kind": "append", "path": "packages", "expression": "(import inputs.extra { inherit (pkgs) system; }).hello"}
    ],
    "an overlay": [{"kind": "set", "path": "inputs.extra.overlays", "value": ["default"], "file": "devenv.yaml"}],
    "an import": [{"kind": "append", "path": "imports", "value": "extra/module", "file": "devenv.yaml"}],
    "a module": [{"kind": "append", "path": "imports", "expression": "inputs.extra.devenvModules.default"}],
    "nothing": [],
}


@pytest.mark.parametrize("use", USED)
def test_an_input_that_cannot_be_fetched_is_declared_all_the_same(
    devenv_place: Place, environment: Environment, extra: Repository, use: str
) -> None:
    devenv_place.write("devenv.nix", "{ pkgs, inputs, ... }:\n{\n  packages = [ pkgs.jq ];\n}\n")
    result = change(environment, adds(FAR), *USED[use])
    assert result.published
    assert "extra" not in locked(devenv_place)
    assert "lock" in [item.level for item in result.checks.skipped]
    assert {item.severity for item in result.checks.diagnostics} <= {"warning"}
    assert extra.path.is_dir()


@pytest.mark.parametrize("level", ["syntax", "schema"])
def test_a_level_that_runs_nothing_locks_nothing(
    devenv_place: Place, environment: Environment, extra: Repository, level: str
) -> None:
    result = change(environment, adds(extra.url), level=level)
    assert result.files == ("devenv.yaml",)
    assert "lock" in [item.level for item in result.checks.skipped]
    assert "extra" not in locked(devenv_place)


@pytest.mark.parametrize("text", ["<<<<<<< ours\n{}", '{"nodes": {}, "version": 7}'])
def test_a_lock_that_cannot_be_read_is_not_made_anew_by_the_way(
    devenv_place: Place, environment: Environment, extra: Repository, text: str
) -> None:
    devenv_place.write("devenv.lock", text)
    result = change(environment, adds(extra.url))
    assert result.files == ("devenv.yaml",)
    assert "lock" in [item.level for item in result.checks.skipped]
    assert devenv_place.read("devenv.lock") == text.encode()


def test_another_reference_moves_the_lock_and_a_removal_takes_it_out(
    devenv_place: Place, environment: Environment, extra: Repository
) -> None:
    change(environment, adds(extra.url))
    other = devenv_place.repository("other")
    revision = other.commit("flake.nix", "{ outputs = _: { word = 2; }; }")
    result = change(environment, adds(other.url))
    assert [(item.name, item.after) for lock in result.locks or () for item in lock.moves] == [("extra", revision)]
    change(environment, {"kind": "remove_input", "name": "extra"})
    assert "extra" not in locked(devenv_place)
    assert environment.check_locks().ok


def test_without_a_lock_none_begins(devenv_place: Place, environment: Environment) -> None:
    assert change(environment, adds(f"git+file://{devenv_place.top}/inputs/nixpkgs")).files == ("devenv.yaml",)
    assert not (devenv_place.root / "devenv.lock").exists()


def test_an_undo_after_a_renewal_takes_the_input_out_and_keeps_what_was_renewed(
    devenv_place: Place, environment: Environment, extra: Repository
) -> None:
    added = change(environment, adds(extra.url))
    extra.commit("flake.nix", "{ outputs = _: { word = 2; }; }")
    newer = Repository(devenv_place.top / "inputs" / "nixpkgs").commit("more", "more")
    job = environment.lock("renew")
    assert job.wait(60)
    assert len(job.value().locks[0].moves) == 2
    result = environment.undo(added.operation)
    assert result.published
    assert [(item.name, item.after) for lock in result.locks or () for item in lock.moves] == [("extra", None)]
    assert newer in devenv_place.read("devenv.lock").decode()
    assert environment.check_locks().ok


def test_a_caller_that_may_not_execute_declares_without_locking(
    devenv_place: Place, environment: Environment, extra: Repository
) -> None:
    assert environment.check_locks().ok
    held = Environment(devenv_place.root, actor="test", executes=False)
    result = change(held, adds(extra.url))
    held.close()
    assert result.files == ("devenv.yaml",)
    assert "lock" in [item.level for item in result.checks.skipped]
    (found,) = environment.check_locks().locks
    assert found.state == "stale"
    assert do("lock") in (found.reason or "")
