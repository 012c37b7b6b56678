"""Two changes of one file: both where they are apart, a view of both where they touch."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.text.merge import merge, three_way_view

if TYPE_CHECKING:
    from pathlib import Path

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n", b"\r\n"]), max_size=12)
TEXTS = LINES.map(b"".join)
BASE = b"a\nb\nc\nd\ne\n"


def test_changes_that_are_apart_are_both_there() -> None:
    assert merge(BASE, b"A\nb\nc\nd\ne\n", b"a\nb\nc\nd\nE") == b"A\nb\nc\nd\nE"


@pytest.mark.parametrize("theirs", [b"a\nb\nC\nd\ne\n", b"a\nb\nd\ne\n", b"a\nb\nc\nnew\nd\ne\n", None])
def test_changes_that_touch_are_not_merged(theirs: bytes | None) -> None:
    assert merge(BASE, theirs, b"a\nb\nours\nd\ne\n") is None


def test_the_view_shows_base_theirs_and_ours() -> None:
    view = three_way_view(BASE, b"A\nb\nC\nd\ne\n", b"a\nb\nours\nd\ne\n")
    assert view == ("@@ line 3 @@\nA\nb\n<<<<<<< theirs\nC\n||||||| base\nc\n=======\nours\n>>>>>>> ours\nd\ne\n")


def test_the_view_shows_nothing_of_what_merges() -> None:
    base = b"".join(b"%d\n" % number for number in range(40))
    theirs = base.replace(b"5\n", b"five\n", 1).replace(b"20\n", b"hand\n").replace(b"30\n", b"")
    view = three_way_view(base, theirs, base.replace(b"20\n", b"").replace(b"30\n", b"")) or ""
    assert [line for line in view.split("\n") if line.isdecimal()] == ["18", "19", "20", "21", "22"]
    assert view.startswith("@@ line 21 @@\n")
    assert "five" not in view


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "merged"),
    [
        (b"a\nb", b"a\nb\nc", b"A\nb", None),  # the last line is another one, with its end
        (b"a\nx\nb", b"a\nx\nb\nc", b"A\nx\nb", b"A\nx\nb\nc"),
        (b"a\r\nx\r\nb\r\n", b"A\r\nx\r\nb\r\n", b"a\r\nx\r\nB\r\n", b"A\r\nx\r\nB\r\n"),
        (b"a\nx\nb\n", b"a\r\nx\r\nb\r\n", b"a\nx\nB\n", None),
        (b"a\0\nx\nb\n", b"a\0\nx\nB\n", b"A\0\nx\nb\n", None),
        (b"a\nx\nb\n", b"B\nx\nb\n", b"B\nx\nC\n", b"B\nx\nC\n"),
        (b"a\nb\n", b"", b"", b""),
        # one more of the same lines is anywhere among them
        (b"b\nc\na\n", b"b\nc\nc\na\n", b"b\nc\ny\na\n", None),
        (b"b\nc\na\n", b"b\nc\nc\na\n", b"b\ny\nc\na\n", None),
        (b"d\nd\nd\nc\n", b"d\nd\nd\nx\nc\n", b"d\nd\nc\n", None),
        (b"d\nd\nx\nc\n", b"d\nd\nx\nC\n", b"d\nx\nc\n", b"d\nx\nC\n"),
    ],
)
def test_ends_of_lines_and_what_both_did(base: bytes, theirs: bytes, ours: bytes, merged: bytes | None) -> None:
    assert merge(base, theirs, ours) == merged


def test_a_long_file_is_merged_where_little_differs() -> None:
    base = b"".join(b"%d\n" % number for number in range(20_000))
    theirs, ours = base.replace(b"10000\n", b"hand\n"), base.replace(b"10010\n", b"tool\n")
    assert merge(base, theirs, ours) == theirs.replace(b"10010\n", b"tool\n")


@given(st.data())
def test_no_line_of_either_side_is_lost(data: st.DataObject) -> None:
    base, theirs, ours = (data.draw(LINES) for _ in range(3))
    merged = merge(*map(b"".join, (base, theirs, ours)))
    if merged is not None:
        found = Counter(merged.splitlines(keepends=True))
        # What a side added is there, unless the other took away as many of the same.
        for side, other in ((theirs, ours), (ours, theirs)):
            added, taken = Counter(side) - Counter(base), Counter(base) - Counter(other)
            assert added - taken <= found
        assert found <= Counter(base) + (Counter(theirs) - Counter(base)) + (Counter(ours) - Counter(base))


def test_what_is_no_text_has_no_view() -> None:
    assert three_way_view(b"a", b"\xff", b"b") is None


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
        # git may align repeated lines otherwise: it sees a conflict then, or has the same lines in another order
        lines = [Counter(data.splitlines(keepends=True)) for data in (found.stdout, merged)]
        assert found.returncode or lines[0] == lines[1]

    compare()
