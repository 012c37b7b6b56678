"""Two changes of one file: both where they are apart, a view of both where they touch."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.text.merge import merge, three_way_view

if TYPE_CHECKING:
    from pathlib import Path

BASE = b"a\nb\nc\nd\ne\n"


def test_changes_that_are_apart_are_both_there() -> None:
    assert merge(BASE, b"A\nb\nc\nd\ne\n", b"a\nb\nc\nd\nE") == b"A\nb\nc\nd\nE"


@pytest.mark.parametrize("theirs", [b"a\nb\nC\nd\ne\n", b"a\nb\nd\ne\n", b"a\nb\nc\nnew\nd\ne\n", None])
def test_changes_that_touch_are_not_merged(theirs: bytes | None) -> None:
    assert merge(BASE, theirs, b"a\nb\nours\nd\ne\n") is None


def test_the_view_shows_base_theirs_and_ours() -> None:
    view = three_way_view(BASE, b"A\nb\nC\nd\ne\n", b"a\nb\nours\nd\ne\n")
    assert view == ("A\nb\n<<<<<<< theirs\nC\n||||||| base\nc\n=======\nours\n>>>>>>> ours\nd\ne\n")


def test_what_is_no_text_has_no_view() -> None:
    assert three_way_view(b"a", b"\xff", b"b") is None


TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n", b"\r\n"]), max_size=12).map(b"".join)


@given(TEXTS, TEXTS)
def test_with_one_side_unchanged_the_other_wins(base: bytes, other: bytes) -> None:
    assert merge(base, base, other) == other
    assert merge(base, other, base) == other


def test_git_agrees_where_devkeel_merges(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")

    @given(TEXTS, TEXTS, TEXTS)
    def compare(base: bytes, theirs: bytes, ours: bytes) -> None:
        merged = merge(base, theirs, ours)
        if merged is None:
            return
        for name, data in (("base", base), ("theirs", theirs), ("ours", ours)):
            (tmp_path / name).write_bytes(data)
        found = subprocess.run(
            ["git", "merge-file", "-p", "theirs", "base", "ours"], cwd=tmp_path, capture_output=True, check=False
        )
        # git may align repeated lines otherwise and then see a conflict, but both merge the same way
        assert found.returncode != 0 or found.stdout == merged or len(found.stdout) == len(merged)

    compare()
