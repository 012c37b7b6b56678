"""Two outputs are compared as Nix hashes them, and each path that differs is named."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devkeel.builds.tree_comparison import compare_trees

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = st.sampled_from(["a", "b", "a.b", "Z", "é", "\udcff", "with space", "line\nfeed"])
FILES = st.tuples(st.just("file"), st.binary(max_size=12), st.booleans())
LINKS = st.tuples(st.just("link"), st.sampled_from(["a", "./a", "/nowhere", "b//c"]))
TREES = st.recursive(FILES | LINKS, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=8)


def build(place: Path, tree: object) -> None:
    """Make what a tree describes: a dict is a directory."""
    if isinstance(tree, dict):
        place.mkdir()
        for name, inner in tree.items():
            build(place / name, inner)
    elif isinstance(tree, tuple) and tree[0] == "link":
        os.symlink(tree[1], place)  # noqa: PTH211  (a Path would tidy the target)
    elif isinstance(tree, tuple):
        place.write_bytes(tree[1])
        place.chmod(0o755 if tree[2] else 0o644)


def differing(first: object, second: object, way: str = "") -> set[str]:
    """Return the paths that differ, by what the trees were made of."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {name: (first.get(name), second.get(name)) for name in {*first, *second}}
        return {item for name, pair in both.items() for item in differing(*pair, f"{way}/{name}" if way else name)}
    return set() if first == second else {way or "."}


@settings(max_examples=150, deadline=None)
@given(TREES, TREES)
def test_exactly_what_differs_is_named(first: object, second: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder, name) for name in ("first", "second")]
        for place, tree in zip(places, (first, second), strict=True):
            build(place, tree)
        found = compare_trees(*places)
        again = compare_trees(places[1], places[0])
        itself = compare_trees(places[0], places[0])
    named = {os.fsencode(item).decode("utf-8", "backslashreplace") for item in differing(first, second)}
    assert {item.path for item in found.files} == named
    assert found.differing == len(named)
    assert [item.path for item in again.files] == [item.path for item in found.files]
    assert itself.differing == 0


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_the_first_byte_that_differs_is_told(first: bytes, second: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("a", first), ("b", second)):
            Path(folder, name).write_bytes(data)
        found = compare_trees(Path(folder, "a"), Path(folder, "b")).files
    if first == second:
        assert not found
    else:
        (item,) = found
        assert item.offset == next(n for n in range(41) if first[: n + 1] != second[: n + 1])
        assert (item.first, item.second) == (len(first), len(second))


def told(tmp_path: Path, first: Mapping[str, bytes], second: Mapping[str, bytes]) -> list[tuple[str, str]]:
    for name, files in (("first", first), ("second", second)):
        (tmp_path / name).mkdir()
        for path, data in files.items():
            (tmp_path / name / path).write_bytes(data)
    return [(item.path, item.kind) for item in compare_trees(tmp_path / "first", tmp_path / "second").files]


def test_what_one_output_lacks_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, {"a": b"", "b": b"1"}, {"b": b"1", "c": b""}) == [("a", "missing"), ("c", "missing")]


def test_times_and_modes_that_nix_does_not_hash_are_no_difference(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_bytes(b"same")
    (tmp_path / "second" / "a").chmod(0o400)
    os.utime(tmp_path / "second" / "a", (1, 1))
    assert compare_trees(tmp_path / "first", tmp_path / "second").differing == 0


def test_a_text_is_shown_as_a_diff_that_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("".join(f"line {number}\n" for number in range(60)))
    (tmp_path / "second").write_text("".join(f"other {number} {'x' * 900}\n" for number in range(60)))
    (found,) = compare_trees(tmp_path / "first", tmp_path / "second").files
    assert found.path == "."
    assert found.diff is not None
    assert "-line 0" in found.diff
    assert len(found.diff) < 10_000


@pytest.mark.parametrize("data", [b"\0binary", b"\xff\xfe", b"x" * 100_000])
def test_what_is_no_short_text_has_no_diff(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "first").write_bytes(data)
    (tmp_path / "second").write_bytes(data + b"!")
    (found,) = compare_trees(tmp_path / "first", tmp_path / "second").files
    assert (found.diff, found.offset) == (None, len(data))


def test_of_many_files_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    names = [f"{number:03}" for number in range(250)]
    files = told(tmp_path, dict.fromkeys(names, b"a"), dict.fromkeys(names, b"b"))
    found = compare_trees(tmp_path / "first", tmp_path / "second")
    assert (found.compared, found.differing, len(files)) == (251, 250, 200)
    assert sum(item.diff is not None for item in found.files) == 20


def test_a_link_out_of_the_output_is_not_followed(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "link").symlink_to("/proc/self/environ")
    assert compare_trees(tmp_path / "first", tmp_path / "second").differing == 0
