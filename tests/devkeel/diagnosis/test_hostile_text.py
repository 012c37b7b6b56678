"""Text that is made to be slow to read, or to be taken for something else: every phrase, on what its pattern likes."""

from __future__ import annotations

import re
import re._constants as sre
import re._parser as parser
import signal
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.diagnosis.reading import phrases, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.phrase import Phrase

_WINDOW = 2000
_HANGS = 60  # seconds, after which a pattern is said to hang: all of them together take a fraction of it
_FILLING = ("a", "A_", "9.", " ", ":/", "'", "a b ", "a, ", "x: ")


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """End a pattern that hangs, with the place where it does."""

    def hang(*_: object) -> None:
        raise TimeoutError("a pattern hangs")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(_HANGS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _literals(pattern: str) -> list[str]:
    """Return the literal texts of a pattern, each as long as it is without a choice in it."""
    found, text = list[str](), ""
    for item in _flat(parser.parse(pattern)):
        if item is None:
            found.append(text)
            text = ""
        else:
            text += item
    return [part for part in dict.fromkeys([*found, text]) if part]


def _flat(items: Any) -> Iterator[str | None]:
    for op, value in items:
        if op is sre.LITERAL:
            yield chr(value)
            continue
        yield None
        for part in value if isinstance(value, (tuple, list)) else ():
            if isinstance(part, parser.SubPattern):
                yield from _flat(part)
            elif isinstance(part, list):
                for each in part:
                    yield from _flat(each) if isinstance(each, parser.SubPattern) else ()
        yield None


def _windows(phrase: Phrase) -> Iterator[str]:
    """Yield what a phrase may see at most: its own words, with what its repeats take between them, and no end."""
    parts = _literals(phrase.pattern)[:6]
    rows = phrase.lines + phrase.before
    for filling in _FILLING:
        long = filling * (_WINDOW // len(filling))
        yield phrase.hint + long
        yield long + phrase.hint
        yield (phrase.hint + filling) * (_WINDOW // (len(phrase.hint) + len(filling)))
        yield "\n".join([long] * rows)
        for part in parts:
            yield (part + filling) * (_WINDOW // (len(part) + len(filling)))
            yield phrase.hint + part + long
        yield filling.join(parts) + long


def test_no_pattern_hangs_on_what_it_likes() -> None:
    for phrase in phrases():
        for window in _windows(phrase):
            match = phrase.expression.search(window)
            assert match is None or phrase.judge is None or phrase.judge(match, window) in (True, False), phrase.name


def test_no_phrase_of_several_lines_hangs_on_long_lines() -> None:
    for phrase in phrases():
        if phrase.lines + phrase.before == 1:
            continue
        for part in (phrase.hint + "9.", phrase.hint + ":" * 40):
            read("\n".join([part * (_WINDOW // len(part))] * 12))


def test_a_repeat_in_a_repeat_is_set_apart_by_a_sign_of_its_own() -> None:
    name = ""

    def judge(items: Any) -> None:
        for op, value in items:
            if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
                _, most, part = value
                repeats = any(each in (sre.MAX_REPEAT, sre.MIN_REPEAT) for each, _ in part)
                assert most is not sre.MAXREPEAT or not repeats or any(each is sre.LITERAL for each, _ in part), name
                judge(part)
                continue
            for each in value if isinstance(value, (tuple, list)) else ():
                for part in each if isinstance(each, list) else [each]:
                    if isinstance(part, parser.SubPattern):
                        judge(part)

    for phrase in phrases():
        name = phrase.name
        judge(parser.parse(phrase.pattern, re.MULTILINE))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000_000,
        "error: " * 7_000_000,
        "\n" * 20_000_000,
        "\x1b[31m" * 5_000_000,
        "\x1b[" + "1;" * 5_000_000,
        "\x00\x07\u202e" * 5_000_000,
        ("x" * 1_000_000 + "\n") * 20,
        "KeyError: '\n" * 2_000_000,
        "connection refused localhost:" * 1_000_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_text_of_any_size_is_read(text: str) -> None:
    reading = read(text + "\nsrc/a.c:3:10: fatal error: zlib.h: No such file or directory\n")
    assert ("header", "zlib.h") in [(cause.kind, cause.subject) for cause in reading.causes]


def test_what_controls_a_terminal_stays_out_of_a_cause() -> None:
    text = "src/a.c:1: fatal error: a\u202eb\x07.h: No such file or directory\x1b]0;owned\x07\n"
    for cause in read(text).causes:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", cause.subject + cause.line)
