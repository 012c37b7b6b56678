"""The end of a file, and what came since a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.runtime.tail import read_tail

if TYPE_CHECKING:
    from pathlib import Path

OLD = "".join(f"12:00 line {number}\n" for number in range(100))


@pytest.mark.parametrize(
    ("new", "seen"),
    [
        (OLD + "more\n", "more\n"),
        (OLD, ""),
        ("short\n", "short\n"),
        # Begun anew, and longer by now than the old one was.
        (OLD.replace("12:00", "12:05") + "more\n", OLD.replace("12:00", "12:05") + "more\n"),
        ("first\n" + OLD, "first\n" + OLD),
        ("x" * len(OLD) + "\nmore\n", "x" * len(OLD) + "\nmore\n"),
    ],
)
def test_what_came_since_a_place_is_read_and_a_file_that_was_begun_anew_from_its_start(
    tmp_path: Path, new: str, seen: str
) -> None:
    path = tmp_path / "a.log"
    path.write_text(OLD)
    first = read_tail(path, None, 100_000)
    assert first.data.decode() == OLD
    path.write_text(new)
    found = read_tail(path, first.end, 100_000, first.mark)
    assert (found.data.decode(), found.end, found.skipped) == (seen, len(new), 0)


def test_a_mark_is_of_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(OLD)
    cut = read_tail(path, None, 50)
    assert cut.skipped
    with path.open("a") as file:
        file.write("more\n")
    assert read_tail(path, cut.end, 50, cut.mark).data == b"more\n"
    assert read_tail(tmp_path / "none.log", 5, 50, 7).data == b""


def test_whole_lines_alone_are_read_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\nhal")
    found = read_tail(path, None, 100, whole=True)
    assert (found.data, found.end) == (b"one\ntwo\n", 8)
    assert read_tail(path, found.end, 100, found.mark, whole=True).data == b""
    with path.open("ab") as file:
        file.write(b"f\nrest")
    more = read_tail(path, found.end, 100, found.mark, whole=True)
    assert (more.data, more.before) == (b"half\n", b"one\ntwo\n")
    assert read_tail(path, more.end, 100, more.mark).data == b"rest"


def test_a_line_without_an_end_is_cut_between_words_where_it_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"a word and another")
    assert read_tail(path, None, 12, whole=True).data == b" and "
    path.write_bytes(b"x" * 30)
    assert read_tail(path, None, 12, whole=True).data == b"x" * 12
    path.write_bytes(b"10%\r20%\r3")
    assert read_tail(path, None, 100, whole=True).data == b"10%\r20%\r"
