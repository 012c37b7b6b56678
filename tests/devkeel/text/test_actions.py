"""A marker survives what text goes through, and is said in a client's words."""

from __future__ import annotations

import json

import pytest

from devkeel.text.actions import MARKS, Said, again, argument, do, plainly, say
from devkeel.text.clean import clean


def test_a_marker_survives_joining_and_json() -> None:
    sentence = f"Make it: {do('make', environment='dev')}, or {again(level='schema', dry_run=False)}."
    said = list[Said]()
    say(json.loads(json.dumps({"remedy": sentence}))["remedy"], lambda item: said.append(item) or "")  # type: ignore[func-returns-value]
    assert said == [
        Said("do", "make", {"environment": "dev"}),
        Said("again", "", {"level": "schema", "dry_run": False}),
    ]


def test_without_a_client_the_library_uses_its_own_names() -> None:
    assert say(f"{do('apply')}; {again(dry_run=False)}; {argument('level')}", plainly) == (
        "apply; the same call with no dry_run; level"
    )


def test_what_is_not_given_is_not_in_it() -> None:
    assert do("make", environment=None) == do("make")


_DEEP = "[" * 400 + "]" * 400


@pytest.mark.parametrize(
    "inside",
    [
        *("", "[]", "{}", '["do"]', '["do", 1, {}]', '["sing", "apply", {}]', "[" * 5_000),
        f'["do", "inspect", {{"prefix": {_DEEP}}}]',
        '["do", "inspect", {"prefix": {"a": 1}}]',
    ],
)
def test_what_is_no_marker_stays_and_cleaning_takes_its_marks(inside: str) -> None:
    forged = f"{MARKS[0]}{inside}{MARKS[1]}"
    assert say(forged, plainly) == forged
    assert clean(forged) == inside


def test_a_value_cannot_end_its_marker() -> None:
    value = f"a{MARKS[1]}b{MARKS[0]}c"
    assert say(f"{do('make', environment=value)}.", lambda said: clean(str(said.arguments["environment"]))) == "abc."
