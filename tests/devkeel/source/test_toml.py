"""The TOML editor: worked cases, random documents and random edits, broken input."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devkeel.errors import DevkeelError, ProjectError, Refused, UsageError
from devkeel.source import Splice, apply, toml
from devkeel.source.plain_data import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.source import Edited

SET = [
    ("a = 1 # c\n", "a", 2, "a = 2 # c\n"),
    ("a = 1 # c\n", "a", "x", 'a = "x" # c\n'),
    ("a = 'x'\n", "a", "y", "a = 'y'\n"),
    ("a = 'x'\n", "a", "it's", 'a = "it\'s"\n'),
    ('a = """x\ny"""\n', "a", "y\nz", 'a = """y\nz"""\n'),
    ("a = [\n  1, # one\n]\n", "a", [2, 3], "a = [\n  2,\n  3,\n]\n"),
    ("a = [\n  1, # one\n]\n", "a", [1, 2], "a = [\n  1, # one\n  2,\n]\n"),
    ("[t]\na = 1 # c\n\n[u]\n", "t.b", True, "[t]\na = 1 # c\nb = true\n\n[u]\n"),
    ("[t]\na = 1\n# end\n\n# about u\n[u]\n", "t.b", 2, "[t]\na = 1\nb = 2\n# end\n\n# about u\n[u]\n"),
    ("[t]\na = 1\n\n# about u\n[u]\n", "t.b.c", 2, "[t]\na = 1\n\n[t.b]\nc = 2\n\n# about u\n[u]\n"),
    ("[t]\na = 1\n", "u.v.w", "x", '[t]\na = 1\n\n[u.v]\nw = "x"\n'),
    ("# about t\n[t]\n", "a", 1, "a = 1\n\n# about t\n[t]\n"),
    ("# head\n\n[t]\nb = 1\n", "a", 1, "# head\n\na = 1\n\n[t]\nb = 1\n"),
    ("#:schema x\n[t]\n", "a", 1, "#:schema x\na = 1\n\n[t]\n"),
    ("t.a = 1\n", "t.b", 2, "t.a = 1\nt.b = 2\n"),
    ("t = {a = 1}\n", "t.b", 2, "t = {a = 1, b = 2}\n"),
    ("a = 1", "b", 2, "a = 1\nb = 2"),
    ("a = 1", "t.b", 2, "a = 1\n\n[t]\nb = 2"),
    ("[t]\r\na = 1\r\n\r\n[u]\r\n", "t.b", 2, "[t]\r\na = 1\r\nb = 2\r\n\r\n[u]\r\n"),
    ('\ufeff"ä" = 1\n', "b", "ü", '\ufeff"ä" = 1\nb = "ü"\n'),
    ("", "t.a", [1], "[t]\na = [1]\n"),
    ("[t]\na = 1 # c\nb = 2\n", "t", {"a": 1, "c": 3}, "[t]\na = 1 # c\nc = 3\n"),
    ("[t]\na = false # c\n", "t", {"a": True}, "[t]\na = true # c\n"),
    ("a = 1\n", '"b.c"', 1, 'a = 1\n"b.c" = 1\n'),
]
UNSET = [
    ("[t]\n# about a\na = 1 # c\n\nb = 2\n", "t.a", "[t]\n\nb = 2\n"),
    ("[t]\n# all\na = 1\nb = 2\n", "t.a", "[t]\n# all\nb = 2\n"),
    ("[t]\na = 1\n\n# about u\n[u]\nb = 1\n", "t", "# about u\n[u]\nb = 1\n"),
    ("a = 1\n\n# about t\n[t]\nb = 1\n# end\n\n# about u\n[u]\n", "t", "a = 1\n\n# about u\n[u]\n"),
    ("a = 1\n\n[t]\nb = 1\n", "t", "a = 1\n"),
    ("t = {a = 1, b = 2}\n", "t.a", "t = {b = 2}\n"),
    ("t = { a = 1, b = 2 }\n", "t.b", "t = { a = 1 }\n"),
    ("t = {a = 1, b = 2, c = 3}\n", "t.b", "t = {a = 1, c = 3}\n"),
    ("a = 1\n", "t.b", "a = 1\n"),
    # What is left out above a key is about itself.
    ("[t]\na = 1\n# b = 2\nc = 3\n\n[u]\n", "t.c", "[t]\na = 1\n# b = 2\n\n[u]\n"),
    ("[t]\na = 1\n# 'b' = 2\n# why c\nc = 3\n", "t.c", "[t]\na = 1\n# 'b' = 2\n"),
    ("[t]\na = 1\n# c = 2\nc = 3\n", "t.c", "[t]\na = 1\n"),
]
# A table that is continued behind another one, which tomlkit would draw together.
CONTINUED = """\
[d]
a = 1
b = { v = 2 }

[target.x.d]
c = 3

[[bin]]
name = "n"

# static
[target.x.e]
f = 4
"""
APPEND = [
    ('a = ["x"] # c\n', ["y", "x"], 'a = ["x", "y"] # c\n'),
    ('a = [\n  "x",\n  "y" # c\n]\n', ["z"], 'a = [\n  "x",\n  "y", # c\n  "z"\n]\n'),
    ('a = [\n  "x", # c\n]\n', ["z"], 'a = [\n  "x", # c\n  "z",\n]\n'),
    ("a = []\n", [1, {"b": 2}], "a = [1, {b = 2}]\n"),
    ("[[a]]\nb = 1\n\n[c]\n", [{"b": 2}], "[[a]]\nb = 1\n\n[[a]]\nb = 2\n\n[c]\n"),
    ("b = 1\n", ["x"], 'b = 1\na = ["x"]\n'),
]


def held(data: bytes, edited: Edited) -> None:
    """Assert what every edit promises about bytes."""
    assert apply(data, edited.splices).data == edited.data
    reverse = [
        Splice(span.start, span.end, data[item.start : item.end])
        for item, span in zip(edited.splices, edited.spans, strict=True)
    ]
    assert apply(edited.data, reverse).data == data


@pytest.mark.parametrize(("before", "path", "value", "after"), SET)
def test_a_value_is_set_where_an_author_would_put_it(before: str, path: str, value: Any, after: str) -> None:
    data = before.encode()
    edited = toml.set(data, path, value)
    assert edited.data.decode() == after
    held(data, edited)
    assert same(toml.get(edited.data, path), value)
    assert not toml.set(edited.data, path, value).changed


@pytest.mark.parametrize(("before", "path", "after"), UNSET)
def test_a_key_goes_with_the_comment_that_belongs_to_it(before: str, path: str, after: str) -> None:
    data = before.encode()
    edited = toml.unset(data, path)
    assert edited.data.decode() == after
    held(data, edited)
    with pytest.raises(KeyError):
        toml.get(edited.data, path)
    assert toml.unset(edited.data, path).notes


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("d.a", None, "a = 1\n", ""),
        ("target.x.d.c", None, "c = 3\n", ""),
        ("target.x.e.f", None, "f = 4\n", ""),
        ("d.z", 9, "b = { v = 2 }\n", "b = { v = 2 }\nz = 9\n"),
        ("d.b.w", 9, "{ v = 2 }", "{ v = 2, w = 9 }"),
        ("target.x.e.z", 9, "f = 4\n", "f = 4\nz = 9\n"),
    ],
)
def test_a_continued_table_stays_where_it_is(path: str, value: Any, old: str, new: str) -> None:
    for text in (CONTINUED, CONTINUED.replace("\n", "\r\n")):
        data = text.encode()
        edited = toml.unset(data, path) if value is None else toml.set(data, path, value)
        assert edited.data.decode().replace("\r\n", "\n") == CONTINUED.replace(old, new)
        assert ("\r\n" in text) == (edited.data.count(b"\n") == edited.data.count(b"\r\n") > 0)
        held(data, edited)


@pytest.mark.parametrize("text", ["{ v = 2 }", "{v = 2}", "{ v = 2}"])
def test_a_key_between_braces_keeps_their_air(text: str) -> None:
    edited = toml.set(f"b = {text}\n".encode(), "b.w", "x")
    assert edited.data.decode() == "b = " + text.replace("2", '2, w = "x"') + "\n"


@pytest.mark.parametrize(("before", "values", "after"), APPEND)
def test_elements_are_appended_in_the_style_of_the_array(before: str, values: list[Any], after: str) -> None:
    data = before.encode()
    edited = toml.append(data, "a", *values)
    assert edited.data.decode() == after
    held(data, edited)
    assert not toml.append(edited.data, "a", *values).changed


@pytest.mark.parametrize(
    ("source", "path", "code"),
    [
        ("a = 1\n", "a.b", "opaque_value"),
        ("[[a]]\nb = 1\n", "a.b", "opaque_value"),
        ("[a]\nb = 1\n", "a", "would_replace_set"),
        ("a = [1\n", "a", "syntax_error"),
        ("a = 1\na = 2\n", "a", "syntax_error"),
        ("a = " + "[" * 5000, "a", "syntax_error"),
    ],
)
def test_what_is_not_certain_is_refused(source: str, path: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        toml.set(source.encode(), path, 5)
    assert caught.value.code == code


def test_a_syntax_error_has_its_place() -> None:
    with pytest.raises(Refused) as caught:
        toml.get(b"a = 1\nb = \n", "a")
    assert caught.value.place is not None
    assert caught.value.place.line == 2


@pytest.mark.parametrize("value", [None, [None], float("inf"), 2**63, "\0", {"a": object()}])
def test_what_toml_cannot_hold_is_a_usage_error(value: Any) -> None:
    with pytest.raises(UsageError):
        toml.set(b"", "a", value)


def test_bytes_that_are_not_utf_8_are_told() -> None:
    with pytest.raises(ProjectError) as caught:
        toml.get(b"a = '\xff'\n", "a")
    assert caught.value.code == "not_utf8"


# Random documents: a value printed in random styles, and edits that are also made on the value.

WORDS = st.sampled_from(["a", "b", "c-d", "e.f", "x y", "ü", "1", "#"])
TEXT = st.one_of(WORDS, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8))
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.sampled_from(["l1\nl2\n", "# one\n# two", "\n\n# three\n", "[t]\n#"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(WORDS, VALUES, max_size=4)


class Writer:
    """Prints a document with random tables, dotted keys, inline tables, comments and empty lines."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.pick = lambda *items: draw(st.sampled_from(items))
        self.newline = self.pick("\n", "\n", "\r\n")
        self.lines: list[str] = []

    def document(self, value: dict[str, Any]) -> bytes:
        self.lines += self.pick([], ["# head"], ["# head", ""])
        self.table(value, [])
        mark, end = self.pick("", "", "\ufeff"), self.pick(self.newline, self.newline, "")
        return (mark + self.newline.join(self.lines) + (end if self.lines else "")).encode()

    def table(self, value: dict[str, Any], path: list[str]) -> None:
        tables = {key: item for key, item in value.items() if isinstance(item, dict) and self.pick(True, True, False)}
        arrays = {
            key: item
            for key, item in value.items()
            if isinstance(item, list) and item and all(isinstance(one, dict) for one in item) and self.pick(True, False)
        }
        for key, item in value.items():
            if key not in tables and key not in arrays:
                self.pair(key, item)
        for key, item in tables.items():
            self.header([*path, key], "[{}]")
            self.table(item, [*path, key])
        for key, items in arrays.items():
            for item in items:
                self.header([*path, key], "[[{}]]")
                self.table(item, [*path, key])

    def header(self, path: list[str], form: str) -> None:
        self.lines += self.pick([], [""], ["", "# about the table"])
        self.lines.append(form.format(".".join(map(self.key, path))) + self.pick("", " # aside"))

    def pair(self, key: str, value: Any) -> None:
        self.lines += self.pick([], [], [""], ["# remark"])
        if isinstance(value, dict) and value and self.pick(True, False):
            for name, item in value.items():
                self.lines.append(f"{self.key(key)}.{self.key(name)} = {self.inline(item)}")
        elif isinstance(value, list) and value and self.pick(True, False):
            rows = [f"  {self.inline(item)},{self.pick('', ' # aside')}" for item in value]
            self.lines += [f"{self.key(key)} = [", *rows, "]"]
        else:
            self.lines.append(f"{self.key(key)} = {self.inline(value)}{self.pick('', ' # aside')}")

    def key(self, name: str) -> str:
        return name if name in {"a", "b", "c-d", "1"} and self.pick(True, False) else json.dumps(name)

    def inline(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.key(key)} = {self.inline(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.inline, value)) + self.pick("", "," if value else "") + "]"
        lines = value.split("\n") if isinstance(value, str) and self.newline == "\n" else []
        if (
            len(lines) > 1
            and all(map(str.isprintable, lines))
            and not set(value) & set("\"'\\")
            and self.pick(True, False)
        ):
            quotes = self.pick("'''", '"""')
            return f"{quotes}\n{value}{quotes}"
        if isinstance(value, str):
            return "".join(item if item.isprintable() else f"\\U{ord(item):08x}" for item in self.text(value))
        return json.dumps(value)

    def text(self, value: str) -> str:
        if value.isprintable() and "'" not in value and self.pick(True, False):
            return f"'{value}'"
        return json.dumps(value, ensure_ascii=False)


@st.composite
def cases(draw: Callable[[Any], Any]) -> tuple[dict[str, Any], bytes]:
    value = draw(DOCUMENTS)
    return value, Writer(draw).document(value)


@st.composite
def edits(draw: Callable[[Any], Any]) -> tuple[str, list[str], Any]:
    verb = draw(st.sampled_from(["set", "set", "unset", "append"]))
    return verb, draw(st.lists(WORDS, min_size=1, max_size=3)), draw(VALUES)


def modelled(model: dict[str, Any], verb: str, path: list[str], value: Any) -> dict[str, Any] | None:
    """Return the model with the edit made, None where it is to be refused."""
    model = copy.deepcopy(model)
    holder: Any = model
    for name in path[:-1]:
        if verb == "unset" and name not in holder:
            return model
        holder = holder.setdefault(name, {})
        if not isinstance(holder, dict):
            return model if verb == "unset" else None
    old = holder.get(path[-1])
    if verb == "unset":
        holder.pop(path[-1], None)
    elif verb == "append":
        if not isinstance(old, list | None):
            return None
        known = old or []
        holder[path[-1]] = known if any(same(value, item) for item in known) else [*known, value]
    elif isinstance(old, dict) and old and not isinstance(value, dict):
        return None
    else:
        holder[path[-1]] = value
    return model


def without_empty(value: Any) -> Any:
    """Return a value without empty tables: a removal may take the table that it empties."""
    if not isinstance(value, dict):
        return value
    kept = {key: without_empty(item) for key, item in value.items()}
    return {key: item for key, item in kept.items() if item != {}}


@settings(max_examples=400, deadline=None)
@given(cases(), st.lists(edits(), min_size=1, max_size=4))
def test_random_edits_of_random_documents_say_what_the_model_says(
    case: tuple[dict[str, Any], bytes], changes: list[tuple[str, list[str], Any]]
) -> None:
    model, data = case
    assert same(tomllib.loads(data.decode("utf-8-sig")), model)
    for verb, path, value in changes:
        wanted = modelled(model, verb, path, value)
        call = getattr(toml, verb)
        try:
            edited = call(data, path) if verb == "unset" else call(data, path, value)
        except Refused as refused:
            assert wanted is None or refused.code == "unproven"
            continue
        assert wanted is not None
        held(data, edited)
        found = tomllib.loads(edited.data.decode("utf-8-sig"))
        assert same(found, wanted) or (verb == "unset" and same(without_empty(found), without_empty(wanted)))
        model, data = found, edited.data


@settings(max_examples=400, deadline=None)
@given(cases(), st.data())
def test_broken_input_is_refused_and_never_crashes(case: tuple[dict[str, Any], bytes], data: st.DataObject) -> None:
    source = bytearray(case[1])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(source)))
        junk = st.one_of(
            st.binary(max_size=3), st.sampled_from([b"[a]\n", b"[[b]]\n", b"a.", b"=", b'"""', b"{", b"\r"])
        )
        source[at : at + data.draw(st.integers(0, 3))] = data.draw(junk)
    broken = bytes(source)
    for call in (
        lambda: toml.get(broken, ["a"]),
        lambda: toml.set(broken, ["a", "b"], "x"),
        lambda: toml.unset(broken, ["a"]),
        lambda: toml.append(broken, ["b"], 1),
    ):
        try:
            call()
        except (DevkeelError, KeyError):
            continue
