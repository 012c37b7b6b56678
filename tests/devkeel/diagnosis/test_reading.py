"""Reading a failed run's text: the lines that say what is missing, wherever they stand in it."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import phrases, read

HEADER = "src/a.c:3:10: fatal error: zlib.h: No such file or directory"


@pytest.mark.parametrize(
    "text",
    [
        HEADER,
        f"gcc -c a.c\n{HEADER}\n    3 | #include <zlib.h>\ncompilation terminated.\nmake: *** [a.o] Error 1\n",
        "\x1b[01m\x1b[Ka.c:3:\x1b[m\x1b[K \x1b[01;31m\x1b[Kfatal error: \x1b[m\x1b[Kzlib.h: No such file or directory",
        f"npm error {HEADER}",
        f"#12 51.54 {HEADER}",
        f"worker_1  | {HEADER}",
        f"{HEADER}\r\n",
        "a" * 100_000 + HEADER,
        f"{HEADER} " + "a" * 100_000,
    ],
)
def test_a_header_is_found(text: str) -> None:
    (cause,) = read(text).causes
    assert (cause.kind, cause.subject) == ("header", "zlib.h")
    assert "directory" in cause.line


def test_a_line_has_the_number_that_it_has_in_the_text() -> None:
    for before in (0, 7, 400_000):
        reading = read("nothing\n" * before + HEADER)
        assert [cause.number for cause in reading.causes] == [before + 1]


def test_what_is_missing_far_above_is_found_where_the_end_names_nothing() -> None:
    long = "note: nothing\n" * 40_000
    assert [cause.subject for cause in read(f"{HEADER}\n{long}").causes] == ["zlib.h"]
    other = HEADER.replace("zlib.h", "curl/curl.h")
    assert [cause.subject for cause in read(f"{HEADER}\n{long}{other}\n").causes] == ["curl/curl.h"]


def test_an_address_that_is_named_twice_beside_is_one_cause() -> None:
    text = "Connection refused - connect(2) for 127.0.0.1:6379 (redis://localhost:6379) (CannotConnectError)\n"
    assert [(cause.kind, cause.subject) for cause in read(text).causes] == [("service", "6379")]


def test_what_is_said_twice_is_one_cause() -> None:
    assert len(read(f"{HEADER}\n{HEADER}\n").causes) == 1


def test_a_text_that_says_nothing_has_no_cause() -> None:
    assert read("").causes == ()
    assert read("ok\n" * 10).causes == ()


def test_each_phrase_has_its_name_alone() -> None:
    names = [phrase.name for phrase in phrases()]
    assert len(names) == len(set(names))
