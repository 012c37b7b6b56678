"""A diff as rows: every line is there with its number, in colours, and nothing in it is more than text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devkeel.text.diff import unified, unified_all
from devkeel_review import code
from devkeel_review.code import Diff, DiffLine, diff_of

if TYPE_CHECKING:
    from collections.abc import Iterator

BEFORE = b"""{ pkgs, ... }:
{
  packages = [ pkgs.git ];
  # kept
  services.redis.enable = true;
  services.redis.port = 6379;
}
"""
AFTER = b"""{ pkgs, ... }:
{
  packages = [ pkgs.git pkgs.htop ];
  # kept
  services.redis.enable = false;
  env.A = "b";
  services.redis.port = 6380;
}
"""
# What a line may hold to be taken for something else: a header of a diff, markup, an entity, a sign of a terminal.
HOSTILE = (
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; \" '",
    "-- a/devenv.nix",
    "++ b/devenv.nix",
    "@@ -1,2 +1,2 @@",
    "@@ ",
    "\\ No newline at end of file",
    "\u202e\u2066}; x = 1;",
    "\x1b[31mred\x1b[0m",
    "<!-- --> ]]> ${x} ''${y} {{ x }} {% x %}",
    "",
    "\t  ",
)
TAGS = re.compile(r'</?(?:ins|del|span)>|<span class="\w+">')


def told(line: DiffLine) -> str:
    """Return what a line says, without our own markup; any other tag would stay."""
    bare = TAGS.sub("", str(line.code))
    assert not set(bare) & set("<>\"'")
    return type(line.code)(bare).unescape()


def lines(diff: Diff) -> Iterator[DiffLine]:
    return (line for file in diff.files for hunk in file.hunks for line in hunk.lines)


def sides(diff: Diff) -> tuple[list[str], list[str]]:
    return tuple([told(line) for line in lines(diff) if line.sign in wanted] for wanted in ("- ", "+ "))  # type: ignore[return-value]


def test_lines_have_their_numbers_and_words_that_differ_are_marked() -> None:
    (file,) = diff_of(unified("devenv.nix", BEFORE, AFTER)).files
    assert (file.name, file.what, file.added, file.removed) == ("devenv.nix", "changed", 4, 3)
    shown = {(line.old, line.new): str(line.code) for line in file.hunks[0].lines}
    assert "<ins>pkgs.htop </ins>" in shown[None, 3]
    assert '<del><span class="m">6379</span></del>' in shown[6, None]
    assert shown[4, 4] == '  <span class="c"># kept</span>'
    assert "<ins>" not in shown[None, 6]


def test_side_by_side_a_line_stands_beside_what_it_became() -> None:
    (file,) = diff_of(unified("devenv.nix", BEFORE, AFTER)).files
    pairs = [(left and left.old, right and right.new) for left, right in file.hunks[0].pairs]
    assert pairs == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (None, 6), (6, 7), (7, 8)]


def test_files_that_came_and_went_are_called_so() -> None:
    changes = [("a/new.toml", None, b"[a]\nb = 1\n"), ("gone.yaml", b"a: 1\n", None), ("x y.txt", b"a", b"b")]
    found = diff_of(unified_all(changes))
    assert [(file.name, file.what) for file in found.files] == [
        ("a/new.toml", "added"),
        ("gone.yaml", "removed"),
        ("x y.txt", "changed"),
    ]
    assert [line.sign for line in found.files[2].hunks[0].lines] == ["-", "\\", "+", "\\"]


def test_of_a_long_change_of_a_lock_its_note_is_shown() -> None:
    note = "@@ a lock: 120 lines added, 80 removed; the history has them @@"
    (file,) = diff_of(f"--- a/devenv.lock\n+++ b/devenv.lock\n{note}\n").files
    assert file.name == "devenv.lock"
    assert file.note == note.strip("@ ")


@pytest.mark.parametrize("name", ["devenv.nix", "devenv.yaml", "pyproject.toml", "devenv.lock", ".envrc", "x"])
def test_hostile_lines_are_text_on_both_sides(name: str) -> None:
    before, after = ("\n".join(part) + "\n" for part in (HOSTILE, HOSTILE[::-1]))
    shown = diff_of(unified(name, before.encode(), after.encode()))
    assert [file.name for file in shown.files] == [name]
    assert sides(shown) == ([*HOSTILE], [*HOSTILE[::-1]])


def test_a_hostile_name_is_a_name() -> None:
    name = '<b onclick="x">&.nix'
    (file,) = diff_of(unified(name, b"1\n", b"2\n")).files
    assert file.name == name


TEXTS = st.lists(st.sampled_from([*HOSTILE, "a", "b", "c d", "e = 1;"]) | st.text(max_size=12), max_size=12)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(["a.nix", "b.yaml", "c.toml", "d.json", "e.py", ".envrc", "g"]))
def test_no_line_is_lost_and_none_is_made_up(old: list[str], new: list[str], name: str) -> None:
    before, after = ("\n".join(part).encode("utf-8", "replace") for part in (old, new))
    found = diff_of(unified(name, before, after))
    rows = unified(name, before, after).split("\n")[2:-1]
    expected = [row for row in rows if row[:1] in ("+", "-", " ")]
    signed = [line for line in lines(found) if line.sign != "\\"]
    assert [f"{line.sign}{told(line)}" for line in signed] == expected
    paired = [line for file in found.files for hunk in file.hunks for pair in hunk.pairs for line in pair if line]
    assert {id(line) for line in paired} == {id(line) for line in lines(found)}


@settings(max_examples=60, deadline=None)
@given(st.text() | st.lists(st.sampled_from([f"{sign}{item}" for sign in " +-" for item in HOSTILE])).map("\n".join))
def test_any_text_is_taken_for_a_diff(text: str) -> None:
    for line in lines(diff_of(text)):
        told(line)


def test_a_very_long_diff_says_how_much_of_it_is_not_shown() -> None:
    found = diff_of(unified("devenv.nix", None, b"x = 1;\n" * 20_000))
    shown = sum(1 for _ in lines(found))
    assert 1_000 < shown < 5_000
    assert shown + found.cut == 20_000


def test_a_very_long_diff_is_cut_alike_on_both_sides_and_counted_whole() -> None:
    before, after = (b"".join(b"%s%d\n" % (name, n) for n in range(3_000)) for name in (b"a", b"b"))
    found = diff_of(unified("notes.txt", before, after) + unified("late.txt", b"1\n", b"2\n"))
    first, last = found.files
    assert (first.added, first.removed) == (3_000, 3_000)
    assert (last.added, last.removed) == (1, 1)
    signs = [line.sign for hunk in first.hunks for line in hunk.lines]
    assert signs.count("+") == signs.count("-") == 1_500
    assert found.cut == 6_002 - 3_000
    assert all(pair[0] and pair[1] for hunk in first.hunks for pair in hunk.pairs)


def test_a_very_long_line_says_how_much_of_it_is_not_shown() -> None:
    found = diff_of(unified("devenv.nix", None, b'x = "' + b"<" * 50_000 + b'";\n'))
    (line,) = lines(found)
    assert len(told(line)) < 2_000
    assert str(50_000 + len('x = "";') - 1_000) in str(line.code)


def test_a_text_alone_has_colours_and_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = code.code('x = "<b>";\ny = 1; # z', "devenv.nix")
    assert len(shown) == 2
    assert "&lt;b&gt;" in shown[0]
    assert '<span class="c"># z</span>' in shown[1]
    monkeypatch.setattr(code, "_MOST_TOKENS", 3)  # what a lexer would take too long for
    assert "<span" not in "".join(code.code('x = "<b>";\ny = 1; # z', "devenv.nix"))
