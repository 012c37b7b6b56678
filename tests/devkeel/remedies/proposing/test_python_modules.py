"""A module of Python that is not there: the library that brings it, in the manifest that the project has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.remedies.diagnose import Diagnosis

PYPROJECT = '[project]\nname = "orchard"\nversion = "0.4.0"\nrequires-python = ">=3.11"\ndependencies = ["httpx"]\n'
CONDA = "name: orchard\nchannels: [conda-forge]\ndependencies:\n  - python=3.12\n  - numpy\n"
DEVENV = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n\n  languages.python.enable = true;\n}\n"


def diagnosed(root: Path, files: dict[str, str], text: str) -> Diagnosis:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    try:
        return environment.diagnose(text)
    finally:
        environment.close()


def first(found: Diagnosis) -> tuple[dict[str, Any], ...]:
    return next((fix.edits for cause in found.causes for fix in cause.fixes), ())


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("yaml", ["pyyaml"]),
        ("cv2", ["opencv-python"]),
        ("sklearn.linear_model", []),
        ("google.cloud.storage", ["google-cloud-storage"]),
        ("google.protobuf", ["protobuf"]),
        ("opentelemetry.instrumentation.flask", ["opentelemetry-instrumentation-flask"]),
        ("stripe", ["stripe"]),
        ("pydantic_settings", ["pydantic-settings"]),
        ("jwt", ["pyjwt"]),
        ("distutils", ["setuptools"]),
        ("imghdr", ["standard-imghdr"]),
        ("psycopg2", ["psycopg2-binary"]),
        ("reqeusts", []),
        ("utils", []),
        ("orchard.feed", []),
        ("urllib2", []),
        ("cPickle", []),
        ("json", []),
    ],
)
def test_the_distribution_behind_an_import_is_proposed(tmp_path: Path, module: str, names: list[str]) -> None:
    found = diagnosed(tmp_path, {"pyproject.toml": PYPROJECT}, f"ModuleNotFoundError: No module named '{module}'\n")
    edits = first(found)
    assert [edit["names"] for edit in edits] == ([names] if names else [])
    assert all(edit["kind"] == "add_library" and edit["language"] == "python" for edit in edits)


def test_what_the_manifest_names_is_to_be_applied(tmp_path: Path) -> None:
    found = diagnosed(tmp_path, {"pyproject.toml": PYPROJECT}, "ModuleNotFoundError: No module named 'httpx'")
    (fix,) = found.causes[0].fixes
    assert (fix.edits, fix.call is not None) == ((), True)


@pytest.mark.parametrize("place", ["feed.py", "feed/__init__.py", "src/feed/__init__.py"])
def test_a_module_of_the_project_is_no_library(tmp_path: Path, place: str) -> None:
    files = {"pyproject.toml": PYPROJECT, place: ""}
    assert first(diagnosed(tmp_path, files, "ModuleNotFoundError: No module named 'feed'")) == ()


def test_what_the_trace_shows_to_be_the_project_s_own_is_no_library(tmp_path: Path) -> None:
    text = "  File \"/srv/lena/stripe/app/pay.py\", line 1\nModuleNotFoundError: No module named 'stripe'\n"
    assert first(diagnosed(tmp_path, {"pyproject.toml": PYPROJECT}, text)) == ()


def test_a_file_that_hides_a_library_is_not_mended_by_adding_one(tmp_path: Path) -> None:
    text = "ModuleNotFoundError: No module named 'yaml.constructor'; 'yaml' is not a package"
    assert first(diagnosed(tmp_path, {"pyproject.toml": PYPROJECT}, text)) == ()


def test_tools_of_tests_go_where_those_of_development_are(tmp_path: Path) -> None:
    text = "pytest: error: unrecognized arguments: --cov=orchard"
    files = {"requirements.txt": "httpx\n", "requirements-dev.txt": "pytest\n"}
    (edit,) = first(diagnosed(tmp_path, files, text))
    assert (edit["names"], edit["file"]) == (["pytest-cov"], "requirements-dev.txt")


def test_a_group_of_development_is_named_in_a_pyproject(tmp_path: Path) -> None:
    (edit,) = first(diagnosed(tmp_path, {"pyproject.toml": PYPROJECT}, "E       fixture 'mocker' not found"))
    assert (edit["names"], edit["group"]) == (["pytest-mock"], "dev")


def test_conda_has_names_of_its_own(tmp_path: Path) -> None:
    found = diagnosed(tmp_path, {"environment.yml": CONDA}, "ModuleNotFoundError: No module named 'torch'")
    (edit,) = first(found)
    assert edit["names"] == ["pytorch"]


def test_what_is_asked_for_by_the_name_of_its_import_is_exchanged(tmp_path: Path) -> None:
    text = (
        "ERROR: Could not find a version that satisfies the requirement cv2 (from versions: none)\n"
        "ERROR: No matching distribution found for cv2\n"
    )
    edits = first(diagnosed(tmp_path, {"requirements.txt": "cv2\n"}, text))
    assert [(edit["kind"], edit["names"]) for edit in edits] == [
        ("remove_library", ["cv2"]),
        ("add_library", ["opencv-python"]),
    ]


def test_without_a_manifest_devenv_makes_a_python_with_it(tmp_path: Path) -> None:
    found = diagnosed(tmp_path, {"devenv.nix": DEVENV}, "ModuleNotFoundError: No module named 'requests'")
    (edit,) = first(found)
    assert edit["path"] == "languages.python.package"
    assert "ps.requests" in edit["expression"]


def test_several_modules_are_mended_together(tmp_path: Path) -> None:
    text = "ModuleNotFoundError: No module named 'yaml'\nModuleNotFoundError: No module named 'PIL'\n"
    found = diagnosed(tmp_path, {"requirements.txt": "httpx\n"}, text)
    assert found.together is not None
    assert [edit["names"] for edit in found.together.edits] == [["pyyaml"], ["pillow"]]


def test_a_fixture_with_a_common_name_is_a_plugins_only_where_the_project_has_what_it_is_for(tmp_path: Path) -> None:
    text = "tests/test_a.py\nE       fixture 'settings' not found\n1 error\n"
    assert first(diagnosed(tmp_path / "plain", {"pyproject.toml": PYPROJECT}, text)) == ()
    django = PYPROJECT.replace("httpx", "django")
    (edit,) = first(diagnosed(tmp_path / "django", {"pyproject.toml": django}, f"pytest\n{text}"))
    assert edit["names"] == ["pytest-django"]
