"""Type phrases as types."""

from __future__ import annotations

from typing import Any

import pytest

from devkeel.catalogue.options import option_tree
from devkeel.catalogue.types import UNCLEAR, Anything, parse_type
from devkeel.source.nix import Expression

PORT = "16 bit unsigned integer; between 0 and 65535 (both inclusive)"
CASES: list[tuple[str, Any, bool | None]] = [
    ("boolean", True, True),
    ("boolean", "true", False),
    ("boolean", 1, False),
    ("string", "x", True),
    ("string", 1, False),
    ("string", None, False),
    ("null or string", None, True),
    ("null or string", False, False),
    ("signed integer", -3, True),
    ("signed integer", True, False),
    ("signed integer", 1.5, False),
    (PORT, 65535, True),
    (PORT, 65536, False),
    (PORT, -1, False),
    ("unsigned integer, meaning >=0", -1, False),
    ("positive integer, meaning >0", 0, False),
    ("null or (unsigned integer, meaning >=0)", None, True),
    ("floating point number", 1.5, True),
    ("floating point number", 1, False),
    ('one of "get", "head"', "get", True),
    ('one of "get", "head"', "post", False),
    ("one of 0, 1, 2, 3, 4", 4, True),
    ("one of 0, 1, 2, 3, 4", "4", False),
    ('null or signed integer or one of "keep", "no"', "keep", True),
    ('null or signed integer or one of "keep", "no"', "drop", False),
    ("list of string", ["a", "b"], True),
    ("list of string", ["a", 1], False),
    ("list of string", "a", False),
    ("list of string", ["a", Expression("x")], None),
    ("attribute set of string", {"a": "b"}, True),
    ("attribute set of string", {"a": 1}, False),
    ("attribute set of list of string", {"a": ["b"]}, True),
    ("attribute set", {"a": 1}, None),
    ("attribute set", [], False),
    ("submodule", {"a": 1}, None),
    ("submodule", "a", False),
    ("submodule", "/module.nix", None),
    ("open submodule of (JSON value)", {"a": 1}, None),
    ("absolute path", "/etc", True),
    ("absolute path", "etc", False),
    ("absolute path", Expression("./etc"), None),
    ("package", Expression("pkgs.git"), None),
    ("package", "git", False),
    ("package", "/nix/store/x", True),
    ("list of (boolean or signed integer)", [True, 1], True),
    ("list of (boolean or signed integer)", ["x"], False),
    ("(list of string) or string convertible to it", "x", True),
    ("string matching the pattern ^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-01-02", True),
    ("string matching the pattern ^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-1-2", False),
    ("string matching the pattern [][*?!0-9A-Za-z_-]+", "*.rs", False),
    ("JSON value", {"a": [1, None]}, None),
    ("no phrase that anybody knows", object, None),
    ("boolean", Expression("config.x.enable"), None),
]


@pytest.mark.parametrize(("phrase", "value", "verdict"), CASES)
def test_a_value_is_judged(phrase: str, value: Any, verdict: bool | None) -> None:
    assert parse_type(phrase).accepts(value) is verdict


@pytest.mark.parametrize(
    ("phrase", "value", "right"),
    [
        ("boolean", "yes", True),
        ("boolean", 0, False),
        ("boolean", "maybe", UNCLEAR),
        ("string", 5432, "5432"),
        ("string", ["a"], "a"),
        ("string", ["a", "b"], UNCLEAR),
        ('strings concatenated with "\\n"', ["a", "b"], "a\nb"),
        ("null or string", 3, "3"),
        ("null or string", [1], UNCLEAR),
        ("null or signed integer", "null", None),
        (PORT, "6380", 6380),
        (PORT, "63800000", UNCLEAR),
        (PORT, 6380.0, 6380),
        ("floating point number", 2, 2.0),
        ('one of "stable", "beta", "nightly"', "stabel", "stable"),
        ('one of "stable", "beta", "nightly"', "Nightly", "nightly"),
        ('one of "stable", "beta", "nightly"', "pinned", UNCLEAR),
        ("list of string", "a", ["a"]),
        ("list of string", [1, "b"], ["1", "b"]),
        ("list of package", "git jq", [Expression("pkgs.git"), Expression("pkgs.jq")]),
        ("package", "git", Expression("pkgs.git")),
        ("absolute path", "./requirements.txt", Expression("./requirements.txt")),
        ("absolute path", "requirements.txt", UNCLEAR),
        ("package", "a..b", UNCLEAR),
        ("absolute path", "not a path; at all", UNCLEAR),
        ("submodule", 1, UNCLEAR),
    ],
)
def test_what_a_wrong_value_means_where_that_is_clear(phrase: str, value: Any, right: Any) -> None:
    assert parse_type(phrase).correct(value) == right


def test_most_phrases_of_the_table_are_understood() -> None:
    phrases = [option.type for option in option_tree().options.values()]
    known = [phrase for phrase in phrases if not isinstance(parse_type(phrase), Anything)]
    assert len(known) > 0.98 * len(phrases)


def test_every_enum_of_the_table_takes_its_own_values() -> None:
    for option in option_tree().options.values():
        if option.allowed:
            kind = parse_type(option.type)
            assert not isinstance(kind, Anything), option.path
