"""Bounds that mend a conflict of versions, tried in projects of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility. "
    "Expected 96 from C header, got 88 from PyObject"
)
UV = (
    "error: No solution found when resolving dependencies\n"
    "  cause: Because pandas==2.2.0 depends on numpy>=1.22.4 and you require numpy==1.20"
)
NUMBA = "ImportError: Numba needs NumPy 2.2 or less. Got NumPy 2.3."
PROJECT = '[project]\nname = "demo"\nversion = "1"\ndependencies = [{}]\n'


@pytest.mark.parametrize(
    ("files", "text", "wanted"),
    [
        ({"requirements.txt": "pandas==2.0.0\n"}, SIZE, ["numpy<2"]),
        ({"pyproject.toml": PROJECT.format('"numpy>=1.24", "pandas"')}, SIZE, ["numpy>=1.24,<2"]),
        ({"pyproject.toml": PROJECT.format('"numba"')}, NUMBA, ["numpy<2.3"]),
        ({"requirements.txt": "pandas==2.2.0\nnumpy==1.20\n"}, UV, []),
        ({"devenv.nix": "{ pkgs, ... }: { }\n"}, SIZE, []),
    ],
)
def test_the_bound_is_declared_with_what_is_declared_already(
    tmp_path: Path, files: dict[str, str], text: str, wanted: list[str]
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    environment = Environment(tmp_path, actor="test")
    (cause, *_) = environment.diagnose(text).causes
    edits = [edit for fix in cause.fixes for edit in fix.edits]
    assert [name for edit in edits for name in edit["names"]] == wanted
    # What no row knows a search may know, where the files name libraries that it can install.
    assert any(fix.call for fix in cause.fixes) is ("devenv.nix" not in files)
    environment.close()


@pytest.mark.parametrize(
    ("declared", "text", "wanted"),
    [
        ("requests", "foo 1.0 requires evilpkg>=1, but you have evilpkg 0.1 which is incompatible.", []),
        ("requests", "evilpkg==1.0 is required for a normal functioning of this module, but found evilpkg==0.1", []),
        (
            "cryptography>=42",
            "foo 1 requires cryptography<3, but you have cryptography 42.0 now.",
            [],
        ),
        (
            "cryptography>=42",
            "foo 1 requires cryptography<45, but you have cryptography 46.0 now.",
            ["cryptography>=42,<45"],
        ),
        ("requests<3", "foo 1 requires requests[evil]>=2.9, but you have requests 2.1 now.", ["requests>=2.9,<3"]),
        ("requests", "foo 1 requires requests==99999999!1.0, but you have requests 2.1 now.", []),
    ],
)
def test_a_text_bounds_what_the_project_names_and_against_no_bound_of_its_own(
    tmp_path: Path, declared: str, text: str, wanted: list[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(f'"{declared}"'))
    environment = Environment(tmp_path, actor="test")
    found = [edit for cause in environment.diagnose(text).causes for fix in cause.fixes for edit in fix.edits]
    environment.close()
    assert [name for edit in found for name in edit["names"]] == wanted
