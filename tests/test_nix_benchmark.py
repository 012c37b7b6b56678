"""The benchmark of the verbs of Nix has a line for each, and holds the evaluation to its ratio."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from benchmarks import nix_verbs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.nix
@pytest.mark.usefixtures("nix_machine")
def test_each_verb_has_a_line_beside_the_plain_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nix_verbs, "HOLD", 1000.0)
    monkeypatch.setenv("XDG_STATE_HOME", "/nonexistent")
    assert nix_verbs.main(1, 0.1) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["verb", "ours", "nix", "ratio"]
    names = [re.fullmatch(r"(\S.*?) +\d+ ms +\d+ ms +\d+\.\d\d.*", line)[1] for line in lines]  # type: ignore[index]
    assert {*names} >= {"evaluate", "build", "run", "shell", "cache exists", "reproduce"}


def test_a_verb_that_takes_too_long_is_an_end_with_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(nix_verbs, "project", lambda *_: tmp_path)
    monkeypatch.setattr(nix_verbs, "cached", lambda *_: ("", ""))
    for ratio, code in ((1.2, 0), (1.4, 1)):
        result = nix_verbs.Result("evaluate", ratio, 1.0, held=True)
        monkeypatch.setattr(nix_verbs, "measured", lambda *_, found=result: found)
        assert nix_verbs.main(1) == code
