"""Workflows of GitHub and pipelines of GitLab: judged by their schemas, and kept as a person has them."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from devkeel.api import Environment
from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = {
    "github-workflow": (".github/workflows/environment.yml", "github-workflows"),
    "gitlab-ci": (".gitlab-ci.yml", "gitlab-ci"),
}
PROJECTS = {
    "devenv": {"devenv.nix": "{ }\n"},
    "devenv, locked": {"devenv.nix": "{ }\n", "devenv.lock": "{}"},
    "flake": {"flake.nix": "{ outputs = _: { }; }\n", "flake.lock": "{}"},
    "venv": {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\n', "uv.lock": "version = 1\n"},
    "conda": {"environment.yml": "name: a\ndependencies: [python=3.12]\n"},
}
PARAMETERS: list[dict[str, Any]] = [
    {},
    {"script": ["pytest -q 'a b'", 'echo "${{ x }}" # y'], "branches": ["main", "release/*"], "python": "3.13"},
    {"script": [".ci/run"], "environment": False, "name": "ci"},
]


def project(root: Path, name: str) -> Environment:
    for file, text in PROJECTS[name].items():
        (root / file).write_text(text)
    return Environment(root, actor="test", executes=False)


def tree(path: Path) -> Any:
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(path.read_text())))


def validator(name: str) -> Draft7Validator:
    schema = files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{name}.json").read_text("utf-8")
    return Draft7Validator(json.loads(schema))


@pytest.fixture(scope="module")
def judges() -> dict[str, Draft7Validator]:
    return {kind: validator(schema) for kind, (_, schema) in KINDS.items()}


def made(root: Path, kind: str, parameters: dict[str, Any]) -> Path:
    file = KINDS[kind][0]
    return root / (file.replace("environment", parameters.get("name", "environment")) if "github" in kind else file)


@pytest.mark.parametrize("parameters", PARAMETERS, ids=["plain", "script", "alone"])
@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_is_valid_and_made_again_without_a_difference(
    tmp_path: Path, judges: dict[str, Draft7Validator], kind: str, name: str, parameters: dict[str, Any]
) -> None:
    environment = project(tmp_path, name)
    assert environment.generate(kind, parameters).published
    path = made(tmp_path, kind, parameters)
    assert [item.message for item in judges[kind].iter_errors(tree(path))] == []
    again = {"name": parameters["name"]} if "name" in parameters else {}
    assert not environment.generate(kind, again).changed


def test_the_schemas_find_what_is_wrong(judges: dict[str, Draft7Validator]) -> None:
    assert not judges["github-workflow"].is_valid({"on": "push", "jobs": {"a": {"steps": [{"run": "x"}]}}})
    assert not judges["gitlab-ci"].is_valid({"a": {"script": "x", "cache": {"key": {"files": "x"}}}})


@pytest.mark.parametrize("kind", KINDS)
def test_jobs_of_a_person_stand_beside_it_and_stay(tmp_path: Path, kind: str) -> None:
    environment = project(tmp_path, "devenv, locked")
    environment.generate(kind)
    path, indent = made(tmp_path, kind, {}), "  " if "github" in kind else ""
    own = f"{indent}own:\n{indent}  runs-on: x\n{indent}  steps:\n{indent}    - run: mine\n"
    path.write_text(path.read_text() + own)
    assert not environment.generate(kind).changed
    assert environment.generate(kind, {"script": ["make test"]}).published
    text = path.read_text()
    assert text.endswith(own)
    assert "devkeel run -- sh -c 'make test'" in text
    found = tree(path)
    assert {"environment", "own"} <= set(found["jobs"] if "github" in kind else found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_by_hand_within_is_refused_and_a_file_of_a_person_too(tmp_path: Path, kind: str) -> None:
    environment = project(tmp_path, "venv")
    path = made(tmp_path, kind, {})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine: true\n")
    with pytest.raises(DevkeelError) as refused:
        environment.generate(kind)
    assert refused.value.code == "not_generated"
    path.unlink()
    environment.generate(kind)
    path.write_text(path.read_text().replace("devkeel apply", "devkeel apply --dry-run"))
    with pytest.raises(DevkeelError) as refused:
        environment.generate(kind)
    assert refused.value.code == "generated_part_edited"


@pytest.mark.parametrize("kind", KINDS)
def test_it_runs_the_test_of_the_environment_and_keeps_what_was_fetched_by_the_lock(tmp_path: Path, kind: str) -> None:
    result = project(tmp_path, "devenv, locked").generate(kind)
    text = made(tmp_path, kind, {}).read_text()
    assert "devkeel apply --strict" in text
    assert "devkeel run --test" in text
    assert "devenv.lock" in text
    assert [item.code for item in result.checks.diagnostics if item.code == "lock_missing"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_lock_it_is_said_and_strictness_is_left_out(tmp_path: Path, kind: str) -> None:
    result = project(tmp_path, "devenv").generate(kind)
    assert [item.code for item in result.checks.diagnostics if item.code == "lock_missing"] == ["lock_missing"]
    assert "--strict" not in made(tmp_path, kind, {}).read_text()


@pytest.mark.parametrize("given", [{"script": ["a\x07b"]}, {"name": "a b"}, {"branches": ['a" || true']}])
@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_stand_there_is_refused(tmp_path: Path, kind: str, given: dict[str, Any]) -> None:
    with pytest.raises(DevkeelError) as refused:
        project(tmp_path, "devenv").generate(kind, given)
    assert refused.value.code == "bad_parameter"
    with pytest.raises(DevkeelError) as refused:
        project(tmp_path, "devenv").generate(kind, {"environment": False})
    assert refused.value.code == "bad_parameter"


@pytest.fixture
def workflows(tmp_path: Path) -> Iterator[list[Path]]:
    found = []
    for name in PROJECTS:
        root = tmp_path / name.replace(", ", "-")
        root.mkdir()
        project(root, name).generate("github-workflow")
        found.append(made(root, "github-workflow", {}))
    return found


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_finds_nothing(workflows: list[Path]) -> None:
    argv = ("actionlint", "-no-color", *map(str, workflows))
    found = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("github-workflow", {"minutes": 0}),
        ("github-workflow", {"minutes": -5}),
        ("github-workflow", {"python": "3.9"}),
        ("gitlab-ci", {"name": "stages"}),
        ("gitlab-ci", {"name": "before_script"}),
    ],
)
def test_values_that_no_pipeline_takes_are_refused(tmp_path: Path, kind: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(DevkeelError) as refused:
        project(tmp_path, "venv").generate(kind, parameters)
    assert refused.value.code == "bad_parameter"


@pytest.mark.parametrize("kind", [*KINDS, "envrc", "devcontainer"])
def test_a_declaration_that_is_not_there_is_said(tmp_path: Path, kind: str) -> None:
    result = Environment(tmp_path, actor="test", executes=False).generate(kind)
    assert any(note.startswith("Nothing declares an environment here yet") for note in result.notes)
    assert not [item for item in result.checks.diagnostics if item.code == "lock_missing"]
    (tmp_path / "devenv.nix").write_text("{ }\n")
    again = Environment(tmp_path, actor="test", executes=False).generate(kind, replace=True, dry_run=True)
    assert not any(note.startswith("Nothing declares") for note in again.notes)
