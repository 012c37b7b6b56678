"""A protected file is written by nothing, by whichever name and way; every other one stays editable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import PolicyRefused
from devkeel.policy.protected import require_unprotected_file
from devkeel.project.rules import file_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILES = {
    "devenv.nix": "{ pkgs, ... }:\n{\n  imports = [ ./nix/part.nix ];\n  packages = [ pkgs.git ];\n}\n",
    "devenv.yaml": "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n",
    "nix/part.nix": "{ env.A = 1; }\n",
    "nix/local.nix": "{ env.B = 1; }\n",
    "package.json": '{ "dependencies": { "a": "1" } }\n',
}


@pytest.fixture
def project(root: Path) -> Iterator[Environment]:
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / "devenv.local.nix").symlink_to("nix/local.nix")
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def protect(environment: Environment, *globs: str) -> None:
    listed = ", ".join(f"'{glob}'" for glob in globs)
    (environment.project.root / "devkeel.toml").write_text(f"# Ours.\n[rules]\nprotected_files = [{listed}]\n")


def edit(**item: Any) -> Callable[[Environment], object]:
    return lambda environment: environment.change(parse_edits([item]), level="schema")


def setting(path: str, file: str) -> Callable[[Environment], object]:
    return edit(kind="set", path=path, value=2, file=file)


WAYS: dict[str, tuple[str, Callable[[Environment], object]]] = {
    "set": ("nix/**", setting("env.A", "nix/part.nix")),
    "exact text": ("nix/part.nix", edit(kind="replace_text", file="nix/part.nix", old="A", new="C")),
    "the declaration": ("devenv.nix", edit(kind="add_packages", names=["jq"])),
    "a name at any depth": ("part.nix", setting("env.A", "nix/part.nix")),
    "a folder": ("nix", setting("env.A", "nix/part.nix")),
    "a folder with a slash": ("nix/", setting("env.A", "nix/part.nix")),
    "from the root": ("/nix/*.nix", setting("env.A", "./nix/part.nix")),
    "what a link leads to": ("nix/local.nix", setting("env.B", "devenv.local.nix")),
    "by the name of a link": ("devenv.local.nix", setting("env.B", "nix/local.nix")),
    "an input": ("*.yaml", edit(kind="set", path="inputs.a.url", value="github:a/b", file="devenv.yaml")),
    "a library": ("package.json", edit(kind="add_library", names=["b"], language="javascript")),
    ".envrc": (".envrc", lambda environment: environment.write_envrc()),
    "a generator": ("flake.nix", lambda environment: environment.generate("flake")),
    "a template": ("pyproject.toml", lambda environment: environment.use_template("python-uv", {"name": "a"})),
}


@pytest.mark.parametrize(("glob", "way"), WAYS.values(), ids=WAYS)
def test_nothing_writes_a_protected_file(project: Environment, glob: str, way: Callable[[Environment], object]) -> None:
    protect(project, glob)
    root = project.project.root
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".devkeel" not in path.parts}
    with pytest.raises(PolicyRefused) as caught:
        way(project)
    assert (caught.value.code, caught.value.details["glob"]) == ("protected_file", glob)
    assert (caught.value.place.file, caught.value.place.line) == ("devkeel.toml", 3)  # type: ignore[union-attr]
    assert before.items() == {path: path.read_bytes() for path in before}.items()


@pytest.mark.parametrize(
    "glob", ["nix/*.lock", "part", "art.nix", "/part.nix", "x/**", "nix/part.nix/**", "NIX/**", "*.nix.old"]
)
def test_every_other_file_stays_editable(project: Environment, glob: str) -> None:
    protect(project, glob)
    setting("env.A", "nix/part.nix")(project)
    edit(kind="add_packages", names=["jq"])(project)


def test_an_undo_and_a_restore_that_would_touch_one_are_refused(project: Environment) -> None:
    setting("env.A", "nix/part.nix")(project)
    first = project.history().operations[0].id
    edit(kind="add_packages", names=["jq"])(project)
    project.change(parse_edits([{"kind": "set", "path": "env.A", "value": 3, "file": "nix/part.nix"}]), level="schema")
    protect(project, "nix/part.nix")
    for call in (project.undo, lambda: project.restore(first)):
        with pytest.raises(PolicyRefused) as caught:
            call()
        assert caught.value.code == "protected_file"
    assert (project.project.root / "nix/part.nix").read_text() == "{ env.A = 3; }\n"
    protect(project, "*.lock")
    project.undo()


def test_a_file_by_itself_is_judged_by_each_project_around_it(project: Environment) -> None:
    root = project.project.root
    protect(project, "AGENTS.md", "docs/**")
    for name in ("AGENTS.md", "below/AGENTS.md", "docs/a/b.toml"):
        with pytest.raises(PolicyRefused):
            require_unprotected_file(root / name, None, b"")
    require_unprotected_file(root / "README.md", b"a", b"b")


def test_a_folder_that_is_a_link_keeps_what_is_in_it(project: Environment) -> None:
    root = project.project.root
    (root / "linked").symlink_to("nix")
    protect(project, "linked/*.nix")
    with pytest.raises(PolicyRefused):
        setting("env.A", "nix/part.nix")(project)


def test_names_count_as_the_file_system_has_them() -> None:
    assert file_glob("NIX/Part.nix", folds=True).fullmatch("nix/part.nix")
    assert not file_glob("NIX/Part.nix").fullmatch("nix/part.nix")


@pytest.mark.parametrize(
    ("glob", "fits", "others"),
    [
        ("*.lock", ["a.lock", "x/y/a.lock"], ["a.lock.nix", "lock"]),
        (".github/**", [".github/a", ".github/workflows/ci.yml"], ["x/.github/a", ".githubs"]),
        ("**/ci.yml", ["ci.yml", "a/b/ci.yml"], ["a/ci.yml.old", "xci.yml"]),
        ("a/**/z", ["a/z", "a/b/c/z", "a/b/z/more"], ["a/zz", "z"]),
        ("a?[0-9].[!x]", ["ab1.y", "d/ab1.y"], ["ab1.x", "a/1.y"]),
        ("a[b", ["a[b"], ["ab"]),
    ],
)
def test_globs_are_those_of_gitignore(glob: str, fits: list[str], others: list[str]) -> None:
    pattern = file_glob(glob)
    assert [name for name in fits if not pattern.fullmatch(name)] == []
    assert [name for name in others if pattern.fullmatch(name)] == []
