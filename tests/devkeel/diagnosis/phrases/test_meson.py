"""What Meson cannot find."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    ('meson.build:12:0: ERROR: Dependency "gtk4" not found (tried pkg-config and cmake)', "pkg_config", "gtk4"),
    (
        "meson.build:12:0: ERROR: Dependency 'wayland-protocols' is required but not found.",
        "pkg_config",
        "wayland-protocols",
    ),
    ('meson.build:3:0: ERROR: Dependency "libdrm" not found, tried pkgconfig', "pkg_config", "libdrm"),
    ("meson.build:3:0: ERROR: Native dependency 'wayland-scanner' not found", "pkg_config", "wayland-scanner"),
    (
        "../meson.build:3:0: ERROR: Dependency lookup for cairo with method 'pkgconfig' failed: Pkg-config not found",
        "pkg_config",
        "cairo",
    ),
    (
        "meson.build:9:0: ERROR: Invalid version of dependency, need 'glib-2.0' ['>=2.80'] found '2.74.6'.",
        "pkg_config",
        "glib-2.0",
    ),
    ("meson.build:9:0: ERROR: Program 'glslangValidator' not found or not executable", "program", "glslangValidator"),
    ('meson.build:9:0: ERROR: Program "xmlto" not found', "program", "xmlto"),
    ("meson.build:9:0: ERROR: Program(s) ['bison'] not found or not executable", "program", "bison"),
    ("meson.build:9:0: ERROR: Program 'flex flex-2' not found or not executable", "program", "flex"),
    ("meson.build:33:2: ERROR: C shared or static library 'seccomp' not found", "library", "seccomp"),
    ("meson.build:33:2: ERROR: C++ shared library 'fmt' not found", "library", "fmt"),
    ("meson.build:33:2: ERROR: C header 'sys/capability.h' not found", "header", "sys/capability.h"),
    (
        "meson.build:1:0: ERROR: Unknown compiler(s): [['gfortran'], ['flang-new'], ['nvfortran']]",
        "compiler",
        "gfortran",
    ),
    ("meson.build:1:0: ERROR: Unknown compiler(s): [['valac']]", "compiler", "valac"),
    ('meson.build:4:0: ERROR:  Dependency "foo" not found, tried pkgconfig', "pkg_config", "foo"),
    (
        'Meson encountered an error in file meson.build, line 12, column 0:\nDependency "gtk+-3.0" not found',
        "pkg_config",
        "gtk+-3.0",
    ),
    (
        "Run-time dependency gstreamer-1.0 found: NO (tried pkgconfig)\nLooking for a fallback subproject for the dependency\n"
        "meson.build:15:0: ERROR: Neither a subproject directory nor a gstreamer.wrap file was found.",
        "pkg_config",
        "gstreamer-1.0",
    ),
    ("meson.build:2:0: ERROR: Could not execute Vala compiler: valac", "program", "valac"),
    (
        "Run-time dependency libfoo found: NO  (tried pkg-config)\nLooking for a fallback subproject for the dependency libfoo\n"
        "ERROR: Subproject libfoo is buildable: NO\n\nmeson.build:3:0: ERROR: Attempted to resolve subproject without",
        "pkg_config",
        "libfoo",
    ),
    ("meson.build:4:0: ERROR: Problem encountered: libcap is required", "library", "libcap"),
    ("ERROR: Could not detect Ninja v1.8.2 or newer", "program", "ninja"),
    (
        "meson.build:5:0: ERROR: <PythonExternalProgram 'python3' -> ['/usr/bin/python3']> is missing modules: mako",
        "python_module",
        "mako",
    ),
]


@pytest.mark.parametrize(("text", "kind", "subject"), SAID)
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    causes = read(
        f"Host machine cpu: x86_64\nRun-time dependency x found: NO\n\n{text}\n\nA full log can be found at x\n"
    ).causes
    assert (causes[0].kind, causes[0].subject) == (kind, subject)


@pytest.mark.parametrize(
    "text",
    [
        "Run-time dependency gtk4 found: NO (tried pkgconfig and cmake)",
        "Program doxygen found: NO",
        "Library m found: NO",
    ],
)
def test_what_it_can_do_without_is_no_cause(text: str) -> None:
    assert read(f"{text}\nmain.c:3:1: error: unknown type name\n").causes == ()
