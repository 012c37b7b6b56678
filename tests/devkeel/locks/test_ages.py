"""How old locks are: by the operation that left them as they are, and by the days of what they pin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

from .moving import lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.locks.ages import LockAge

    from .conftest import Place


def only(environment: Environment) -> LockAge:
    (found,) = environment.lock_ages().locks
    return found


@pytest.mark.nix
def test_a_lock_has_the_operation_that_made_it_until_somebody_else_writes_it(
    devenv_place: Place, environment: Environment
) -> None:
    missing = only(environment)
    assert (missing.file, missing.state, missing.total, missing.time) == ("devenv.lock", "missing", 0, None)
    number = lock(environment).operation or 0
    found = only(environment)
    assert (found.state, found.operation, found.by, found.by_hand) == ("current", number, "test", False)
    assert found.time == environment.operation(number).operation.time
    nodes = json.loads(devenv_place.read("devenv.lock"))["nodes"]
    assert {item.name: nodes[item.name]["locked"]["rev"][:7] for item in found.pins} == {
        item.name: item.version for item in found.pins
    }
    assert found.total == len(found.pins) == 2
    assert found.oldest == found.newest == found.pins[0].date
    text = devenv_place.read("devenv.lock").decode()
    devenv_place.write("devenv.lock", json.dumps(json.loads(text)))
    changed = only(environment)
    assert (changed.operation, changed.time, changed.by) == (None, None, None), "nobody has noted it yet"
    assert changed.pins == found.pins


@pytest.mark.nix
def test_a_lock_that_came_with_a_clone_has_the_days_of_its_inputs_alone(pinned_project: Callable[..., Path]) -> None:
    environment = Environment(pinned_project("packages = [ ];"), actor="test")
    found = only(environment)
    assert (found.operation, found.time) == (None, None)
    assert found.total >= 1
    assert not environment.project.state.exists()
    environment.close()


def test_a_lock_that_is_no_lock_pins_nothing(place: Place, environment: Environment) -> None:
    place.write("devenv.nix", "{ pkgs, ... }:\n{\n  packages = [ ];\n}\n")
    place.write("devenv.lock", "no lock")
    found = only(environment)
    assert (found.total, found.pins, found.oldest) == (0, (), None)
