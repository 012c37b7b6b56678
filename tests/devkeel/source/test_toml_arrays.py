"""Elements of arrays in every style, TOML 1.1, and what is a comment."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devkeel.errors import Refused
from devkeel.source import toml
from devkeel.source.toml_layout import layout_of

if TYPE_CHECKING:
    from collections.abc import Callable

APPENDED = [
    ("a = []\n", 'a = ["z"]\n'),
    ("a = [ ]\n", 'a = ["z"]\n'),
    ("a = [\n]\n", 'a = [\n    "z",\n]\n'),
    ('a = [\n  # "x",  # off\n  # "y",\n]\n', 'a = [\n  # "x",  # off\n  # "y",\n  "z",\n]\n'),
    ("a = [ # none yet\n]\n", 'a = [ # none yet\n    "z",\n]\n'),
    ("  a = [\n    # one\n  ]\n", '  a = [\n    # one\n    "z",\n  ]\n'),
    ('a = ["x",]\n', 'a = ["x", "z",]\n'),
    ('a = [ "x" ]\n', 'a = [ "x", "z" ]\n'),
    ("a = ['x']\n", "a = ['x', 'z']\n"),
    ('a = [\n  "x"\n  , "y" # c\n  ]\n', 'a = [\n  "x"\n  , "y" # c\n  , "z"\n  ]\n'),
    ('a = [\n  "x",\n  "y" # c\n]\n', 'a = [\n  "x",\n  "y", # c\n  "z"\n]\n'),
    ('a = [\n  "x", # c\n  # "y",\n]\n', 'a = [\n  "x", # c\n  # "y",\n  "z",\n]\n'),
    ('a = ["w",\n     "x"]\n', 'a = ["w",\n     "x",\n     "z"]\n'),
    ('a = [\n  "w", "x",\n  "y", "v"\n]\n', 'a = [\n  "w", "x",\n  "y", "v",\n  "z"\n]\n'),
    ('a = [\r\n\t"x",\r\n]\r\n', 'a = [\r\n\t"x",\r\n\t"z",\r\n]\r\n'),
    ('\ufeffa = ["x"]', '\ufeffa = ["x", "z"]'),
    ("a = [\n  { b = 1,\n    c = 2, },\n]\n", 'a = [\n  { b = 1,\n    c = 2, },\n  "z",\n]\n'),
]
REMOVED = [
    ('a = ["x", "y", "z"]\n', 0, 'a = ["y", "z"]\n'),
    ('a = ["x", "y", "z"]\n', 1, 'a = ["x", "z"]\n'),
    ('a = ["x", "y", "z"]\n', 2, 'a = ["x", "y"]\n'),
    ('a = ["x", "y",]\n', 1, 'a = ["x",]\n'),
    ('a = [ "x" ]\n', 0, "a = [ ]\n"),
    ('a = [\n  "x", # one\n  "y", # two\n]\n', 0, 'a = [\n  "y", # two\n]\n'),
    ('a = [\n  "x", # one\n  "y" # two\n]\n', 1, 'a = [\n  "x", # one\n]\n'),
    # As uv leaves it: behind the last element a comma may stand, and its line is no line of the difference.
    ('a = [\n  "x",\n  "y"\n]\n', 1, 'a = [\n  "x",\n]\n'),
    ('a = [\r\n  "x",\r\n  "y"\r\n]\r\n', 1, 'a = [\r\n  "x",\r\n]\r\n'),
    ('a = [\n  "x",\n  # head\n  "y"\n]\n', 1, 'a = [\n  "x",\n  # head\n]\n'),
    ('a = [\n  "x",\n  "y"\n  # tail\n]\n', 1, 'a = [\n  "x",\n  # tail\n]\n'),
    ("a = [\n  { b = 1 },\n  { b = 2 }\n]\n", 1, "a = [\n  { b = 1 },\n]\n"),
    ('a = [\n  "w", "x",\n  "y", "z"\n]\n', 3, 'a = [\n  "w", "x",\n  "y"\n]\n'),
    ('a = ["x",\n     "y"]\n', 1, 'a = ["x"]\n'),
    ('a = [\n  "x"\n]\n', 0, "a = [\n]\n"),
    ('a = [\n  "x",\n\n  "y"\n\n]\n', 1, 'a = [\n  "x",\n\n]\n'),
    ('a = [\n  "x",\n\n  "y",\n\n  "z",\n]\n', 1, 'a = [\n  "x",\n\n  "z",\n]\n'),
    ('a = [\n  # head\n  "x", # one\n  "y",\n]\n', 0, 'a = [\n  # head\n  "y",\n]\n'),
    ('a = [\n  "x", # one\n]\n', 0, "a = [\n]\n"),
    ('a = [\n      "x"\n    , "y" # bag\n    ]\n', 1, 'a = [\n      "x"\n    ]\n'),
    ('a = [\n      "x" # first\n    , "y" # bag\n    ]\n', 0, 'a = [\n      "y" # bag\n    ]\n'),
    ('a = [ "x" # first\n    , "y" # bag\n    ]\n', 0, 'a = [\n      "y" # bag\n    ]\n'),
    ('a = [\n    "x"\n  # head\n  , "y"\n  , "z"\n]\n', 0, 'a = [\n  # head\n    "y"\n  , "z"\n]\n'),
    ('a = [\n    "x"\n  # head\n  , "y"\n  , "z"\n]\n', 1, 'a = [\n    "x"\n  # head\n  , "z"\n]\n'),
    ('a = ["x", # one\n     "y"]\n', 0, 'a = [\n     "y"]\n'),
    ('a = ["x", # one\n     "y"]\n', 1, 'a = ["x", # one\n]\n'),
    ('a = [\n  "w", "x", # both\n  "y",\n]\n', 0, 'a = [\n  "x", # both\n  "y",\n]\n'),
]


@pytest.mark.parametrize(("before", "after"), APPENDED)
def test_an_element_is_appended_in_the_style_of_its_array(before: str, after: str) -> None:
    assert toml.append(before.encode(), "a", "z").data.decode() == after


@pytest.mark.parametrize(("before", "index", "after"), REMOVED)
def test_an_element_goes_with_its_comma_and_its_remark(before: str, index: int, after: str) -> None:
    assert toml.remove(before.encode(), "a", index).data.decode() == after


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ('a = ["x", "y"]\n', 0, 'a = ["z", "x", "y"]\n'),
        ('a = ["x", "y"]\n', 1, 'a = ["x", "z", "y"]\n'),
        ('a = [\n  "x",\n]\n', 0, 'a = [\n  "z",\n  "x",\n]\n'),
        ('a = [ # all\n  # head\n  "x",\n]\n', 0, 'a = [ # all\n  "z",\n  # head\n  "x",\n]\n'),
        ('a = [\n  "x", # one\n  # head\n  "y",\n]\n', 1, 'a = [\n  "x", # one\n  "z",\n  # head\n  "y",\n]\n'),
        ('a = [\n    "x" # one\n  , "y"\n]\n', 0, 'a = [\n    "z"\n  , "x" # one\n  , "y"\n]\n'),
        ('a = [\n    "x" # one\n  , "y"\n]\n', 1, 'a = [\n    "x" # one\n  , "z"\n  , "y"\n]\n'),
    ],
)
def test_an_element_goes_directly_behind_the_one_before_it(before: str, index: int, after: str) -> None:
    assert toml.insert(before.encode(), "a", index, "z").data.decode() == after


@st.composite
def arrays(draw: Callable[[Any], Any]) -> tuple[list[str], str]:
    """Return elements and an array of them whose lines, commas, blanks and comments are random."""
    values = [f"v{number}" for number in range(draw(st.integers(0, 4)))]
    gaps = st.sampled_from(["", " ", "\n", "\n  ", " # c{}\n  ", "\n  # own{}\n  ", "\n\n"])
    count = iter(range(100))

    def gap() -> str:
        return str(draw(gaps)).format(next(count))

    text = "["
    for index, value in enumerate(values):
        quote = draw(st.sampled_from("\"'"))
        comma = "," if index < len(values) - 1 or draw(st.booleans()) else ""
        text += f"{gap()}{quote}{value}{quote}{gap()}{comma}"
    return values, f"a = {text}{gap()}]{draw(st.sampled_from(['', ' # end']))}\nb = 1\n"


def comments(data: bytes) -> list[str]:
    text = data.decode()
    return sorted(text[start:end] for start, end in layout_of(text).comments)


@settings(max_examples=1500, deadline=None)
@given(arrays(), st.data())
def test_random_arrays_keep_their_values_and_their_comments(case: tuple[list[str], str], data: st.DataObject) -> None:
    values, text = case
    before = comments(text.encode())
    index = data.draw(st.integers(0, len(values)))
    added = toml.insert(text.encode(), "a", index, "new").data
    assert tomllib.loads(added.decode())["a"] == [*values[:index], "new", *values[index:]]
    assert comments(added) == before
    if index < len(values):
        other = toml.replace(text.encode(), "a", index, "new").data
        assert tomllib.loads(other.decode())["a"] == [*values[:index], "new", *values[index + 1 :]]
        assert comments(other) == before
        gone = toml.remove(text.encode(), "a", index).data
        assert tomllib.loads(gone.decode())["a"] == [*values[:index], *values[index + 1 :]]
        lost = [item for item in before if item not in comments(gone)]
        assert len(lost) <= 2
        assert not any(item.startswith("# own") for item in lost)


NEWER = """\
[t]
x = {
  a = 1, # one
  b = [1, 2],
}
s = "\\e[0m\\x41"
when = 12:30
list = ["x"]
"""


def test_toml_1_1_is_read_and_edited_as_uv_does() -> None:
    assert toml.get(NEWER.encode(), "t.x") == {"a": 1, "b": [1, 2]}
    assert toml.get(NEWER.encode(), "t.s") == "\x1b[0mA"
    assert toml.append(NEWER.encode(), "t.list", "y").data.decode() == NEWER.replace('["x"]', '["x", "y"]')
    assert toml.set(NEWER.encode(), "t.y", 2).data.decode() == f"{NEWER}y = 2\n"
    assert toml.set(NEWER.encode(), "t.x.a", 2).data.decode() == NEWER.replace("a = 1", "a = 2")


def test_an_error_behind_toml_1_1_has_its_own_place() -> None:
    with pytest.raises(Refused) as caught:
        toml.get(f"{NEWER}broken = \n".encode(), "t")
    assert caught.value.place is not None
    assert caught.value.place.line == 9


@pytest.mark.parametrize(
    "text",
    [
        'run = """\n#!/usr/bin/env bash\necho hi\n"""\n',
        "run = '''\n# a line of the text\n'''\n",
        'run = "# one"\n',
        'run = """\\\n  # two\n"""\n',
        "'#k' = 1\nrun = 'x'\n",
    ],
)
def test_a_line_of_a_text_is_no_comment(text: str) -> None:
    found = toml.set(f"# top\n{text}# end\n".encode(), "run", "make build").data.decode()
    assert tomllib.loads(found)["run"] == "make build"
    assert found.startswith("# top\n")
    assert found.endswith("\n# end\n")


def test_a_line_of_a_text_above_is_no_comment_of_what_is_below() -> None:
    text = "a = '''\nx\n# y'''\nb = 1\nc = 2\n"
    assert toml.unset(text.encode(), "b").data.decode() == text.replace("b = 1\n", "")
    last = "[t]\na = '''\nx\n# y'''\n\n# about u\n[u]\n"
    assert toml.set(last.encode(), "t.b", 1).data.decode() == last.replace("y'''\n", "y'''\nb = 1\n")
