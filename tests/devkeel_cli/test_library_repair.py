"""`devkeel library repair`, with real uv and wheels of our own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel_cli.run import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_index")


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["library", "repair", *words, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def test_what_goes_together_is_found_and_published_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = tmp_path / "requirements.txt"
    manifest.write_text("no-such-library==1\n")
    code, found = answer(capsys)
    assert (code, found["fixes"]) == (1, [])
    manifest.write_text("numbers-lib==2.0.0\n")
    code, found = answer(capsys, "frames==1.5.3", "--seconds", "120")
    assert code == 0
    assert found["fixes"][0]["edits"][0]["names"] == ["frames==1.5.3", "numbers-lib==1.0.0"]
    assert manifest.read_text() == "numbers-lib==2.0.0\n"
    manifest.write_text("frames==2.0.0\n")
    code, found = answer(capsys, "--apply")
    assert (code, found["published"]) == (0, True)
    assert manifest.read_text() == "frames==2.0.0\nnumbers-lib<2\n"
    code, found = answer(capsys)
    assert (code, found["fixes"], found["wrong"]) == (0, [], {})
