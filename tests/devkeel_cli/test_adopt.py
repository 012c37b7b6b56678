"""`devkeel adopt`: a person says whose history it is; nobody is asked where nobody sits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

Shell = Any


def test_a_history_whose_key_is_gone_is_adopted_once(
    devkeel: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert devkeel("add", "ripgrep", "--level", "syntax").code == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    assert "no operations" in (told := devkeel("history").out)
    assert "from elsewhere" in told
    found = devkeel("inspect", "--json").data
    assert "foreign_records" in [item["code"] for item in found["problems"]]
    assert devkeel("adopt").code == 2
    assert devkeel("add", "fd", "--level", "syntax").code == 0
    assert devkeel("adopt", "--yes", "--json").data == {"operations": 1, "renumbered_by": 1}
    assert [item["id"] for item in devkeel("history", "--json").data["operations"]] == [2, 1]
    assert devkeel("adopt", "--yes").code == 2
    text = devkeel.read()
    assert devkeel("undo").code == devkeel("undo").code == 0
    assert "ripgrep" in text
    assert "ripgrep" not in devkeel.read()
