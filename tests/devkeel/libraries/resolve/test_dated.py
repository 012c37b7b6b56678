"""What a manifest resolves to, asked of real uv and pip about wheels of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.errors import CheckFailed
from devkeel.libraries.resolve import dated, installers
from devkeel.libraries.resolve.parts import Parts
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.mark.parametrize("find", [installers.find_uv, lambda: None], ids=["uv", "pip"])
def test_the_newest_versions_are_told_that_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, find: Callable[[], str | None]
) -> None:
    monkeypatch.setattr(dated, "find_uv", find)
    (tmp_path / "requirements.txt").write_text("Frames\n")
    subject = Candidate(Basis(Project(tmp_path)), ("requirements.txt",))
    found = dated.versions_of(subject, "requirements.txt", Parts())
    assert found.held == {"frames": "2.0.0", "numbers-lib": "2.0.0"}
    assert found.dates == {}  # an index of files alone tells none
    with pytest.raises(CheckFailed) as caught:
        dated.versions_of(subject.but("requirements.txt", b"frames==7\n"), "requirements.txt", Parts())
    assert caught.value.code == "unresolvable"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["requirements.txt"]
