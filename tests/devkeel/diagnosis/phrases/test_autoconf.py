"""What configure scripts and the programs that make them say is missing."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    (
        "checking for libevent >= 2.1... no\nconfigure: error: Package requirements (libevent >= 2.1) were not met:\n\n"
        "No package 'libevent' found\n\nConsider adjusting the PKG_CONFIG_PATH environment variable",
        "pkg_config",
        "libevent",
    ),
    ("configure: error: Package requirements (gtk+-3.0 >= 3.20) were not met", "pkg_config", "gtk+-3.0"),
    ("configure: error: no acceptable C compiler found in $PATH", "compiler", "C"),
    ("configure: error: no acceptable Fortran compiler found in $PATH", "compiler", "Fortran"),
    ("checking for deflate in -lz... no\nconfigure: error: zlib is required", "library", "z"),
    ("checking for initscr in -lncursesw... no\nconfigure: error: *** ncurses not found", "library", "ncursesw"),
    ("checking for curl/curl.h... no\nconfigure: error: you need libcurl", "header", "curl/curl.h"),
    ("checking for gmp.h... no\nconfigure: error: could not find gmp", "header", "gmp.h"),
    ("checking for bison... no\nconfigure: error: bison is missing", "program", "bison"),
    (
        "checking for gdal-config... no\nno\nconfigure: error: gdal-config not found or not executable.",
        "program",
        "gdal-config",
    ),
    ("checking for pcre2-config... no\nconfigure: error: pcre2-config not found", "program", "pcre2-config"),
    ("configure: error: Cannot find required header file gdbm.h", "header", "gdbm.h"),
    ("configure: error: libpcap not found", "library", "pcap"),
    ("configure: error: Could not find readline", "program", "readline"),
    ("configure: error: flex not found", "program", "flex"),
    ("WARNING: 'makeinfo' is missing on your system.", "program", "makeinfo"),
    ("WARNING: 'aclocal-1.16' is missing on your system.", "program", "aclocal"),
    ('Can\'t exec "libtoolize": No such file or directory at /usr/bin/autoreconf line 200.', "program", "libtoolize"),
    ('Can\'t exec "autopoint": No such file or directory', "program", "autopoint"),
    ("configure.ac:12: error: possibly undefined macro: AC_PROG_LIBTOOL", "program", "libtool"),
    ("configure.ac:30: error: possibly undefined macro: AM_GNU_GETTEXT", "program", "autopoint"),
    (
        "configure.ac:31: warning: macro 'AM_ICONV' not found\nconfigure.ac:31: error: possibly undefined macro: AM_ICONV",
        "program",
        "autopoint",
    ),
    ("configure.ac:44: error: undefined macro: AX_CXX_COMPILE_STDCXX", "library", "autoconf-archive"),
    ("configure.ac:9: error: possibly undefined macro: IT_PROG_INTLTOOL", "program", "intltoolize"),
    ("src/Makefile.am:3: error: Libtool library used but 'LIBTOOL' is undefined", "program", "libtool"),
    ("configure.ac:7: error: required file './ltmain.sh' not found", "program", "libtool"),
    (
        "./configure: line 4321: syntax error near unexpected token `GLIB,'\n"
        "./configure: line 4321: `PKG_CHECK_MODULES(GLIB, glib-2.0 >= 2.40)'",
        "program",
        "pkg-config",
    ),
    ("./configure: line 4261: PKG_PROG_PKG_CONFIG: command not found", "program", "pkg-config"),
    ("./configure: line 511: AX_CHECK_COMPILE_FLAG: command not found", "library", "autoconf-archive"),
    ("configure.ac:32: error: possibly undefined macro: AC_DISABLE_STATIC", "program", "libtool"),
    ("**Error**: You must have `autoconf' installed to.", "program", "autoconf"),
]


@pytest.mark.parametrize(("text", "kind", "subject"), SAID)
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    causes = read(f"checking whether make sets $(MAKE)... yes\n{text}\n").causes
    assert (causes[0].kind, causes[0].subject) == (kind, subject)


@pytest.mark.parametrize(
    "text",
    [
        "checking for strip... no\nchecking for ranlib... ranlib\nconfigure: creating ./config.status",
        "checking for gtk/gtk.h... no\nchecking for pthread.h... yes",
        "configure: error: cannot run C compiled programs.",
        "configure: WARNING: doxygen not found; no manual",
        "configure: error: C compiler cannot create executables",
    ],
)
def test_what_it_can_do_without_is_no_cause(text: str) -> None:
    assert [cause for cause in read(text).causes if cause.weight > 60] == []
