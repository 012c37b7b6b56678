"""A library that is not there when a program is linked."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    ("/usr/bin/ld: cannot find -lz", "library", "z"),
    ("/nix/store/x-binutils-2.44/bin/ld: cannot find -lpq: No such file or directory", "library", "pq"),
    ("          /usr/bin/ld: cannot find -lsqlite3: No such file or directory", "library", "sqlite3"),
    ("  = note: /usr/bin/ld: cannot find -lssl: No such file or directory", "library", "ssl"),
    ("/usr/bin/ld.gold: error: cannot find -lxcb", "library", "xcb"),
    ("/usr/bin/ld: cannot find -lboost_system-mt: No such file", "library", "boost_system-mt"),
    ("ld.lld: error: unable to find library -lncursesw", "library", "ncursesw"),
    ("rust-lld: error: unable to find library -lxkbcommon", "library", "xkbcommon"),
    ("mold: fatal: library not found: usb-1.0", "library", "usb-1.0"),
    ("ld: library not found for -lpq", "library", "pq"),
    ("ld: library 'ssl' not found", "library", "ssl"),
    (
        "error: unable to find dynamic system library 'SDL2' using strategy 'paths_first'. searched paths:",
        "library",
        "SDL2",
    ),
    ("error: could not find native static library `foo`, perhaps an -L flag is missing?", "library", "foo"),
    ("LINK : fatal error LNK1181: cannot open input file 'zlib.lib'", "library", "zlib"),
    ("* Missing (or bad) C library: pcre", "library", "pcre"),
    ("/usr/bin/ld: cannot find -lc: No such file or directory\ngcc -static a.c", "library", "c"),
    ("/usr/bin/ld: have you installed the static version of the z library ?", "library", "z"),
    ("* Missing C library: gmp", "library", "gmp"),
    ("checking for main() in -lzmq... no\n*** extconf.rb failed ***", "library", "zmq"),
    ("collect2: fatal error: cannot find 'ld'", "", ""),
    ("gcc -fuse-ld=mold a.o -o a\ncollect2: fatal error: cannot find 'ld'", "program", "mold"),
    ("gcc -fuse-ld=mold a.o\ncollect2: fatal error: cannot find \u2018ld\u2019", "program", "mold"),
    ("clang: error: invalid linker name in argument '-fuse-ld=lld'", "program", "lld"),
    ("clang-16: error: invalid linker name in '-fuse-ld=mold'", "program", "mold"),
    ("/usr/bin/ld: cannot find crt1.o: No such file or directory", "compiler", "cc"),
]


@pytest.mark.parametrize(("text", "kind", "subject"), [row for row in SAID if row[1]])
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    first = read(f"{text}\ncollect2: error: ld returned 1 exit status\nmake: *** [a] Error 1\n").causes[0]
    assert (first.kind, first.subject) == (kind, subject)


def test_each_of_several_libraries_is_named() -> None:
    causes = read("ld: cannot find -lz: No such file\nld: cannot find -lpng16: No such file\n").causes
    assert [cause.subject for cause in causes] == ["z", "png16"]
    (one, two, three) = read("* Missing (or bad) C libraries: icuuc, icui18n, icudata\n").causes
    assert [one.subject, two.subject, three.subject] == ["icuuc", "icui18n", "icudata"]


@pytest.mark.parametrize(
    "text",
    [
        "undefined reference to `deflate'",
        "collect2: error: ld returned 1 exit status",
        "/usr/bin/ld: warning: libm.so.6 needed by x",
        "ld: cannot find entry symbol _start; defaulting to 00000",
    ],
)
def test_what_follows_from_it_is_no_cause(text: str) -> None:
    assert read(text).causes == ()
