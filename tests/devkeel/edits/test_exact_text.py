"""Exact text in every file that any edit takes, under the same checks; and no other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, DevkeelError, ProjectError, Refused, Unavailable
from devkeel.libraries.declared import asks_otherwise
from devkeel.libraries.resolve import resolvers
from devkeel.text.actions import again, do

if TYPE_CHECKING:
    from typing import Any

    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult

PYPROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = ["idna"]\n\n[tool.ruff]\nline-length = 100\n'
FILES = {
    "pyproject.toml": (PYPROJECT, "line-length = 100", "line-length = 120"),
    "part/pyproject.toml": (PYPROJECT, '"idna"', '"idna>=3"'),
    "requirements.txt": ("idna\n", "idna", "idna>=3"),
    "part/requirements-dev.txt": ("idna\n", "idna", "idna>=3"),
    "requirements/test.in": ("idna\n", "idna", "idna>=3"),
    "environment.yml": ("dependencies: [python=3.12, numpy]\n", ", numpy", ""),
    "conda/environment.yaml": ("dependencies:\n  - numpy\n", "numpy", "scipy"),
    "package.json": ('{"scripts": {"x": "1"}}\n', '"1"', '"2"'),
    "Cargo.toml": ('[package]\nname = "a"\nversion = "0.1.0"\n', "0.1.0", "0.2.0"),
    "Gemfile": ('gem "rake"\n', "rake", "rails"),
    "go.mod": ("module a\n\ngo 1.21\n", "1.21", "1.22"),
    ".envrc": ("use devenv\n", "use", "use "),
    ".gitignore": (".venv\n", ".venv", ".venv/"),
    "flake.nix": ("{ outputs = _: { }; }\n", "_:", "inputs:"),
    "part/module.nix": ("{ env.A = 1; }\n", "1", "2"),
}
BROKEN = {
    "pyproject.toml": ('"idna"', '"idna'),
    "Cargo.toml": ('"a"', '"a'),
    "package.json": ('"1"', '"1'),
    "environment.yml": ("]", ""),
}


def patch(environment: Environment, file: str, old: str, new: str, **options: Any) -> ChangeResult:
    edit = {"kind": "replace_text", "file": file, "old": old, "new": new}
    return environment.change(parse_edits([edit]), **({"level": "schema"} | options))


@pytest.fixture
def project(environment: Environment) -> Environment:
    for name, (text, _, _) in FILES.items():
        path = environment.project.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return environment


@pytest.mark.parametrize("file", FILES)
def test_a_text_of_each_environment_file_is_replaced_and_put_back(project: Environment, file: str) -> None:
    text, old, new = FILES[file]
    path = project.project.root / file
    assert patch(project, file, old, new).files == (file,)
    assert path.read_text() == text.replace(old, new)
    project.undo()
    assert path.read_text() == text


@pytest.mark.parametrize("file", BROKEN)
def test_a_text_that_no_longer_parses_is_refused(project: Environment, file: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        patch(project, file, *BROKEN[file])
    assert caught.value.code == "syntax_error"
    assert (project.project.root / file).read_text() == FILES[file][0]


@pytest.mark.parametrize("file", ["uv.lock", "conda-lock.yml", "devkeel.toml", ".github/workflows/ci.yml", "setup.py"])
def test_other_files_stay_refused_each_with_its_way(project: Environment, file: str) -> None:
    path = project.project.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("lock_timeout = 1\n")
    with pytest.raises(ProjectError) as caught:
        patch(project, file, "1", "2")
    assert caught.value.code == "not_an_environment_file"
    assert ("lock" in (caught.value.remedy or "")) == ("lock" in file)
    assert ("Ask the user" in (caught.value.remedy or "")) == (file == "devkeel.toml")


@pytest.mark.parametrize("file", ["pyproject.toml", "environment.yml", "requirements.txt"])
def test_an_edit_of_an_option_says_what_edits_a_manifest(project: Environment, file: str) -> None:
    edit = {"kind": "set", "path": "env.A", "value": "1", "file": file}
    with pytest.raises(Refused) as caught:
        project.change(parse_edits([edit]), level="schema")
    assert caught.value.code == "not_nix"
    assert all(said in (caught.value.remedy or "") for said in (do("library"), do("patch")))


def test_a_text_that_asks_for_others_is_resolved(project: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def unreachable(*arguments: Any, **_: Any) -> None:
        asked.append(arguments[1])
        raise Unavailable("registry_unreachable", "No network.")

    monkeypatch.setattr(resolvers, "resolve", unreachable)
    patch(project, "pyproject.toml", "line-length = 100", "line-length = 120", level=None)
    assert asked == []
    with pytest.raises(DevkeelError) as caught:
        patch(project, "pyproject.toml", '"idna"', '"idna>=3"', level=None)
    assert asked == ["pyproject.toml"]
    assert again(level="schema") in (caught.value.remedy or "")
    assert patch(project, "pyproject.toml", '"idna"', '"idna>=3"', level="schema").published


@pytest.mark.parametrize("kind", ["add_library", "remove_library"])
def test_what_does_not_resolve_is_the_same_call_whatever_its_verb(
    project: Environment, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise Unavailable("registry_unreachable", "No network.")

    monkeypatch.setattr(resolvers, "resolve", unreachable)
    edits = parse_edits([{"kind": kind, "language": "python", "names": ["idna" if "remove" in kind else "rich"]}])
    with pytest.raises(DevkeelError) as caught:
        project.change(edits)
    assert again(level="schema") in (caught.value.remedy or "")
    assert project.change(edits, level="schema").published


def test_a_version_that_was_given_to_the_letter_stays(project: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = b'{"packages": {"node_modules/zod": {"version": "3.0.0"}}}'
    found = resolvers.Resolved(judge="npm", locks={"package-lock.json": lock})
    monkeypatch.setattr(resolvers, "resolve", lambda *_, **__: found)
    patch(project, "package.json", '{"scripts"', '{"dependencies": {"zod": "*"}, "scripts"', level=None)
    assert '"zod": "*"' in (project.project.root / "package.json").read_text()


@pytest.mark.parametrize(
    ("name", "before", "after", "otherwise"),
    [
        ("pyproject.toml", "[tool.ruff]\na = 1\n", "[tool.ruff]\na = 2\n", False),
        ("pyproject.toml", "[tool.uv]\na = 1\n", "[tool.uv]\na = 2\n", True),
        ("pyproject.toml", "a = 1 # b\n", "a = 1\n", False),
        ("pyproject.toml", "a = \n", "a = 1\n", True),
        ("package.json", '{"scripts": {}}', '{"scripts": {"a": "b"}}', False),
        ("package.json", '{"engines": {}}', '{"engines": {"node": "20"}}', True),
        ("package.json", "{", "{}", True),
        ("requirements.txt", "a\n", "a\nb\n", True),
    ],
)
def test_what_a_resolver_reads_decides_whether_it_is_asked(name: str, before: str, after: str, otherwise: bool) -> None:
    assert asks_otherwise(name, before.encode(), after.encode()) == otherwise


def test_a_manifest_that_is_missing_is_begun_by_adding_a_library(environment: Environment) -> None:
    with pytest.raises(ProjectError) as caught:
        patch(environment, "part/pyproject.toml", "a", "b")
    assert caught.value.code == "missing_file"
    assert do("library", create=True) in (caught.value.remedy or "")
