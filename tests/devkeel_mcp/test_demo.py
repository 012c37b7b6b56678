"""The demonstration proves what it says, over stdio as a host would, and leaves the example as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .conftest import photograph

REPOSITORY = Path(__file__).parents[2]


def test_the_demonstration_proves_every_step() -> None:
    webapp = REPOSITORY / "examples" / "webapp"
    before = photograph(webapp)
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.count("    proven: ") == 7
    assert done.stdout.splitlines()[-1].startswith("Proven: ")
    assert photograph(webapp) == before
    assert not (webapp / ".devkeel").exists()
