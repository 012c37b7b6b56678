"""The JSON editor: what it adds, and that everything else stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.errors import Refused
from devkeel.source import jsonc

PATH = ("servers", "x")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "servers": {\n    "x": 1\n  }\n}\n'),
        ("{}", '{\n  "servers": {\n    "x": 1\n  }\n}'),
        ('{ "a": 1 }', '{ "a": 1, "servers": {"x": 1} }'),
        ('{"servers": {"y": 2}}', '{"servers": {"y": 2, "x": 1}}'),
        ('{\n\t"a": 1 // why\n}\n', '{\n\t"a": 1, // why\n\t"servers": {\n\t\t"x": 1\n\t}\n}\n'),
        ('{\n  "a": 1, /* b */\n}\n', '{\n  "a": 1, /* b */\n  "servers": {\n    "x": 1\n  },\n}\n'),
        ('{\n  "servers": {\n    // none yet\n  }\n}', '{\n  "servers": {\n    // none yet\n    "x": 1\n  }\n}'),
        ('{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "servers": {\r\n    "x": 1\r\n  }\r\n}\r\n'),
        ('\ufeff{"servers": {"x": 0 /* old */}}', '\ufeff{"servers": {"x": 1 /* old */}}'),
        ('{"a": "// no {comment", "servers": {}}', '{"a": "// no {comment", "servers": {\n  "x": 1\n}}'),
    ],
)
def test_a_key_is_added_in_the_layout_that_is_there(before: str, after: str) -> None:
    assert jsonc.set(before.encode(), PATH, 1).data.decode() == after


def test_what_is_there_already_changes_nothing() -> None:
    data = b'{ "servers": { "x": 1 } } // all'
    assert not jsonc.set(data, PATH, 1).changed
    assert jsonc.get(data, PATH) == 1
    with pytest.raises(KeyError):
        jsonc.get(data, ("servers", "y"))


@pytest.mark.parametrize(
    "text",
    ["{", "{,}", '{"a" 1}', "[1 2]", '{"a": 01}', "{a: 1}", '{"a": 1} 2', '{"a": 1, "a": 2}', "[" * 100, '"\\x"'],
)
def test_a_file_that_does_not_parse_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Refused) as caught:
        jsonc.set(text.encode(), PATH, 1)
    assert caught.value.code == "syntax_error"
    assert caught.value.place is not None
    assert caught.value.place.line == 1


@pytest.mark.parametrize("text", ['{"servers": 7}', "[]", '"x"', '{"servers": null}'])
def test_nothing_is_set_below_what_is_no_object(text: str) -> None:
    with pytest.raises(Refused) as caught:
        jsonc.set(text.encode(), PATH, 1)
    assert caught.value.code == "would_replace_set"


scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abxé/*", max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["a", "b", "servers"]), st.dictionaries(st.text("xyz", min_size=1), values)),
    st.sampled_from([None, 0, 2, "\t"]),
    values,
)
def test_any_object_says_afterwards_what_it_said_and_the_edit(
    model: dict[str, Any], indent: int | str | None, value: Any
) -> None:
    text = json.dumps(model, indent=indent, ensure_ascii=False)
    if "\0" in json.dumps(value) or "\\u0000" in json.dumps(value):
        return  # text with NUL is no data for any of the editors
    edited = jsonc.set(text.encode(), PATH, value)
    model.setdefault("servers", {})["x"] = value
    assert json.loads(edited.data) == model


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": 1, "b": 2}', '{"b": 2}'),
        ('{"b": 2, "a": 1}', '{"b": 2}'),
        ('{"a": 1}', "{}"),
        ('{\n  "a": 1\n}\n', "{}\n"),
        ('{\n  "b": 2,\n  "a": 1\n}\n', '{\n  "b": 2\n}\n'),
        ('{\n  "a": 1,\n  "b": 2\n}\n', '{\n  "b": 2\n}\n'),
        ('{\n  "b": 2, // why, then\n  "a": 1\n}\n', '{\n  "b": 2 // why, then\n}\n'),
        ('{\n  "b": 2,\n  // old\n  "a": 1,\n}\n', '{\n  "b": 2,\n  // old\n}\n'),
        ('{\r\n  "b": 2,\r\n  "a": {"x": [1, 2]}\r\n}\r\n', '{\r\n  "b": 2\r\n}\r\n'),
    ],
)
def test_a_key_is_removed_with_its_comma(before: str, after: str) -> None:
    assert jsonc.unset(before.encode(), ("a",)).data.decode() == after


def test_what_is_not_there_is_not_removed() -> None:
    with pytest.raises(KeyError):
        jsonc.unset(b'{"b": {}}', ("b", "a"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": 1, "c": 3}', '{"a": 1, "b": 2, "c": 3}'),
        ('{"c": 3}', '{"b": 2, "c": 3}'),
        ('{\n  "c": 3\n}\n', '{\n  "b": 2,\n  "c": 3\n}\n'),
        ('{"c": 3, "a": 1}', '{"c": 3, "a": 1, "b": 2}'),
        ('{"a": 1}', '{"a": 1, "b": 2}'),
    ],
)
def test_a_key_finds_its_place_among_sorted_ones(before: str, after: str) -> None:
    assert jsonc.set(before.encode(), ("b",), 2, order=str).data.decode() == after


@pytest.mark.parametrize("text", ['{"a": 1,}', '{"a": 1} // why', "{/* */}"])
def test_strict_json_has_no_comments_and_no_trailing_commas(text: str) -> None:
    assert jsonc.set(text.encode(), ("a",), 2).changed
    with pytest.raises(Refused) as caught:
        jsonc.set(jsonc.Document(text.encode(), "package.json", strict=True), ("a",), 2)
    assert caught.value.code == "syntax_error"


@given(
    st.dictionaries(st.text("abxé", max_size=3), values, min_size=1),
    st.sampled_from([None, 0, 2, "\t"]),
    st.data(),
)
def test_any_key_can_be_removed_and_all_else_stays(
    model: dict[str, Any], indent: int | str | None, data: st.DataObject
) -> None:
    text = json.dumps(model, indent=indent, ensure_ascii=False)
    key = data.draw(st.sampled_from(sorted(model)))
    model.pop(key)
    assert json.loads(jsonc.unset(text.encode(), (key,)).data) == model


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n  "a": {\n    "b": [\n      {\n        "c": 1\n      }\n    ]\n  }\n}'),
        ('{"a": {"b": []}}', '{"a": {"b": [\n  {\n    "c": 1\n  }\n]}}'),
        ('{"a": {"b": [1]}}', '{"a": {"b": [1, {"c": 1}]}}'),
        ('{"a": {"b": [\n  1, // one\n]}}', '{"a": {"b": [\n  1, // one\n  {\n    "c": 1\n  },\n]}}'),
        ('{"a": {"b": [\n  [2] // two\n]}}', '{"a": {"b": [\n  [2], // two\n  {\n    "c": 1\n  }\n]}}'),
    ],
)
def test_an_element_is_added_behind_the_last_one(before: str, after: str) -> None:
    edited = jsonc.append_element(before.encode(), ("a", "b"), {"c": 1})
    assert edited.data.decode() == after
    assert jsonc.get(jsonc.remove_element(edited.data, ("a", "b"), {"c": 1}).data, ("a", "b")) == (
        jsonc.get(before.encode(), ("a", "b")) if "b" in before else []
    )


@pytest.mark.parametrize("text", ['{"a": 1}', '{"a": {"b": {}}}', "[]"])
def test_an_element_is_added_to_an_array_only(text: str) -> None:
    with pytest.raises(Refused) as caught:
        jsonc.append_element(text.encode(), ("a", "b"), 1)
    assert caught.value.code == "would_replace_set"
