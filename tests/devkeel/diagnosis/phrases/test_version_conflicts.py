"""Sentences of imports and resolvers about versions that do not go together."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.phrases.version_conflicts import BREAKS
from devkeel.diagnosis.reading import read

LIBRARY = '  File "/srv/app/.venv/lib/python3.11/site-packages/thing/core.py", line 7, in <module>\n'
OWN = '  File "/srv/app/thing/core.py", line 7, in <module>\n'
NUMPY = "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.1.0 as it may crash. To support both 1.x and 2.x\n"
SIZE = "ValueError: numpy.{} size changed, may indicate binary incompatibility. Expected {} from C header, got {} from PyObject"
PIP = """\
ERROR: Cannot install -r requirements.txt (line 2) and numpy==1.20.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested numpy==1.20.0
    pandas 2.2.0 depends on numpy<2 and >=1.22.4; python_version < "3.11"

To fix this you could try to:
"""
UV = """\
  \u00d7 No solution found when resolving dependencies:
  ╰─▶ Because pandas==2.2.0 depends on numpy>=1.22.4 and you require numpy==1.20.0, we can conclude that your requirements
      and pandas==2.2.0 are incompatible.
"""
LEFT = "tensorflow 2.15.0 requires numpy<2.0.0,>=1.23.5, but you have numpy 2.1.0 which is incompatible."
CONFLICT = (
    "pkg_resources.ContextualVersionConflict: (click 8.1.7 (/usr/lib/python3/dist-packages), "
    "Requirement.parse('click<8,>=7'), {'tool'})"
)
TRANSFORMERS = "ImportError: tokenizers>=0.21,<0.22 is required for a normal functioning of this module, but found tokenizers==0.22.0."
POETRY = (
    "Because shop depends on both django (^5.0) and celery (4.0)\n which depends on kombu (<5), version solving failed."
)


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        (NUMPY, "numpy<2"),
        (SIZE.format("dtype", 96, 88), "numpy<2"),
        (SIZE.format("ndarray", 96, 88), "numpy>=1.22"),
        (SIZE.format("ndarray", 88, 80), "numpy>=1.20"),
        ("AttributeError: _ARRAY_API not found", "numpy<2"),
        ("RuntimeError: module compiled against ABI version 0x1000009 but this version of numpy is 0x2000000", "numpy<2"),
        ("RuntimeError: module compiled against API version 0x10 but this version of numpy is 0xf", "numpy>=1.23"),
        (f"{LIBRARY}    from werkzeug.urls import url_quote\nImportError: cannot import name 'url_quote' from 'werkzeug.urls' (/w)", "werkzeug<3"),
        (f"{LIBRARY}AttributeError: `np.float_` was removed in the NumPy 2.0 release.", "numpy<2"),
        (f"{LIBRARY}TypeError: Client.__init__() got an unexpected keyword argument 'proxies'", "httpx<0.28"),
        (f"{LIBRARY}pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.", "pydantic<2"),
        (f"{OWN}pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.", "pydantic-settings"),
        ("ImportError: cannot import name 'TypeIs' from 'typing_extensions' (/usr/lib/t.py)", "typing-extensions>=4.10"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<82"),
        (f"{LIBRARY}ModuleNotFoundError: No module named 'vine.five'", "vine<5"),
        (LEFT, "numpy<2.0.0,>=1.23.5"),
        (CONFLICT, "click<8,>=7"),
        (TRANSFORMERS, "tokenizers>=0.21,<0.22"),
    ],
)  # fmt: skip
def test_a_sentence_gives_the_bound(text: str, requirement: str) -> None:
    (first, *_) = read(text).causes
    assert (first.kind, first.facts["requirement"]) == ("conflict", requirement)
    assert requirement.startswith(first.subject)


@pytest.mark.parametrize(
    ("text", "subject"), [(PIP, "numpy"), (UV, "pandas"), (POETRY, "kombu"), ("Numba needs NumPy 2.2 or less. Got NumPy 2.3.", "numpy")]
)  # fmt: skip
def test_a_resolver_names_a_library_of_the_conflict(text: str, subject: str) -> None:
    (cause,) = read(text).causes
    assert (cause.kind, cause.subject) == ("conflict", subject)
    assert "requirement" not in cause.facts


@pytest.mark.parametrize(
    "text",
    [
        f"{OWN}AttributeError: `np.float_` was removed in the NumPy 2.0 release.",
        f"{OWN}AttributeError: 'DataFrame' object has no attribute 'append'",
        f"{OWN}ImportError: cannot import name 'Markup' from 'jinja2' (/srv/app/.venv/lib/site-packages/jinja2/__init__.py)",
        f"{OWN}TypeError: Client.__init__() got an unexpected keyword argument 'proxies'",
        f"{OWN}ImportError: cannot import name 'helper' from 'thing.tools' (/srv/app/thing/tools.py)",
        "\u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because nope was not found in the package registry",
        "the module compiled its report, and numpy.dtype sizes were listed",
    ],
)
def test_code_of_the_project_and_names_that_are_not_there_are_no_conflict(text: str) -> None:
    assert [cause for cause in read(text).causes if cause.kind == "conflict"] == []


def test_each_break_is_found_by_its_hint() -> None:
    assert all(row.hint and row.distribution for row in BREAKS)
