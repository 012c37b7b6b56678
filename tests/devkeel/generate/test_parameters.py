"""Parameters are read by their types, from data and from the text of a command line alike."""

from __future__ import annotations

from typing import Any

import pytest

from devkeel.errors import UsageError
from devkeel.generate.parameters import Parameter, read_parameters

KNOWN = (
    Parameter("text", "Any.", pattern=r"[a-z]*"),
    Parameter("choice", "One.", allowed=("a", "b")),
    Parameter("number", "A number.", "number"),
    Parameter("flag", "Yes or no.", "flag"),
    Parameter("texts", "Some.", "texts", pattern=r"\w+"),
    Parameter("settings", "An object.", "settings"),
)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("text", "true", "true"),
        ("choice", "a", "a"),
        ("number", "8080", 8080),
        ("number", -1, -1),
        ("flag", "Yes", True),
        ("flag", False, False),
        ("texts", "a, b,", ["a", "b"]),
        ("texts", '["a"]', ["a"]),
        ("texts", ["a"], ["a"]),
        ("settings", '{"a": 1}', {"a": 1}),
        ("settings", {"a": [1]}, {"a": [1]}),
    ],
)
def test_a_value_is_read_by_its_type(name: str, given: object, value: Any) -> None:
    assert read_parameters("x", KNOWN, {name: given}) == {name: value}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("text", "a\n"),
        ("text", 1),
        ("choice", "c"),
        ("number", "8080.5"),
        ("number", True),
        ("flag", "maybe"),
        ("flag", 1),
        ("texts", "a b"),
        ("texts", "[1]"),
        ("texts", [1]),
        ("settings", "[]"),
        ("settings", "[" * 99_999),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, given: object) -> None:
    with pytest.raises(UsageError) as caught:
        read_parameters("x", KNOWN, {name: given})
    assert caught.value.code == "bad_parameter"


@pytest.mark.parametrize("given", ["a\0", "\ud800"])
def test_text_that_no_file_holds_is_refused(given: str) -> None:
    with pytest.raises(UsageError):
        read_parameters("x", (Parameter("text", "Any."),), {"text": given})
