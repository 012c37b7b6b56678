"""Which Python a project asks for, changed without a devenv.nix: where it goes, and when it is refused."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.services import Enable
from devkeel.errors import Refused, UsageError
from devkeel.libraries.python_version import asks_for_python

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = "{}"\ndependencies = []\n'
POETRY = '[tool.poetry]\nname = "demo"\n\n[tool.poetry.dependencies]\npython = "{}"\n'
CONDA = "name: demo\nchannels:\n  - conda-forge\ndependencies:\n  - {}\n  - numpy\n"


def asked(version: str, manifest: str, **files: str) -> dict[str, str]:
    there = {"pyproject.toml": files.get("project"), ".python-version": files.get("pin"), manifest: files.get("text")}
    if manifest == "pyproject.toml":
        there[manifest] = files["project"]
    known = {name: text.encode() for name, text in there.items() if text is not None}
    plan = asks_for_python(version, known.get, manifest)
    return {name: data.decode() for name, data in plan.files.items()}


@pytest.mark.parametrize(
    ("range_", "version", "becomes", "pinned"),
    [
        (">=3.9", "3.12", None, True),
        (">=3.12", "3.11", ">=3.11", True),
        (">=3.12,<3.13", "3.13", ">=3.13,<3.14", False),
        (">= 3.12, < 3.13", "3.13", ">= 3.13, < 3.14", False),
        ("==3.12.*", "3.13", "==3.13.*", False),
        ("~=3.12.0", "3.13", "~=3.13.0", False),
        (">=3.9,<4", "3.12.4", None, True),
        (">=3.9", "pypy3.10", None, True),
        ("==3.12.*", "3.12.4", None, True),
        ("==3.11.*", "3.12.4", "==3.12.*", True),
        (">=3.12,<3.13", "3.12.4", None, True),
        ("~=3.12.0", "3.12.4", None, True),
        ("==3.13.*", "3.13t", None, True),
    ],
)
def test_a_version_is_pinned_and_a_range_that_names_one_follows(
    range_: str, version: str, becomes: str | None, pinned: bool
) -> None:
    made = asked(version, "pyproject.toml", project=PROJECT.format(range_))
    assert made.get("pyproject.toml") == (PROJECT.format(becomes) if becomes else None)
    assert made.get(".python-version") == (f"{version}\n" if pinned else None)


@pytest.mark.parametrize(("range_", "becomes"), [("^3.12", "^3.11"), ("~3.12", "~3.11")])
def test_the_range_of_poetry_follows_too(range_: str, becomes: str) -> None:
    made = asked("3.11", "pyproject.toml", project=POETRY.format(range_), pin="3.12\n")
    assert made == {"pyproject.toml": POETRY.format(becomes), ".python-version": "3.11\n"}


@pytest.mark.parametrize("range_", [">=3.12,!=3.12.1", ">=3.12,<4", ">3.12", ">=3.12,<3.15"])
def test_a_range_of_another_shape_is_not_guessed_at(range_: str) -> None:
    for version in ("3.11", "3.11t"):
        with pytest.raises(Refused) as caught:
            asked(version, "pyproject.toml", project=PROJECT.format(range_))
        assert (caught.value.code, caught.value.seen) == ("python_versions_differ", range_)


def test_a_build_that_no_range_says_is_not_written_into_one() -> None:
    with pytest.raises(Refused) as caught:
        asked("3.11t", "pyproject.toml", project=PROJECT.format(">=3.12"))
    assert caught.value.code == "python_versions_differ"


def test_a_range_goes_where_the_project_has_one() -> None:
    new = ">=3.11,<3.14"
    assert asked(new, "pyproject.toml", project=PROJECT.format(">=3.9")) == {"pyproject.toml": PROJECT.format(new)}
    assert asked(new, "pyproject.toml", project=POETRY.format("^3.9")) == {"pyproject.toml": POETRY.format(new)}
    without = '[project]\nname = "demo"\nversion = "1"\n'
    assert asked(new, "pyproject.toml", project=without)["pyproject.toml"].startswith(without.rstrip())
    with pytest.raises(Refused) as caught:
        asked(new, "requirements.txt", text="plain\n")
    assert caught.value.code == "bad_value"


@pytest.mark.rule("guardrail: pythons disagree")
def test_a_range_that_leaves_out_what_is_pinned_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        asked(">=3.12", "pyproject.toml", project=PROJECT.format(">=3.9"), pin="3.11\n")
    assert caught.value.code == "python_versions_differ"


def test_remarks_and_other_versions_of_the_pin_stay() -> None:
    pin = "# for tox too\r\n3.11.2\r\n3.10\r\n"
    made = asked("3.12", "requirements.txt", text="plain\n", pin=pin)
    assert made == {".python-version": pin.replace("3.11.2", "3.12")}
    assert asked("3.11.2", "requirements.txt", text="plain\n", pin=pin) == {}
    assert asked("3.12", "requirements.txt", text="plain\n", pin="# a remark") == {
        ".python-version": "# a remark\n3.12\n"
    }


@pytest.mark.parametrize(
    ("old", "version", "new"),
    [
        ("python=3.11", "3.12", "python=3.12"),
        ("python >=3.9", "3.12", "python =3.12"),
        ("python=3.11", ">=3.12,<3.14", "python>=3.12,<3.14"),
    ],
)
def test_in_a_file_of_conda_python_is_a_package(old: str, version: str, new: str) -> None:
    made = asked(version, "environment.yml", text=CONDA.format(old))["environment.yml"]
    assert made.replace(" ", "") == CONDA.format(new).replace(" ", "")


@pytest.mark.parametrize("version", ["", "latest", "3.x", "3.12; rm", "==", "../3.12"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(version, "pyproject.toml", project=PROJECT.format(">=3.9"))
    assert caught.value.code == "bad_value"


@pytest.mark.usefixtures("own_index")
def test_the_edit_is_resolved_for_that_python_and_undone(tmp_path: Path) -> None:
    here = "{}.{}".format(*sys.version_info)
    manifest = tmp_path / "pyproject.toml"
    manifest.write_text(PROJECT.format(">=3.9").replace("[]", '["plain"]'))
    before = manifest.read_bytes()
    with closing(Environment(tmp_path, actor="test")) as environment:
        made = environment.change([Enable(name="python", settings={"version": here})])
        assert made.files == (".python-version",)
        assert "resolution" in made.checks.ran
        assert not made.notes
        absent = environment.change([Enable(name="languages.python", settings={"version": "3.97"})])
        assert any("3.97" in note for note in absent.notes)
        assert environment.undo().files == (".python-version",)
        assert (tmp_path / ".python-version").read_text() == f"{here}\n"
        environment.undo()
    assert not (tmp_path / ".python-version").exists()
    assert manifest.read_bytes() == before


@pytest.mark.parametrize("edit", [{"file": "devenv.nix"}, {"settings": {"version": "3.12", "venv.enable": True}}])
def test_what_only_devenv_has_is_not_looked_for_elsewhere(edit: dict[str, object]) -> None:
    assert not Enable.model_validate({"name": "python", "settings": {"version": "3.12"}} | edit).names_manifests
