"""A value stands as a literal of its file's format, whatever is in it, or does not stand at all."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from devkeel.errors import Refused
from devkeel.source import nix
from devkeel.templates.placeholders import fill, fill_data

WILD = "a\"; evil = \"b\n${builtins.exec} '' # \\ {} [] @@other@@ \u2028é😀\x7f"
LIST = ["a", 'b", "c']


def test_nix_says_the_value_and_nothing_else() -> None:
    data = fill(
        "a.nix", b"{ a = @@x@@; b = [ @@n@@ @@yes@@ ]; c = @@list@@; }", {"x": WILD, "n": 3, "yes": True, "list": LIST}
    )
    assert (nix.get(data, "a"), nix.get(data, "c")) == (WILD, LIST)


def test_data_says_the_value_and_nothing_else() -> None:
    values = {"x": WILD, "n": 3, "list": LIST}
    text = b'{"a": @@x@@, "b": @@n@@, "c": @@list@@}'
    assert json.loads(fill("a.json", text, values)) == {"a": WILD, "b": 3, "c": LIST}
    found = tomllib.loads(fill("a.toml", b"a = @@x@@\nb = @@n@@\nc = @@list@@\n", values).decode())
    assert found == {"a": WILD, "b": 3, "c": LIST}
    assert (
        fill("a.yaml", b"a: @@x@@\nb: @@n@@\n", {"x": 'b: "c"\n- d # e', "n": 3})
        == b'a: "b: \\"c\\"\\n- d # e"\nb: 3\n'
    )


NAMED = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
VALUES = st.one_of(NAMED, st.booleans(), st.integers(0, 2**63 - 1), st.lists(NAMED, max_size=3))


@given(value=VALUES)
def test_any_value_is_itself_in_every_format_or_is_refused(value: Any) -> None:
    for name, text, load in (
        ("a.nix", b"{ a = @@x@@; b = 1; }", lambda data: {"a": nix.get(data, "a"), "b": nix.get(data, "b")}),
        ("a.json", b'{"a": @@x@@, "b": 1}', json.loads),
        ("a.toml", b"a = @@x@@\nb = 1\n", lambda data: tomllib.loads(data.decode())),
        ("a.yaml", b"a: @@x@@\nb: 1\n", lambda data: YAML(typ="safe", pure=True).load(data.decode())),
    ):
        try:
            data = fill(name, text, {"x": value})
        except Refused:
            assert name == "a.yaml", value  # YAML has no way to write some signs that JSON would have
            continue
        assert load(data) == {"a": value, "b": 1}


@given(value=NAMED)
def test_bare_text_says_no_more_than_itself(value: str) -> None:
    for name, text in (("a.yaml", b"a: x-@@x:plain@@\n"), ("a.toml", b'a = "@@x:plain@@"\n'), ("a.sh", b"run @@x@@\n")):
        try:
            data = fill(name, text, {"x": value})
        except Refused:
            continue
        assert data.decode() == re.sub(r"@@.*@@", lambda _: value, text.decode())
        assert len(shlex.split(data.decode(), comments=True)) == len(text.split())


def test_an_alias_stands_for_no_more_than_it_takes_to_write() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    text = "\n".join([*lines, "b: @@x@@", ""]).encode()
    assert fill("a.yaml", text, {"x": "c"}) == text.replace(b"@@x@@", b'"c"')


def test_what_would_become_very_long_is_refused() -> None:
    with pytest.raises(Refused):
        fill("a.nix", b"[ " + b"@@x@@ " * 10_000 + b"]", {"x": "a" * 400})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("a.nix", b'{ a = "@@x@@"; }', "; evil = 1; b = "),
        ("a.nix", b"{ a = ''@@x@@''; }", "b"),
        ("a.nix", b"# @@x@@\n{ }", "b\nevil"),
        ("a.nix", b"[ @@x@@ ]", -3),
        ("a.nix", b"{ a = @@x:plain@@; }", "1; evil = 2"),
        ("a.toml", b"a = { b = '@@x@@' }\n", "' , evil = 'c"),
        ("a.json", b'{"a": "@@x@@"}', "b"),
        ("a.yaml", b"a: @@x:plain@@\n", "1.0"),
        ("a.yaml", b"a: '@@x@@'\n", "'\nevil: '"),
        ("a.py", b'a = "@@x@@"\n', '"; evil()'),
        ("a.sh", b"echo @@x@@\n", "-n"),
        ("a.go", b"x := @@x@@\n", "a//b"),
        ("a.txt", b"@@x@@\n", ""),
        ("a.txt", b"@@y@@\n", "a"),
    ],
)
def test_a_value_that_would_be_more_than_itself_is_refused(name: str, text: bytes, value: str) -> None:
    with pytest.raises(Refused) as caught:
        fill(name, text, {"x": value})
    assert caught.value.code == "template_value"


def test_plain_text_takes_plain_values() -> None:
    assert fill("a.py", b"name = '@@x@@' # @@n@@\n", {"x": "my-app.v1/a_b", "n": 3}) == b"name = 'my-app.v1/a_b' # 3\n"
    assert fill("a.bin", b"\xff@@x@@", {"x": "a"}) == b"\xff@@x@@"


@pytest.mark.parametrize(
    ("edit", "filled"),
    [
        ({"value": "@@x@@"}, {"value": WILD}),
        ({"value": "port @@n@@"}, {"value": "port 3"}),
        ({"value": "@@n@@"}, {"value": 3}),
        ({"settings": {"a": ["@@list@@", "d"], "b": "@@yes@@"}}, {"settings": {"a": [*LIST, "d"], "b": True}}),
        ({"names": ["@@plain@@", "jq"]}, {"names": ["git", "curl", "jq"]}),
        ({"expression": "[ @@x@@ ]"}, {"expression": f"[ {nix.print_value(WILD)} ]"}),
    ],
)
def test_an_edit_takes_values_as_data(edit: dict[str, Any], filled: dict[str, Any]) -> None:
    values = {"x": WILD, "n": 3, "list": LIST, "yes": True, "plain": ["git", "curl"]}
    assert fill_data(edit, values) == filled


@pytest.mark.parametrize("edit", [{"names": ["@@x@@"]}, {"path": "a.@@x@@"}, {"value": "a @@x@@"}, {"url": "@@x@@"}])
def test_a_name_in_an_edit_is_plain(edit: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        fill_data(edit, {"x": WILD})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("a.nix", b"{ a = @@x:plain@@; }", "builtins.currentTime"),
        ("a.nix", b"{ a = @@x:plain@@; }", "secret"),
        ("a.nix", b"{ a = @@x:plain@@; }", "a/b"),
        ("a.nix", b"{ a = <@@x:plain@@>; }", "nixpkgs"),
        ("a.nix", b'{ a = "${@@x:plain@@}"; }', "b"),
        ("a.nix", b"{ inherit (b) @@x:plain@@; }", "b"),
        ("a.nix", b"with @@x:plain@@; b", "b"),
        ("a.yml", b"k: @@x:plain@@\n", "on"),
        ("a.yml", b"k: @@x:plain@@\n", "no"),
        ("a.yml", b"k: @@x:plain@@\n", "2024-01-01"),
        ("a.yml", b"k: @@x:plain@@\n", "1_000"),
        ("a.yml", b"k: @@x:plain@@\n", "1e3"),
        ("a.json", b'{@@x@@: 1, "b": 2}', "b"),
        ("a.json", b'{"c": {"b": 2, "@@x:plain@@": 1}}', "b"),
        ("a.yml", b"@@x@@: 1\nb: 2\n", "b"),
        ("a.toml", b"@@x@@ = 1\nb = 2\n", "b"),
    ],
)
def test_a_value_is_no_code_no_other_type_and_no_other_key(name: str, text: bytes, value: str) -> None:
    with pytest.raises(Refused) as caught:
        fill(name, text, {"x": value})
    assert caught.value.code == "template_value"


@pytest.mark.parametrize(
    "text",
    [
        "{ a = pkgs.@@x:plain@@; }",
        "{ a.@@x:plain@@ = 1; }",
        '{ a = "is @@x:plain@@"; }',
        "{ a = ''\n  @@x:plain@@\n''; }",
        "{ a = ./nix/@@x:plain@@.nix; }",
        "# @@x:plain@@\n{ }",
    ],
)
@pytest.mark.parametrize("value", ["nodejs_22", "go"])
def test_bare_text_in_nix_is_a_name_or_a_part_of_a_text(text: str, value: str) -> None:
    assert fill("a.nix", text.encode(), {"x": value}).decode() == text.replace("@@x:plain@@", value)
    assert fill("b.nix", b"{ a = @@n:plain@@; b = @@y:plain@@; }", {"n": 3, "y": True}) == b"{ a = 3; b = true; }"


def test_names_of_an_edit_stay_apart() -> None:
    with pytest.raises(Refused):
        fill_data({"settings": {"@@x:plain@@": 1, "b": 2}}, {"x": "b"})


def test_a_parameter_is_not_taken_for_another_one() -> None:
    values = {"a": "1", "a_end": "2", "end": ["3", "probe_0_end"]}
    assert json.loads(fill("a.json", b'{"x": @@a_end@@, "y": @@a@@, "z": @@end@@}', values)) == {
        "x": "2",
        "y": "1",
        "z": ["3", "probe_0_end"],
    }
