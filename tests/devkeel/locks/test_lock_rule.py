"""The rule of locks in docs/environments.md: consumed as it is, never begun or renewed by itself, judged by content."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from devkeel.edits.vocabulary import parse_edits

from .conftest import Place, Repository
from .moving import lock

if TYPE_CHECKING:
    from devkeel.api import Environment

pytestmark = pytest.mark.nix


@pytest.mark.usefixtures("offline")
@pytest.mark.rule("lock: never begun")
def test_lock_what_is_newer_elsewhere_moves_by_a_renewal_alone(devenv_place: Place, environment: Environment) -> None:
    lock(environment)
    before = devenv_place.read("devenv.lock")
    Repository(devenv_place.top / "inputs" / "nixpkgs").commit("more", "more")
    environment.change(parse_edits([{"kind": "set", "path": "env.A", "value": "1"}]))
    assert environment.check(level="evaluation").ok
    environment.inspect()
    job = environment.apply(dry_run=True)
    assert job.wait(100)
    job.value()
    assert devenv_place.read("devenv.lock") == before
    assert environment.check_locks().ok


@pytest.mark.parametrize("level", [None, "schema"])
@pytest.mark.rule("lock: never begun")
def test_lock_none_begins_by_itself(devenv_place: Place, environment: Environment, level: str | None) -> None:
    environment.change(parse_edits([{"kind": "set", "path": "env.A", "value": "1"}]), level=level)
    environment.check()
    environment.inspect()
    assert not (devenv_place.root / "devenv.lock").exists()


@pytest.mark.rule("lock: devenv.lock is stale", "lock: by content")
def test_lock_is_stale_by_its_content_and_by_no_time(devenv_place: Place, environment: Environment) -> None:
    lock(environment)
    os.utime(devenv_place.root / "devenv.lock", (0, 0))
    assert environment.check_locks().ok
    text = (devenv_place.root / "devenv.yaml").read_text()
    devenv_place.write("devenv.yaml", f"{text}  extra:\n    url: github:NixOS/nixpkgs\n")
    os.utime(devenv_place.root / "devenv.yaml", (0, 0))
    assert [item.state for item in environment.check_locks().locks] == ["stale"]
    assert "lock_stale" in [item.code for item in environment.check(level="schema").diagnostics]


@pytest.mark.rule("lock: flake.lock is stale")
def test_lock_of_a_flake_is_stale_by_its_content(place: Place, environment: Environment) -> None:
    inner = place.repository("inner")
    inner.commit("flake.nix", "{ outputs = _: { x = 1; }; }")
    text = f'{{\n  inputs.inner.url = "{inner.url}";\n  outputs = _: {{ }};\n}}\n'
    place.write("flake.nix", text)
    lock(environment)
    assert environment.check(level="schema").ok
    place.write("flake.nix", text.replace("inputs.inner", "inputs.other"))
    assert [item.state for item in environment.check_locks().locks] == ["stale"]
    lock(environment)
    assert environment.check_locks().ok
