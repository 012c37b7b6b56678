"""`devkeel restore` and `devkeel doctor` on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell


def test_restore_takes_an_id_or_a_revision(devkeel: Shell) -> None:
    first = devkeel("add", "ripgrep", "--level", "syntax", "--json").data
    wanted = devkeel.declaration.read_text()
    assert devkeel("add", "curl", "--level", "syntax").code == 0
    assert devkeel("restore", str(first["operation"]), "--json").data["published"]
    assert devkeel.declaration.read_text() == wanted
    assert not devkeel("restore", first["revision"], "--json").data["changed"]
    assert devkeel("restore", "99").code == 2


def test_doctor_exits_with_3_while_a_problem_is_left(devkeel: Shell) -> None:
    assert devkeel("doctor").code == 0
    assert devkeel("add", "ripgrep", "--level", "syntax").code == 0
    (devkeel.declaration.parent / ".devkeel" / ".gitignore").unlink()
    found = devkeel("doctor", "--json")
    assert found.code == 3
    assert [item["about"] for item in found.data["findings"] if item["verdict"] == "problem"] == ["state"]
    assert devkeel("doctor", "--repair").code == 0
    assert "good" in devkeel("doctor").out


@pytest.mark.parametrize(
    "line", ["history_days = 0", "history_operations = 1.5", 'history_mib = "many"', "history_operations = -1"]
)
def test_a_history_that_cannot_be_is_refused(devkeel: Shell, line: str) -> None:
    (devkeel.declaration.parent / "devkeel.toml").write_text(line + "\n")
    outcome = devkeel("add", "ripgrep", "--level", "syntax", "--json")
    assert (outcome.code, outcome.data["error"]["code"]) == (1, "bad_settings")
