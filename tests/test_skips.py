"""A test that skips in continuous integration fails there, unless the list has its reason."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SKIPPING = """
import pytest

@pytest.mark.skipif(True, reason={reason!r})
def test_marked(): pass

def test_called():
    pytest.skip({reason!r})

@pytest.fixture
def wanted():
    pytest.skip({reason!r})

def test_wanting(wanted): pass

@pytest.mark.xfail(reason="not yet")
def test_expected_to_fail():
    assert False
"""


@pytest.mark.parametrize(
    ("reason", "in_ci", "outcome"),
    [
        ("cargo is not installed", "1", "1 failed, 1 xfailed, 2 errors in"),
        ("cargo is not installed", "0", "3 skipped, 1 xfailed in"),
        ("no group of this machine has members", "1", "3 skipped, 1 xfailed in"),
    ],
)
def test_a_skip_without_a_listed_reason_fails(tmp_path: Path, reason: str, in_ci: str, outcome: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(SKIPPING.format(reason=reason))
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "skips", str(tmp_path)]
    variables = {**os.environ, "DEVKEEL_CI": in_ci, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(line, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcome in done.stdout
