"""Values are the same by what they say."""

from __future__ import annotations

import pytest

from devkeel.source import nix
from devkeel.source.nix.read.equality import same, tokens


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("f  x\n  y", "f x y", True),
        ("f /* why */ x # so", "f x", True),
        ("pkgs . jq", "pkgs.jq", True),
        ("a-1", "a - 1", False),
        ("f x", "fx", False),
        ('"a b"', '"a  b"', False),
        ("''\n  a\n   b\n''", "''\n  a\n  b\n''", False),
        ('"${a b}"', '"${a   b}"', True),
        ("[ (f x) ]", "[ f x ]", False),
        ("a ==", "a  ==", True),
    ],
)
def test_expressions_are_compared_by_their_tokens(first: str, second: str, expected: bool) -> None:
    assert same(nix.Expression(first), nix.Expression(second)) is expected


def test_a_dotted_name_has_the_tokens_that_it_has_with_blanks() -> None:
    assert tokens("a.b-c.d'") == tokens(" a . b-c .d'") == (b"a", b".", b"b-c", b".", b"d'")


@pytest.mark.parametrize(("first", "second"), [(1, True), (1, 1.0), (0, False), ("1", 1), ([1], [True]), ({}, [])])
def test_values_of_other_types_are_other_values(first: nix.Value, second: nix.Value) -> None:
    assert not same(first, second)
    assert not same({"a": [first]}, {"a": [second]})


def test_a_text_that_differs_in_blanks_only_is_another_element() -> None:
    source = b'{ a = [ (f "x y") ]; }'
    edited = nix.append(b"f: " + source, "a", nix.Expression('f "x  y"'))
    assert edited.data == b'f: { a = [ (f "x y") (f "x  y") ]; }'
    assert not nix.append(edited.data, "a", nix.Expression('f   "x  y"')).changed
    changed = nix.set(b'f: { a = f "x y"; }', "a", nix.Expression('f "x  y"'))
    assert changed.data == b'f: { a = f "x  y"; }'
