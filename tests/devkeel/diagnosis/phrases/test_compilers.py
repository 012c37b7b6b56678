"""A header that is not there, and a part of the compiler."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    ("src/cache.c:2:10: fatal error: hiredis/hiredis.h: No such file or directory", "header", "hiredis/hiredis.h"),
    ("a.c:1:19: error: zlib.h: No such file or directory", "header", "zlib.h"),
    ("/w/main.cc:2:10: fatal error: fmt/core.h: No such file or directory", "header", "fmt/core.h"),
    ("main.cpp:1:10: fatal error: Eigen/Dense: No such file or directory", "header", "Eigen/Dense"),
    ("box.c:4:10: fatal error: 'sodium.h' file not found", "header", "sodium.h"),
    ("box.m:4:9: fatal error: 'Foundation/Foundation.h' file not found", "header", "Foundation/Foundation.h"),
    ("src/main.zig:3:11: error: 'SDL2/SDL.h' file not found", "header", "SDL2/SDL.h"),
    ("wrapper.h:1:10: fatal error: 'libusb-1.0/libusb.h' file not found, err: true", "header", "libusb-1.0/libusb.h"),
    (
        "x.cpp(3): fatal error C1083: Cannot open include file: 'sqlite3.h': No such file or directory",
        "header",
        "sqlite3.h",
    ),
    ('a.cu(2): catastrophic error: cannot open source file "cudnn.h"', "header", "cudnn.h"),
    ('"a.c", line 2: fatal error: could not open source file "gmp.h"', "header", "gmp.h"),
    ("a.c:2: error: include file 'uv.h' not found", "header", "uv.h"),
    (
        "Fatal Error: Cannot open module file \u2018netcdf.mod\u2019 for reading at (1): No such file or directory",
        "header",
        "netcdf.mod",
    ),
    ("Fatal Error: Cannot open module file 'netcdf.mod' for reading at (1): No such file", "header", "netcdf.mod"),
    ("Error: Can't open included file 'mpif.h'", "header", "mpif.h"),
    (
        "hint: This error likely indicates that you need to install a library that provides `portaudio.h` for `pyaudio`",
        "header",
        "portaudio.h",
    ),
    ("Can't find the 'libpq-fe.h header", "header", "libpq-fe.h"),
    ("checking for yaml.h... no\nyaml.h not found\n*** extconf.rb failed ***", "header", "yaml.h"),
    ("sqlite3.h is missing. Try 'brew install sqlite3',", "header", "sqlite3.h"),
    ("* Missing (or bad) header file: pcre.h", "header", "pcre.h"),
    ("gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory", "compiler", "cc1plus"),
    ("gcc: error trying to exec 'cc1plus': execvp: No such file or directory", "compiler", "cc1plus"),
    ("gcc: fatal error: cannot execute \u2018f951\u2019: posix_spawnp: No such file or directory", "compiler", "f951"),
    ('cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH', "compiler", "gcc"),
    ("checking for ffi.h... no\n*** extconf.rb failed ***", "header", "ffi.h"),
    ("wrapper.h:1:10: fatal error: 'stddef.h' file not found, err: true\nbindgen panicked", "header", "stddef.h"),
    ("gyp ERR! stack Error: not found: make", "program", "make"),
]
NOTHING = [
    "src/main.c:1:10: fatal error: config.h: No such file or directory",
    "src/a.cc:1:10: fatal error: proto/fleet.pb.h: No such file or directory",
    "src/a.cc:1:10: fatal error: ui_mainwindow.h: No such file or directory",
    "src/a.c:1:10: fatal error: ../lib/own.h: No such file or directory",
    "a.c:3:10: fatal error: 'foo.h' file not found, did you mean 'Foo.h'?",
    "a.c:3:10: error: 'own.h' file not found with <angled> include; use \"quotes\" instead",
    "note: file not found: a.h",
    "fatal error: error writing to /tmp/ccQ8vJ2x.s: No space left on device",
    "cc1: fatal error: main.c: No such file or directory",
    "gcc: fatal error: no input files",
]


@pytest.mark.parametrize(("text", "kind", "subject"), SAID)
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    first = read(f"building\n{text}\ncompilation terminated.\n").causes[0]
    assert (first.kind, first.subject) == (kind, subject)


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_of_the_project_itself_is_no_cause(text: str) -> None:
    found = [cause for cause in read(f"building\n{text}\nfailed\n").causes if cause.kind != "disk"]
    assert [(cause.kind, cause.subject) for cause in found] == []
