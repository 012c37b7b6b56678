"""A .pc file that is not there, as pkg-config, pkgconf and those who ask them say it."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    (
        "Package libavcodec was not found in the pkg-config search path.\nPerhaps you should add the directory containing "
        "`libavcodec.pc'\nto the PKG_CONFIG_PATH environment variable\nNo package 'libavcodec' found",
        "libavcodec",
    ),
    ("No package 'gtk+-3.0' found", "gtk+-3.0"),
    ("Package 'libcurl', required by 'virtual:world', not found", "libcurl"),
    ("Package 'xproto', required by 'x11', not found", "xproto"),
    ("Package 'glib-2.0' not found", "glib-2.0"),
    (
        "Package dependency requirement 'wayland-client >= 1.20' could not be satisfied.\nPackage 'wayland-client' has version '1.18.0', required version is '>= 1.20'",
        "wayland-client",
    ),
    ("Requested 'libdrm >= 2.4.109' but version of libdrm is 2.4.101", "libdrm"),
    ("  The system library `libudev` required by crate `libudev-sys` was not found.", "libudev"),
    (
        "  The file `dbus-1.pc` needs to be installed and the PKG_CONFIG_PATH environment variable must contain its parent directory.",
        "dbus-1",
    ),
    ("gyp: Call to 'pkg-config pixman-1 --libs' returned exit status 1 while in binding.gyp.", "pixman-1"),
    ("gyp: Call to 'pkg-config --cflags libsecret-1' returned exit status 1", "libsecret-1"),
    ("pkgconfig.pkgconfig.PackageNotFoundError: xmlsec1 not found", "xmlsec1"),
    ("subprocess.CalledProcessError: Command 'pkg-config --cflags opus' returned non-zero exit status 1.", "opus"),
    (
        "subprocess.CalledProcessError: Command '['pkg-config', '--libs', 'libnl-3.0']' returned non-zero exit status 1.",
        "libnl-3.0",
    ),
    ("The pkg-config package 'libpq' version >=9.0 is required but it could not be found.", "libpq"),
    (
        "rejecting: postgresql-libpq; conflict: pkg-config package libpq-any, not found in the pkg-config database",
        "libpq",
    ),
    ("Configuration failed because libxml-2.0 was not found. Try installing:", "libxml-2.0"),
    (
        "error: Package `gtk4' not found in specified Vala API directories or GObject-Introspection GIR directories",
        "gtk4",
    ),
    ("# pkg-config --cflags  -- vips\nPackage vips was not found in the pkg-config search path.", "vips"),
]


@pytest.mark.parametrize(("text", "subject"), SAID)
def test_the_package_is_named(text: str, subject: str) -> None:
    first = read(f"checking\n{text}\nfailed\n").causes[0]
    assert (first.kind, first.subject) == ("pkg_config", subject)


@pytest.mark.parametrize(
    "text",
    [
        "thread 'main' panicked: The pkg-config command could not be found.",
        "configure: error: The pkg-config script could not be found or is too old.",
        "meson.build:3:0: ERROR: Pkg-config binary for machine host machine not found. Giving up.",
        "configure.ac:20: error: possibly undefined macro: PKG_CHECK_MODULES",
        "/bin/sh: 1: pkg-config: not found",
        "Did not find pkg-config by name 'pkg-config'\nERROR: Pkg-config not found.",
    ],
)
def test_pkg_config_itself_is_named(text: str) -> None:
    first = read(text).causes[0]
    assert (first.kind, first.subject) == ("program", "pkg-config")


def test_what_cmake_can_do_without_counts_where_it_failed_for_it() -> None:
    asked = "-- Checking for module 'libfoo'\n--   No package 'libfoo' found\n"
    assert read(f"{asked}-- Configuring done\nmain.c:3: error: expected ';'\n").causes == ()
    failed = (
        f"{asked}CMake Error at /usr/share/cmake/Modules/FindPkgConfig.cmake:645 (message):\n"
        "  The following required packages were not found:\n\n   - libfoo\n   - libbar>=1.2\n\nCall Stack\n"
    )
    assert {cause.subject for cause in read(failed).causes} == {"libfoo", "libbar"}
