"""Without a command the gate runs the project's own test, as devenv.nix has it, on a machine with Nix alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.gates.figures import Counts
from devkeel.policy.permission import Limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]

SETTINGS = '[gates]\nstage = "tests"\n[gates.stages.tests]\npassed = 100\n'
TEST = 'enterTest = "echo 1..1; if test -n \\"$OWN\\"; then echo ok; else echo not ok; fi"; env.OWN = "shell";'


def test_the_own_test_is_measured_and_held_in_no_sandbox(pinned_project: Callable[..., Path]) -> None:
    root = pinned_project(TEST, {"devkeel.toml": SETTINGS})
    environment = Environment(root, actor="test")
    job = environment.gate()
    assert job.wait(120)
    result = environment.result(job)
    assert (result.verdict, result.figures.tests, result.ran.argv) == ("passed", Counts(1, 0, 0), ("test",))
    held = Limit(environment.context.permission.names, "a test", role="held", sandbox=True)
    enclosed = Environment(root, actor="test", permission=environment.context.permission.within(held))
    job = enclosed.gate()
    assert job.wait(120)
    result = enclosed.result(job)
    assert (result.verdict, result.problems[0].code) == ("not_measured", "not_sandboxed")
    environment.close()
    enclosed.close()
