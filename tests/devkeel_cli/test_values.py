"""How a VALUE is read: `3.10` stays `3.10` where the option holds text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import devkeel.catalogue
from devkeel.errors import UsageError
from devkeel_cli.arguments.values import read_value

if TYPE_CHECKING:
    from devkeel_cli.arguments.values import Reading

    from .conftest import Shell

TEXT_TYPES = (
    "string",
    "null or string",
    "non-empty string",
    "single-line string",
    'strings concatenated with "\\n"',
    'null or strings concatenated with "\\n"',
    "string, not containing newlines or colons",
    "string matching the pattern [a-z]+",
    "absolute path",
    "path",
    'one of "3.10", "3.11"',
)
OTHER_TYPES = (
    None,
    "boolean",
    "signed integer",
    "string or boolean",
    "null or boolean",
    "list of string",
    "attribute set of string",
    "one of 1, 2",
    "string or signed integer",
)


@pytest.fixture
def option_is(monkeypatch: pytest.MonkeyPatch) -> Any:
    def say(phrase: str | None) -> None:
        monkeypatch.setattr(devkeel.catalogue, "option_type", {"a.b": phrase}.get)

    return say


@pytest.mark.parametrize("phrase", TEXT_TYPES)
@pytest.mark.parametrize("text", ["3.10", "true", "[1]", '"quoted"', "plain", ""])
def test_text_options_take_the_text(option_is: Any, phrase: str, text: str) -> None:
    option_is(phrase)
    assert read_value("a.b", text) == {"value": text}


@pytest.mark.parametrize("phrase", OTHER_TYPES)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.11", 3.11),
        ("true", True),
        ("null", None),
        ("-1", -1),
        ('["a"]', ["a"]),
        ('{"a": 1}', {"a": 1}),
        ('"3.10"', "3.10"),
        ("plain", "plain"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("[" * 100_000, "[" * 100_000),
        ("", ""),
    ],
)
def test_other_options_take_json_where_it_parses(option_is: Any, phrase: str | None, text: str, value: Any) -> None:
    option_is(phrase)
    assert read_value("a.b", text) == {"value": value}


@pytest.mark.parametrize("text", ["3.10", "1e3", "1.0e0"])
def test_a_number_stays_as_it_was_typed_unless_the_option_takes_numbers(option_is: Any, text: str) -> None:
    for phrase in (None, "string or boolean", "list of string"):
        option_is(phrase)
        assert read_value("a.b", text) == {"value": text}
        assert read_value("a.b", text, "json") == {"value": float(text)}
    for phrase in ("floating point number", "null or 16 bit unsigned integer; between 0 and 65535 (both inclusive)"):
        option_is(phrase)
        assert read_value("a.b", text) == {"value": float(text)}


def test_null_is_null_where_the_option_may_be_null(option_is: Any) -> None:
    option_is("null or string")
    assert read_value("a.b", "null") == {"value": None}
    option_is("string")
    assert read_value("a.b", "null") == {"value": "null"}


@pytest.mark.parametrize("phrase", ["string", "boolean"])
@pytest.mark.parametrize(
    ("reading", "fields"),
    [("string", {"value": "1"}), ("json", {"value": 1}), ("nix", {"expression": "1"})],
)
def test_a_reading_that_is_asked_for_wins(
    option_is: Any, phrase: str, reading: Reading, fields: dict[str, Any]
) -> None:
    option_is(phrase)
    assert read_value("a.b", "1", reading) == fields


def test_what_is_said_to_be_json_must_be() -> None:
    with pytest.raises(UsageError):
        read_value("a.b", "plain", "json")


def test_a_version_is_written_as_it_was_typed(devkeel: Shell) -> None:
    assert devkeel("set", "languages.python.version", "3.10", "--level", "syntax").code == 0
    assert '"3.10"' in devkeel.read()


def test_a_port_is_written_as_a_number(devkeel: Shell) -> None:
    line = ("enable", "redis", "--setting", "port=6380", "--setting", "bind=127.0.0.1")
    assert devkeel(*line, "--level", "syntax").code == 0
    assert "port = 6380;" in devkeel.read()
    assert '"127.0.0.1"' in devkeel.read()


def test_the_setting_of_a_language_is_typed_by_the_language(devkeel: Shell) -> None:
    assert devkeel("enable", "python", "--setting", "version=3.10", "--level", "syntax").code == 0
    assert '"3.10"' in devkeel.read()


def test_nix_is_written_as_source_and_a_string_never_is(devkeel: Shell) -> None:
    assert devkeel("set", "env.A", "pkgs.hello.name", "--nix", "--level", "syntax").code == 0
    assert devkeel("set", "env.B", "pkgs.hello.name", "--level", "syntax").code == 0
    assert "env.A = pkgs.hello.name;" in devkeel.read()
    assert 'env.B = "pkgs.hello.name";' in devkeel.read()


def test_a_value_that_begins_with_a_dash_follows_two(devkeel: Shell) -> None:
    assert devkeel("set", "--level", "syntax", "--", "env.OFFSET", "-1").code == 0
    assert "-1" in devkeel.read()
