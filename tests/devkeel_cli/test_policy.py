"""`devkeel policy` and an undo of it ask the person at the terminal, and do nothing where there is none."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .conftest import process_environment

if TYPE_CHECKING:
    from .conftest import Shell

SET = ("policy", "set", "rules.packages.forbid", '["mysql"]')


def test_the_policy_changes_where_a_person_says_so(devkeel: Shell) -> None:
    settings = devkeel.root / "devkeel.toml"
    refused = devkeel(*SET, "--json")
    assert (refused.code, refused.data["error"]["code"]) == (1, "person_needed")
    assert "+forbid" in devkeel(*SET, "--dry-run").out
    assert not settings.exists()
    assert devkeel(*SET, "--yes").code == 0
    assert "mysql" in settings.read_text()
    assert devkeel(*SET).code == 0  # nothing is left to ask about
    assert devkeel("undo").code == 1
    assert "-forbid" in devkeel("undo", "--dry-run").out
    assert devkeel("undo", "--yes").code == 0
    assert not settings.exists()
    assert devkeel("policy", "unset", "rules").code == 0
    assert devkeel("policy", "set", "colour", "red", "--yes").code == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a", "b"]', '["a", "b"]'),
        ('{"a": 1}', None),
        ("7", "7"),
        ("warn", '"warn"'),
        ("1\nlevel = 2", '"1\\nlevel = 2"'),
    ],
)
def test_a_value_is_toml_json_or_a_text(devkeel: Shell, text: str, value: str | None) -> None:
    tried = devkeel("policy", "set", "lock_file_policy", text, "--dry-run")
    wrong = devkeel("policy", "set", "rules.minimum_age_days", text, "--dry-run")
    assert (wrong.code == 0) is (text == "7")
    assert (tried.code == 0) is (text == "warn")
    if tried.code == 0:
        assert f"+lock_file_policy = {value}" in tried.out


def test_a_person_is_asked_at_the_terminal(devkeel: Shell) -> None:
    for answer, written in (("n\n", False), ("y\n", True)):
        ours, theirs = pty.openpty()
        try:
            os.write(ours, answer.encode())
            argv = [sys.executable, "-m", "devkeel_cli", *SET]
            done = subprocess.run(
                argv, cwd=devkeel.root, env=process_environment(), stdin=theirs, capture_output=True, check=False
            )
        finally:
            os.close(ours)
            os.close(theirs)
        assert (done.returncode == 0) is written, done
        assert (devkeel.root / "devkeel.toml").exists() is written
