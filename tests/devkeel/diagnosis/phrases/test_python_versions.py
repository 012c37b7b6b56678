"""What Python's tools print where the Python that runs is not the one that something asks for."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            (
                "error: The Python request from `.python-version` resolved to Python 3.10.4, which is "
                "incompatible with the"
                " project's Python requirement: `>=3.12`"
            ),
            {"have": "3.10.4", "wanted": ">=3.12"},
        ),
        (
            (
                "error: The requested interpreter resolved to Python 3.11.15, which is incompatible with the project's"
                " Python requirement: `>=3.12, <3.14` (from `project.requires-python`)"
            ),
            {"have": "3.11.15", "wanted": ">=3.12, <3.14"},
        ),
        ("error: No interpreter found for Python 3.13 in managed installations or search path", {"wanted": "3.13"}),
        (
            "  ╰─▶ Because the current Python version (3.8.10) does not satisfy Python>=3.9 and httpx depends on",
            {"have": "3.8.10", "wanted": ">=3.9"},
        ),
        (
            "Because the requested Python version (>=3.8) does not satisfy Python>=3.10 and networkx==3.4 depends on",
            {"project": ">=3.8", "wanted": ">=3.10"},
        ),
        (
            "The currently activated Python version 3.9.2 is not supported by the project (^3.11).",
            {"have": "3.9.2", "wanted": "^3.11"},
        ),
        (
            "Current Python version (3.12.1) is not allowed by the project (>=3.8,<3.12).",
            {"have": "3.12.1", "wanted": ">=3.8,<3.12"},
        ),
        (
            "ERROR: Package 'orchard' requires a different Python: 3.9.18 not in '>=3.11'",
            {"have": "3.9.18", "wanted": ">=3.11"},
        ),
        (
            "Warning: Your Pipfile requires python_version 3.11, but you are using 3.12.1 (/usr/bin/python).",
            {"have": "3.12.1", "wanted": "3.11"},
        ),
        (
            "pyenv: version `3.12.1' is not installed (set by /w/shop/.python-version)",
            {"wanted": "3.12.1"},
        ),
        (
            "ERROR: This script does not work on Python 3.7 The minimum supported Python version is 3.9.",
            {"since": "3.9"},
        ),
        ("RuntimeError: Python 3.10 or later is required", {"wanted": "3.10"}),
        ("ERROR: mesonbuild requires Python version 3.7 or newer", {"wanted": "3.7"}),
        ("ImportError: cannot import name 'StrEnum' from 'enum' (/usr/lib/python3.10/enum.py)", {"since": "3.11"}),
        ("ImportError: cannot import name 'override' from 'typing' (/usr/lib/python3.11/typing.py)", {"since": "3.12"}),
        ("AttributeError: module 'datetime' has no attribute 'UTC'", {"since": "3.11"}),
        ("ModuleNotFoundError: No module named 'tomllib'", {"since": "3.11"}),
    ],
)
def test_which_python_is_asked_for_is_read(text: str, facts: dict[str, str]) -> None:
    cause = next(item for item in read(text).causes if item.kind == "version")
    assert cause.subject == "python"
    assert facts.items() <= cause.facts.items()


@pytest.mark.parametrize(
    "text",
    [
        "ImportError: cannot import name 'Basket' from 'typing' (/usr/lib/python3.11/typing.py)",
        (
            "ModuleNotFoundError: No module named 'tomllib'\n\nDuring handling of the above exception, "
            "another exception"
            " occurred:\n\nModuleNotFoundError: No module named 'tomli'"
        ),
        "Using Python 3.12.1 environment at: .venv",
        "DeprecationWarning: this library supports Python 3.8 to 3.13",
        "ERROR: Ignored the following versions that require a different python version: 1.0 Requires-Python >=3.12",
    ],
)
def test_what_asks_for_no_other_python_is_no_cause(text: str) -> None:
    assert [item for item in read(text).causes if item.kind == "version"] == []
