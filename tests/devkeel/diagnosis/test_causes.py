"""A failure is told with the lines that say why, wherever a program puts them, and with both ends of its output."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.causes import both_ends, cause, whole_ends

UV = """\
  \u00d7 Failed to build `psycopg2==2.9.9`
  ├─▶ The build backend returned an error
  ╰─▶ Call to `setuptools.build_meta:__legacy__.get_requires_for_build_wheel` failed (exit status: 1)

      [stdout]
      running egg_info

      [stderr]
      Error: pg_config executable not found.

      pg_config is required to build psycopg2 from source.  Please add the directory
      containing pg_config to the $PATH or specify the full executable path with the
      option:

          python setup.py build_ext --pg-config /path/to/pg_config build ...

      hint: This usually indicates a problem with the package or the build environment.
"""
PIP = """\
Collecting psycopg2==2.9.9
  error: subprocess-exited-with-error
  \u00d7 Getting requirements to build wheel did not run successfully.
  │ exit code: 1
  ╰─> [21 lines of output]
      running egg_info
      Error: pg_config executable not found.
      If you prefer to avoid building psycopg2 from source, please install the
      'psycopg2-binary' package instead.
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
ERROR: Failed to build 'psycopg2' when getting requirements to build wheel
"""
NPM = """\
npm error code E404
npm error 404 Not Found - GET https://registry.example.org/no-such-package - Not found
npm error 404  'no-such-package@*' is not in this registry.
npm error A complete log of this run can be found in: /tmp/x.log
"""
NIX = """\
this derivation will be built:
building '/nix/store/x-thing.drv'...
gcc -c thing.c
thing.c:3:10: fatal error: zlib.h: No such file or directory
compilation terminated.
error: builder for '/nix/store/x-thing.drv' failed with exit code 1;
       For full logs, run 'nix log /nix/store/x-thing.drv'.
"""
PYTHON = """\
Traceback (most recent call last):
  File "setup.py", line 3, in <module>
    import numpy
ModuleNotFoundError: No module named 'numpy'
error: Failed to build `thing`
"""
CARGO = """\
    Updating index
error: failed to select a version for `serde`.
    ... required by package `x v0.1.0`
versions that meet the requirements `^9` are: none
"""


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (UV, "pg_config executable not found"),
        (PIP, "pg_config executable not found"),
        (NPM, "Not found"),
        (NIX, "zlib.h: No such file or directory"),
        (PYTHON, "No module named 'numpy'"),
        (CARGO, "failed to select a version for `serde`"),
    ],
    ids=["uv", "pip", "npm", "nix", "python", "cargo"],
)
def test_the_reason_is_told_however_much_stands_round_it(told: str, reason: str) -> None:
    noise = "copying a/b.py -> build/lib/a/b.py\n"
    assert reason in cause(told)
    assert reason in cause(noise * 5_000 + told)
    assert len(cause(noise * 5_000 + told)) <= 600


def test_what_says_nothing_of_a_reason_has_none() -> None:
    assert cause("all went well\nbuilt 3 of 3\n") == ""


def test_both_ends_of_a_long_output_are_kept() -> None:
    text = "first\n" + "middle\n" * 10_000 + "5 failed, 12 passed"
    shown = both_ends(text, 1_000)
    assert shown.startswith("first\n")
    assert shown.endswith("5 failed, 12 passed")
    assert len(shown) < 1_200
    assert both_ends("short", 10) == "short"


def test_no_part_of_a_line_is_left_at_a_gap() -> None:
    secret = b"TOKEN=a1B2c3D4e5F6g7H8\n"
    data = b"first\n" + secret + b"5 failed\n"
    for half in range(7, len(data) - 10):
        head, tail = whole_ends(data, half)
        assert head.endswith(b"\n")
        assert secret in head or secret in tail or (b"TOKEN" not in head and b"c3D4" not in head + tail)
    head, tail = whole_ends(b"x" * 20_000, 10_000)
    assert len(head) == len(tail) == 10_000 - 256
