"""Where a library stands beside the manifest or the group that an edit is about is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.edits.vocabulary import parse_edits

if TYPE_CHECKING:
    from devkeel.api import Environment

# The language, the manifests, what is asked to be removed at the root, and the member that names it.
PROJECTS: dict[str, tuple[str, dict[str, str], str]] = {
    "npm": (
        "javascript",
        {
            "package.json": '{"name": "r", "workspaces": ["packages/*"]}\n',
            "packages/a/package.json": '{"name": "a", "dependencies": {"lodash": "^4.0.0"}}\n',
            "packages/b/package.json": '{"name": "b"}\n',
            "other/package.json": '{"name": "o", "dependencies": {"lodash": "^4.0.0"}}\n',
        },
        "packages/a/package.json",
    ),
    "yarn": (
        "javascript",
        {
            "package.json": '{"name": "r", "workspaces": {"packages": ["a"]}}\n',
            "a/package.json": '{"name": "a", "devDependencies": {"lodash": "^4.0.0"}}\n',
        },
        "a/package.json",
    ),
    "pnpm": (
        "javascript",
        {
            "package.json": '{"name": "r"}\n',
            "pnpm-workspace.yaml": "packages:\n  - 'pk/*'\n  - '!x'\n",
            "pk/a/package.json": '{"name": "a", "dependencies": {"lodash": "^4.0.0"}}\n',
        },
        "pk/a/package.json",
    ),
    "uv": (
        "python",
        {
            "pyproject.toml": '[project]\nname = "r"\nversion = "1"\n[tool.uv.workspace]\nmembers = ["pkgs/*"]\n',
            "pkgs/a/pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["lodash>=1"]\n',
            "pkgs/a/b/pyproject.toml": '[project]\nname = "b"\nversion = "1"\ndependencies = ["lodash>=1"]\n',
        },
        "pkgs/a/pyproject.toml",
    ),
    "cargo": (
        "rust",
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/**"]\n',
            "crates/x/a/Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\n[dev-dependencies]\nlodash = "1"\n',
        },
        "crates/x/a/Cargo.toml",
    ),
}


@pytest.mark.parametrize(("language", "files", "member"), PROJECTS.values(), ids=PROJECTS)
def test_the_member_that_names_it_is_said_and_can_be_edited(
    environment: Environment, language: str, files: dict[str, str], member: str
) -> None:
    for name, text in files.items():
        path = environment.project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    edit = {"kind": "remove_library", "language": language, "names": ["lodash"]}
    result = environment.change(parse_edits([edit]), level="schema")
    assert not result.changed
    assert [note for note in result.notes if "a member of the workspace" in note and member in note]
    assert sum("a member of the workspace" in note for note in result.notes) == 1
    assert environment.change(parse_edits([{**edit, "file": member}]), level="schema").changed


@pytest.mark.parametrize(("kind", "name"), [("remove_library", "requests"), ("add_library", "Requests[socks]>=2.30")])
@pytest.mark.parametrize(
    "others", ['[dependency-groups]\ndev = ["requests"]\n', '[project.optional-dependencies]\ndev = ["Requests<3"]\n']
)
def test_the_other_groups_of_a_library_are_said(environment: Environment, kind: str, name: str, others: str) -> None:
    text = '[project]\nname = "a"\nversion = "1"\ndependencies = ["requests>=2"]\n'
    (environment.project.root / "pyproject.toml").write_text(f"{text}{others}")
    edit = {"kind": kind, "language": "python", "names": [name]}
    notes = environment.change(parse_edits([edit]), level="schema").notes
    assert [note for note in notes if note.endswith("dev too, which stays as it is.")]
