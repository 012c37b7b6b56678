"""Sentences that something else shows are no causes: of a test, a diff, a search, an echo, a log of commits, a page."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

_FAILED = "FAILED tests/test_a.py::test_a - AssertionError: no\n1 failed in 0.1s\n"
_OUTCOMES = {"tests", "code"}
REFUSED = "dial tcp 127.0.0.1:6379: connect: connection refused"


def _named(text: str) -> list[str]:
    return [f"{cause.kind} {cause.subject}" for cause in read(text).causes if cause.kind not in _OUTCOMES]


@pytest.mark.parametrize(
    "text",
    [
        # compared by a test
        "E   AssertionError: assert 'Connection refused 127.0.0.1:5432' in ''\n" + _FAILED,
        "E   AssertionError: assert 'a' == 'b'\nE     \nE     - sh: 1: jq: not found\nE     + ok\n" + _FAILED,
        "tests/test_retry.py::test_refused PASSED\nassert str(e) == 'connect ECONNREFUSED 127.0.0.1:6379'\n1 failed\n",
        f'--- FAIL: TestNoRedis (0.00s)\n    a_test.go:12: got "{REFUSED}", want nil\n',
        "expected \"Cannot find module 'foo-bar-baz'\" to equal 'x'\nTests:       1 failed, 1 total\n",
        "Expected substring: \"Cannot find module 'left-pad'\"\nTests:       1 failed, 1 total\n",
        "AssertionError: \"No module named 'yaml'\" != ''\nFAILED (failures=1)\n",
        "FAILED test_x: 'No module named yaml' in err\n1 failed\n",
        ">       assert answer.json() == {'detail': \"No module named 'horse'\"}\n" + _FAILED,
        'assertion `left == right` failed\n  left: "sh: 1: jq: not found"\n right: ""\ntest result: FAILED. 1 failed\n',
        '    expect(error).toBe("bash: terraform: command not found");\nTests:       1 failed, 1 total\n',
        # echoed, found by a search, in a diff or in a message of a commit
        "+ echo 'bash: terraform: command not found'\nbash: terraform: nothing\n",
        '$ echo "bash: terraform: command not found"\n',
        "./docs/faq.md: ModuleNotFoundError: No module named 'yaml'\n",
        "docs/faq.md:12:ModuleNotFoundError: No module named 'yaml'\n",
        "src/app.py:3:ModuleNotFoundError: No module named 'yaml'\n",
        "-fatal error: zlib.h: No such file or directory\n+fatal error: zlib-ng.h: No such file or directory\n",
        "commit 0123456789abcdef\nAuthor: A <a@example.org>\nDate:   Mon\n\n    pg_config executable not found\n",
        "commit 0123456789abcdef\n\n    Fix 'Error: pg_config executable not found'\n",
        "0a1b2c3 Fix bash: terraform: command not found\n",
        "LINT: README.md:3: 'libGL.so.1: cannot open shared object file' is not capitalised\n",
        "docs: if you see `bash: terraform: command not found` install terraform\n",
        # what went on without it
        "warning: jq: command not found, using fallback\nall tests passed\nerror TS2322: type\n",
        "warning: DATABASE_URL is not set; skipping integration tests\n" + _FAILED,
        "FOO_BAR is not set, using default\n" + _FAILED,
        "INFO retry 1: Connection refused 127.0.0.1:6379\nINFO connected\n" + _FAILED,
        # advice
        "SyntaxError: invalid syntax\n (pip install numpy if missing)\n",
        "ValueError: missing value; pip install django to learn more\n",
    ],
)
def test_what_is_shown_is_no_cause(text: str) -> None:
    assert _named(text) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("E   ModuleNotFoundError: No module named 'yaml'\n" + _FAILED, "python_module yaml"),
        ("FAILED tests/a.py::b - ModuleNotFoundError: No module named 'yaml'\n", "python_module yaml"),
        ("E   AssertionError: sh: 1: jq: not found\nE   assert 127 == 0\n" + _FAILED, "program jq"),
        (f"    a_test.go:12: Received unexpected error:\n        {REFUSED}\n--- FAIL: TestGet\n", "service 6379"),
        (f"INFO retry 1: {REFUSED}\nINFO retry 2: {REFUSED}\nERROR gave up\n", "service 6379"),
        ("+ jq . a.json\n./a.sh: line 3: jq: command not found\n", "program jq"),
        ("-bash: jq: command not found\n", "program jq"),
        ("docs/a.rst:3: WARNING: autodoc: ModuleNotFoundError: No module named 'yaml'\n", "python_module yaml"),
        ("a.rb:3:in `require': cannot load such file -- webrick (LoadError)\n", "gem webrick"),
        ("CMakeLists.txt:3:10: fatal error: zlib.h: No such file or directory\n", "header zlib.h"),
        ("- Missing optional dependency 'pyarrow'. Use pip or conda to install pyarrow.\n", "python_module pyarrow"),
        ("OSError: (2003, \"Can't connect to MySQL server on '127.0.0.1' ([Errno 111] refused)\")\n", "service mysql"),
        ("ImportError: PyYAML is required: pip install pyyaml\n", "python_module pyyaml"),
        ("plugins: django-4.1\nE       fixture 'settings' not found\n", "python_module pytest-django"),
        ("E       fixture 'mocker' not found\npytest\n", "python_module pytest-mock"),
    ],
)
def test_what_is_said_is_a_cause(text: str, named: str) -> None:
    assert named in _named(text)


def test_the_line_that_is_shown_has_the_sentence() -> None:
    (cause,) = read("tests/a.py::test_refused\nError: connect ECONNREFUSED 127.0.0.1:6379\n").causes
    assert (cause.number, cause.line) == (2, "Error: connect ECONNREFUSED 127.0.0.1:6379")
    (cause,) = read("building " * 100 + "src/a.c:1:1: fatal error: zlib.h: No such file or directory").causes
    assert "zlib.h" in cause.line[:200]
