"""The revision covers everything that a declaration is made of, and nothing else; locks have one of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Conflict

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """\
{ pkgs, ... }:
{
  imports = [ ./part ];
  packages = [ (pkgs.callPackage ./package.nix { }) ];
  languages.python.venv.requirements = ./deps/all.txt;
  env.A = builtins.readFile ./data.json;
  dotenv.enable = true;
}
"""
FILES = {
    "devenv.nix": MODULE,
    "part/default.nix": "{ env.B = builtins.readFile ./inner.txt; }\n",
    "part/inner.txt": "x\n",
    "package.nix": "{ hello }: import ./deeper.nix hello\n",
    "deeper.nix": "x: x\n",
    "data.json": "{}\n",
    "deps/all.txt": "-r base.txt\n--constraint=../limits.txt\n",
    "deps/base.txt": "flask\n",
    "limits.txt": "flask<4\n",
    "requirements.txt": "-r requirements/dev.txt\nrequests\n",
    "requirements/dev.txt": "pytest\n-r ../requirements.txt\n",
    "pyproject.toml": '[project]\nname = "a"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
    'dependencies = { file = ["deps/dynamic.txt"] }\n',
    "deps/dynamic.txt": "rich\n",
    "package.json": "{}\n",
    "devenv.yaml": "inputs: {}\n",
    "devenv.local.nix": "{ }\n",
}
NO_PART = {".env": "A=1\n", "README.md": "x\n", "src/main.py": "x\n", "uv.lock": "version = 1\n", "unused.nix": "{ }\n"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    for name, content in {**FILES, **NO_PART}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def revisions(root: Path) -> tuple[str, str | None]:
    environment = Environment(root, actor="test")
    found = environment.inspect()
    assert environment.revision() == found.revision
    environment.close()
    return found.revision, found.lock_revision


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_any_part_is_another_revision(project: Path, name: str) -> None:
    before = revisions(project)
    (project / name).write_text(f"{FILES[name]}\n")
    after = revisions(project)
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.parametrize("name", NO_PART)
def test_what_is_no_part_does_not_change_it(project: Path, name: str) -> None:
    before = revisions(project)
    (project / name).write_text(f"{NO_PART[name]}\n")
    after = revisions(project)
    assert after[0] == before[0]
    assert (after[1] != before[1]) == name.endswith(".lock")


def test_an_edit_that_builds_on_another_requirements_file_is_a_conflict(project: Path) -> None:
    environment = Environment(project, actor="test")
    seen = environment.inspect().revision
    (project / "requirements" / "dev.txt").write_text("pytest>=8\n")
    edit = parse_edits([{"kind": "set", "path": "env.C", "value": "x"}])
    with pytest.raises(Conflict) as caught:
        environment.change(edit, level="syntax", expected_revision=seen)
    assert caught.value.code == "revision_conflict"
    environment.close()


def test_an_edit_of_a_part_leaves_another_revision_and_counts_as_checked_until_somebody_changes_it(
    project: Path,
) -> None:
    (project / "pyproject.toml").unlink()
    environment = Environment(project, actor="test", executes=False)
    library = parse_edits(
        [{"kind": "add_library", "language": "python", "names": ["attrs"], "file": "requirements.txt"}]
    )
    result = environment.change(library, level="syntax")
    assert result.published
    assert result.revision != result.revision_before
    found = environment.inspect()
    assert found.revision == result.revision
    assert found.stages is not None
    assert found.stages.checked is not None
    (project / "requirements" / "dev.txt").write_text("django\n")
    found = environment.inspect()
    assert found.stages is not None
    assert found.stages.checked is None
    environment.close()


def test_what_it_is_made_of_is_listed_with_its_role(project: Path) -> None:
    environment = Environment(project, actor="test")
    roles = {item.name: item.role for item in environment.inspect().files}
    assert roles.keys() == FILES.keys()
    assert roles["requirements.txt"] == "libraries"
    assert roles["data.json"] == "part"
    assert roles["part/default.nix"] == "import"
    environment.close()


def test_files_that_include_each_other_or_are_not_there_end(project: Path) -> None:
    (project / "requirements.txt").write_text("-r requirements.txt\n-r gone.txt\n-r /etc/passwd\n-r ../../x.txt\n")
    revisions(project)


@pytest.mark.parametrize("value", ['"backend"', '"./backend"', '"${config.devenv.root}/backend"'])
def test_a_manifest_in_the_directory_of_a_language_is_a_part(tmp_path: Path, value: str) -> None:
    root = tmp_path.resolve()
    (root / "backend").mkdir()
    (root / "devenv.nix").write_text(f"{{ config, ... }}:\n{{\n  languages.python.directory = {value};\n}}\n")
    (root / "backend" / "pyproject.toml").write_text("[project]\n")
    before = revisions(root)
    assert "backend/pyproject.toml" in {item.name for item in Environment(root, actor="test").inspect().files}
    (root / "backend" / "pyproject.toml").write_text('[project]\nname = "a"\n')
    assert revisions(root) != before
