"""What a resolver says against a manifest becomes a sentence, a place and what helps."""

from __future__ import annotations

import pytest

from devkeel.errors import Place
from devkeel.libraries.resolve import failures

UNREAD = """\
error: Failed to parse: pyproject.toml
  cause: TOML parse error at line 5, column 1
           |
         5 | [dependency-groups]
           | ^^^^^^^^^^^^^^^^^^^
         duplicate dependency group: `a-b`
"""


def test_a_file_that_does_not_parse_is_no_matter_of_versions() -> None:
    assert "duplicate dependency group" in failures.reason(UNREAD)
    assert "Repair" in failures.remedy(UNREAD)
    assert failures.place_of(UNREAD, "pyproject.toml") == Place("pyproject.toml", 5, 1)


@pytest.mark.parametrize(
    ("told", "helps"),
    [
        ("ERROR: Invalid requirement: 'idna=3': Expected semicolon", "Repair"),
        ("error: Couldn't parse requirement in `d.txt` at position 0", "Repair"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hashes"),
        ("error: Failed to build `numpy==1.19.0`", "wheel"),
        ("cause: Because the requested Python version (>=3.8) does not satisfy Python>=3.9", "Python"),
        ("ERROR: Could not find a version that satisfies the requirement x (from versions: none)", "name that exists"),
        ("cause: Because there is no version of idna==99 and you require idna==99", "version that exists"),
        ("cause: Because you require idna==3.7 and idna==3.10", "go together"),
        ("ERROR: ResolutionImpossible", "go together"),
    ],
)
def test_the_remedy_fits_the_cause(told: str, helps: str) -> None:
    assert helps in failures.remedy(told)
