"""What is looked at in a repository, and what is left out."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.detection.gathering import gather

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

    from .conftest import Making


def test_material_and_what_tools_make_are_left_out_and_the_root_comes_first(repository: Making) -> None:
    found = repository(
        {
            "services/api/.nvmrc": "20",
            ".nvmrc": "22",
            "node_modules/x/.nvmrc": "8",
            "tests/fixtures/a/.nvmrc": "9",
            "vendor/b/.nvmrc": "10",
            "examples/c/.nvmrc": "11",
        },
    )
    gathered = gather(found)
    assert gathered.files == (".nvmrc", "services/api/.nvmrc")
    assert [clue.version for clue in gathered.clues] == ["22", "20"]


def test_what_git_ignores_is_left_out_but_not_what_it_tracks(tmp_path: Path, repository: Making) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    found = repository({".gitignore": "out/\n.nvmrc\n", ".nvmrc": "22", "out/.nvmrc": "8", "b/.nvmrc": "20"})
    subprocess.run(["git", "-C", str(tmp_path), "add", "-f", "b/.nvmrc"], check=True)
    assert [name for name in found.names if name.endswith(".nvmrc")] == ["b/.nvmrc"]


def test_a_link_out_of_the_work_tree_is_not_followed(tmp_path: Path, repository: Making) -> None:
    inside = tmp_path / "inside"
    (tmp_path / "secret").write_text("20.1.2", "utf-8")
    found = repository({"README": ""}, "inside")
    (inside / ".nvmrc").symlink_to(tmp_path / "secret")
    gathered = gather(found)
    assert gathered.clues == ()
    assert [item.file for item in gathered.unread] == [".nvmrc"]


def test_a_reader_that_fails_ends_nothing(repository: Making) -> None:
    class Failing:
        def matches(self, name: str) -> bool:
            return name == "a"

        def read(self, file: RepositoryFile) -> Iterable[Clue]:
            yield file.clue("language", "go", 1, "certain", "it says so")
            raise ValueError("the rest is broken")

    gathered = gather(repository({"a": "go"}), (Failing(),))
    assert [clue.name for clue in gathered.clues] == ["go"]
    assert gathered.unread[0].why == "the rest is broken"


def test_a_secret_in_the_words_is_masked(repository: Making) -> None:
    file = repository({"a": "PASSWORD=hunter2-and-more-7"}).file("a")
    assert file is not None
    assert "hunter2" not in file.clue("variable", "PASSWORD", 1, "certain", "it is set").seen


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".nvmrc", "v20.11.1\n", [("javascript", "20.11.1", {})]),
        (".nvmrc", "lts/*\n", [("javascript", None, {})]),
        (".nvmrc", "lts/iron\n", [("javascript", "20", {})]),
        (".python-version", "# used by pyenv\n3.12\n3.11\n", [("python", "3.12", {})]),
        (".ruby-version", "ruby-3.3.0\n", [("ruby", "3.3.0", {})]),
        (".java-version", "temurin-21.0.2\n", [("java", "21.0.2", {})]),
        (
            ".tool-versions",
            "nodejs 20.11.0 18.0.0 # fallback\npnpm 9.1.0\nunknown-tool 3\nterraform 1.7.5\n",
            [("javascript", "20.11.0", {}), ("javascript", None, {"pnpm.enable": True}), ("terraform", "1.7.5", {})],
        ),
        (
            ".sdkmanrc",
            "# sdk\njava=21.0.2-tem\ngradle=8.7\n",
            [("java", "21.0.2", {}), ("java", None, {"gradle.enable": True})],
        ),
        (
            "mise.toml",
            '[tools]\nnode = "22"\npython = ["3.12", "3.11"]\nrust = { version = "1.78" }\njq = "latest"\n',
            [("javascript", "22", {}), ("python", "3.12", {}), ("rust", "1.78", {}), ("jq", None, {})],
        ),
        (".python-version", "system\n", [("python", None, {})]),
    ],
)
def test_version_files_name_tools_with_their_versions(
    repository: Making, name: str, text: str, expected: list[tuple[str, str | None, dict[str, object]]]
) -> None:
    gathered = gather(repository({name: text}))
    assert [
        (clue.name, clue.version if clue.options == {} else None, clue.options) for clue in gathered.clues
    ] == expected
    assert not gathered.unread
    assert all(clue.place.line for clue in gathered.clues)
