"""What `devkeel apply` installs: the project itself, groups and extras, with a lock or without, by uv or by pip."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.backends import BUILD_SYSTEM, make_buildable

from devkeel.backends import venv
from devkeel.libraries.resolve import installers
from devkeel.libraries.resolve.installers import find_uv
from devkeel_cli.run import run

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = f"""\
{BUILD_SYSTEM}
[project]
name = "demo"
version = "1.5"
requires-python = ">=3.9"
dependencies = ["plain"]

[project.optional-dependencies]
gpu = ["frames<2"]

[project.scripts]
demo = "demo:main"

[dependency-groups]
dev = ["numbers-lib<2"]
docs = [{{ include-group = "base" }}]
base = ["frames<2"]
"""
SAYS = ("python", "-c", "import plain")
DEFAULT = {"demo", "plain", "numbers-lib"}

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "pyproject.toml").write_text(PROJECT)
    make_buildable(place, "demo")
    monkeypatch.chdir(place)
    return place


@pytest.fixture(params=["lock", "no-lock", "pip"])
def way(request: pytest.FixtureRequest, root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way in which the same has to be installed."""
    if request.param == "lock":
        subprocess.run([find_uv() or "uv", "lock", "--quiet"], cwd=root, check=True)
    if request.param == "pip":
        for module in (venv, installers):
            monkeypatch.setattr(module, "find_uv", lambda: None)
    return str(request.param)


def devkeel(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    """Run the command in this process and return what it answers as data."""
    capsys.readouterr()
    verb, *more = words
    first = [verb, more.pop(0)] if verb == "env" else [verb]
    found = run([*first, "--json", *more])
    told = capsys.readouterr()
    assert found == code, told.err or told.out
    answer: dict[str, Any] = json.loads(told.out)
    return answer


def there(root: Path, name: str = "project") -> set[str]:
    """Return the distributions that an environment has, by its own records."""
    folders = (root / ".devkeel/envs" / name / "current").glob("lib/python*/site-packages/*.dist-info")
    return {item.name.partition("-")[0].replace("_", "-") for item in folders}


def test_the_project_itself_and_its_default_group_are_installed(
    root: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = devkeel(capsys, "apply")["installed"]
    assert there(root) == DEFAULT, way
    assert (answer["project"], answer["groups"], answer["packages"]) == ("demo", ["dev"], 3)
    assert answer["python"].startswith("3.")
    assert answer["interpreter"].startswith("/")
    assert answer["left_out"] == ["group docs", "group base", "extra gpu"]
    assert answer["versions"] == {"numbers-lib": "1.0.0", "plain": "1.0.0"}
    assert answer["others"] == 1  # the project itself
    ran = devkeel(capsys, "run", "--", "demo")
    assert ran["stdout"] == "as it stands in src\n"
    (root / "src/demo.py").write_text("def main():\n    print('changed')\n")
    assert devkeel(capsys, "run", "--", "demo")["stdout"] == "changed\n"


def test_groups_and_extras_are_installed_where_the_call_names_them(
    root: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = devkeel(capsys, "apply", "--group", "docs", "--no-default-groups", "--no-project")
    assert there(root) == {"plain", "frames", "numbers-lib"}, way
    assert answer["installed"]["groups"] == ["docs"]
    assert answer["installed"]["left_out"] == ["group dev", "extra gpu", "the project itself"]
    answer = devkeel(capsys, "apply", "--extra", "gpu")
    assert there(root) == {*DEFAULT, "frames"}
    assert answer["installed"]["extras"] == ["gpu"]


@pytest.mark.rule("guardrail: what was asked")
def test_what_a_call_asked_for_holds_until_another_one_asks_and_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    devkeel(capsys, "apply", "--extra", "gpu")
    again = devkeel(capsys, "apply")
    assert again["installed"]["extras"] == ["gpu"]
    assert any("gpu" in note for note in again["notes"])
    assert devkeel(capsys, "apply", "--as-declared")["installed"]["extras"] == []
    assert there(root) == DEFAULT


def test_a_group_or_an_extra_that_there_is_not_is_refused_with_those_that_there_are(
    root: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, known in ((("--group", "tests"), ["dev", "docs", "base"]), (("--extra", "cpu"), ["gpu"])):
        error = devkeel(capsys, "apply", *words, code=1)["error"]
        assert (error["code"], error["alternatives"]) == ("no_groups", known), way
    assert not (root / ".devkeel/envs/project/current").exists()


@pytest.mark.parametrize(
    "said", ["", "[tool.uv]\npackage = false\n" + BUILD_SYSTEM], ids=["no-build-system", "no-package"]
)
def test_a_project_that_is_no_package_is_not_installed_and_that_is_said(
    root: Path, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "pyproject.toml").write_text(PROJECT.replace(BUILD_SYSTEM, "") + said)
    answer = devkeel(capsys, "apply")["installed"]
    assert there(root) == DEFAULT - {"demo"}
    assert answer.get("project") is None
    assert answer["left_out"][-1].startswith("the project itself")


def test_the_default_groups_are_those_of_uv(root: Path, way: str, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "pyproject.toml").write_text(PROJECT + '\n[tool.uv]\ndefault-groups = ["docs"]\n')
    if way == "lock":
        subprocess.run([find_uv() or "uv", "lock", "--quiet"], cwd=root, check=True)
    assert devkeel(capsys, "apply")["installed"]["groups"] == ["docs"]
    assert there(root) == {"demo", "plain", "frames", "numbers-lib"}


def test_a_requirements_project_has_its_groups_in_files(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "pyproject.toml").unlink()
    (root / "requirements.txt").write_text("plain\n")
    (root / "requirements-dev.txt").write_text("-r requirements.txt\nnumbers-lib<2\n")
    (root / "requirements").mkdir()
    (root / "requirements/docs.txt").write_text("frames<2\n")
    first = devkeel(capsys, "apply")
    assert there(root) == {"plain", "numbers-lib"}
    assert (first["installed"]["groups"], first["installed"]["left_out"]) == (
        ["dev"],
        ["group docs (requirements/docs.txt)"],
    )
    devkeel(capsys, "apply", "--group", "docs")
    assert there(root) == {"plain", "numbers-lib", "frames"}
    assert devkeel(capsys, "apply", "--group", "lint", code=1)["error"]["code"] == "no_groups"
    assert devkeel(capsys, "run", "--", *SAYS)["notes"] == []
    (root / "requirements-dev.txt").write_text("numbers-lib==2.0.0\n")
    assert devkeel(capsys, "run", "--", *SAYS)["notes"] != []


@pytest.mark.rule("guardrail: described")
def test_described_environments_are_made_as_they_are_described(
    root: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "devkeel.toml").write_text(
        '[environments.prod]\ngroups = []\n\n[environments.full]\nextras = ["gpu"]\ngroups = ["dev"]\n'
    )
    assert devkeel(capsys, "apply", "--env", "prod")["installed"]["groups"] == []
    assert there(root, "prod") == {"demo", "plain"}, way
    listed = {item["name"]: "prefix" in item for item in devkeel(capsys, "env", "list")}
    assert listed == {"prod": True, "full": False}
    assert devkeel(capsys, "env", "create", "full")["installed"]["extras"] == ["gpu"]
    assert there(root, "full") == {*DEFAULT, "frames"}
    answer = devkeel(capsys, "apply", "--env", "prod", "--group", "dev")
    assert there(root, "prod") == DEFAULT
    assert any("dev" in note and "devkeel.toml" in note for note in answer["notes"])


def test_a_described_environment_may_be_of_another_manifest(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "devkeel.toml").write_text('[environments.slim]\nmanifest = "deploy/requirements.txt"\n')
    (root / "deploy").mkdir()
    (root / "deploy/requirements.txt").write_text("plain\n")
    devkeel(capsys, "apply", "--env", "slim")
    assert there(root, "slim") == {"plain"}
    assert devkeel(capsys, "run", "--env", "slim", "--", *SAYS)["notes"] == []
    (root / "deploy/requirements.txt").write_text("plain==1.0.0\nframes<2\n")
    assert devkeel(capsys, "run", "--env", "slim", "--", *SAYS)["notes"] != []
    devkeel(capsys, "apply", "--env", "slim")
    assert there(root, "slim") == {"plain", "frames", "numbers-lib"}


def test_a_dry_run_leaves_nothing_beside_the_project(root: Path, way: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in root.iterdir())
    answer = devkeel(capsys, "apply", "--dry-run")
    assert answer["installed"]["project"] == "demo", way
    assert sorted(path.name for path in root.iterdir() if path.name != ".devkeel") == before
