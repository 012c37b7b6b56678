"""A derivation's file says what is built; what is no derivation is refused and never half read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.nix_cli.derivation_file import parse_derivation, read_derivation

PLAIN = (
    b'Derive([("doc","/nix/store/a-t-doc","",""),("out","/nix/store/a-t","","")],[("/nix/store/b.drv",["out","dev"])],'
    b'["/nix/store/s"],"x86_64-linux","/bin/sh",["-c","echo \\"hi\\"\\n\\ttab \\\\ \\$x"],[("name","t"),("x","")])'
)


def escaped(text: str) -> str:
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(sign, written)
    return f'"{text}"'


def test_each_field_is_read() -> None:
    found = parse_derivation(PLAIN)
    assert [*found.outputs] == ["doc", "out"]
    assert found.outputs["out"].path == "/nix/store/a-t"
    assert (found.inputs, found.sources) == (("/nix/store/b.drv",), ("/nix/store/s",))
    assert (found.system, found.builder) == ("x86_64-linux", "/bin/sh")
    assert found.arguments == ("-c", 'echo "hi"\n\ttab \\ $x')
    assert found.variables == {"name": "t", "x": ""}
    assert not found.is_fixed
    assert not found.is_content_addressed


@pytest.mark.parametrize(("output", "fixed", "addressed"), [("sha256", False, True), ("r:sha256", False, True)])
def test_an_output_that_its_content_names_is_known(output: str, *, fixed: bool, addressed: bool) -> None:
    data = f'Derive([("out","","{output}","")],[],[],"s","b",[],[])'.encode()
    assert (parse_derivation(data).is_fixed, parse_derivation(data).is_content_addressed) == (fixed, addressed)
    data = f'Derive([("out","/nix/store/a","{output}","00")],[],[],"s","b",[],[])'.encode()
    assert (parse_derivation(data).is_fixed, parse_derivation(data).is_content_addressed) == (True, False)


def test_structured_attributes_are_variables_too() -> None:
    json_text = escaped('{"a": "x", "b": [1], "env": {"C": "y"}}')
    found = parse_derivation(f'Derive([],[],[],"s","b",[],[("__json",{json_text})])'.encode())
    assert {name: found.given[name] for name in ("a", "b", "C")} == {"a": "x", "b": "[1]", "C": "y"}


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20), max_size=4))
def test_any_text_comes_back(words: list[str]) -> None:
    data = f'Derive([],[],[],"s","b",[{",".join(map(escaped, words))}],[])'
    assert parse_derivation(data.encode()).arguments == tuple(words)


@given(st.integers(0, len(PLAIN) - 1))
def test_a_part_of_one_is_none(size: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_derivation(PLAIN[:size])


@given(st.binary(max_size=60))
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_derivation(b"Derive(" + data)


def test_a_file_that_is_not_there_is_none() -> None:
    assert read_derivation("/nix/store/none.drv") is None
