"""An evaluation without end ends with the process that asked for it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("each_system")]

_ENDLESS = "env.A = let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in toString (f 60);"
_CHECK = """
import sys
from pathlib import Path
from devkeel.api import Environment
Environment(Path(sys.argv[1]), actor="test").check(level="evaluation")
"""


def evaluators(root: Path) -> list[str]:
    """Return the evaluators of a project that run: they are told of it on their command lines."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if Path(words[0].decode()).name == "nix-instantiate" and f"devkeel={root}".encode() in words:
                found.append(entry.name)
        except OSError:
            continue
    return found


def eventually(question: Callable[[], bool]) -> bool:
    end = time.monotonic() + 40
    while not (held := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return held


def test_it_ends_with_a_caller_that_is_killed(pinned_project: Callable[..., Path]) -> None:
    root = pinned_project(_ENDLESS)
    caller = subprocess.Popen([sys.executable, "-c", _CHECK, root], cwd="/", stderr=subprocess.DEVNULL)
    assert eventually(lambda: bool(evaluators(root)))
    caller.kill()
    caller.wait()
    assert eventually(lambda: not evaluators(root))
