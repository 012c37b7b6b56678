"""The errors that a commit or a branch adds: what Git has is judged, not the work tree."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import ProjectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = "{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n"
BROKEN = GOOD.replace("];", "]\n")

pytestmark = pytest.mark.broken_declaration


def git(root: Path, *argv: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    return subprocess.run(["git", *identity, *argv], cwd=root, check=True, capture_output=True, text=True).stdout


def commit(root: Path, **files: str) -> None:
    put(root, **files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "more", "--allow-empty")


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        place = root / name.replace("__", "/").replace("_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, devenv_nix=GOOD)
    return folder


@pytest.fixture
def environment(root: Path) -> Iterator[Environment]:
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def test_ci_what_is_staged_is_judged_and_not_the_work_tree(environment: Environment, root: Path) -> None:
    put(root, devenv_nix=BROKEN)
    assert environment.check_added().ok
    git(root, "add", "-A")
    put(root, devenv_nix=GOOD)
    report = environment.check_added()
    assert [item.code for item in report.diagnostics] == ["syntax_error"]
    assert report.diagnostics[0].suggestions


def test_ci_an_error_that_was_there_is_not_added(environment: Environment, root: Path) -> None:
    commit(root, devenv_nix=BROKEN)
    put(root, devenv_nix=BROKEN + "# a comment\n")
    git(root, "add", "-A")
    report = environment.check_added()
    assert report.ok
    assert "there before" in (report.note or "")


def test_ci_a_branch_is_compared_with_where_it_began(environment: Environment, root: Path) -> None:
    git(root, "checkout", "-q", "-b", "feature")
    commit(root, README_md="text\n")
    git(root, "checkout", "-q", "main")
    commit(root, devenv_nix=BROKEN)
    git(root, "checkout", "-q", "feature")
    assert environment.check_added("main").ok
    put(root, devenv_nix=BROKEN)
    assert [item.code for item in environment.check_added("main").diagnostics] == ["syntax_error"]


@pytest.mark.parametrize("reference", ["nowhere", "--output=x", ""])
def test_a_reference_that_names_no_commit_is_said(environment: Environment, reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        environment.check_added(reference)
    assert caught.value.code == "unknown_reference"


def test_without_git_it_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    put(folder, devenv_nix=GOOD)
    opened = Environment(folder, actor="test")
    with pytest.raises(ProjectError) as caught:
        opened.check_added()
    assert caught.value.code == "no_repository"


def test_the_first_commit_adds_everything(tmp_path: Path) -> None:
    folder = tmp_path / "first"
    folder.mkdir()
    git(folder, "init", "-q")
    put(folder, devenv_nix=BROKEN)
    git(folder, "add", "-A")
    assert not Environment(folder, actor="test").check_added().ok


def test_imports_are_followed_in_the_tree(environment: Environment, root: Path) -> None:
    put(root, devenv_nix=GOOD.replace("  packages", "  imports = [ ./nix/a.nix ];\n  packages"), nix__a_nix="{ a = ; }")
    git(root, "add", "-A")
    (root / "nix" / "a.nix").write_text("{ }")
    [found] = environment.check_added().diagnostics
    assert found.place is not None
    assert found.place.file == "nix/a.nix"


def test_what_is_only_on_the_disk_is_no_error_and_is_said(environment: Environment, root: Path) -> None:
    put(root, devenv_nix=GOOD.replace("  packages", "  imports = [ ./made.nix ];\n  packages"), made_nix="{ }")
    git(root, "add", "devenv.nix")
    report = environment.check_added()
    assert report.ok
    assert "made.nix" in (report.note or "")


def test_a_project_below_the_top_and_links_of_the_tree(root: Path) -> None:
    folder = root / "services" / "api"
    put(root, services__api__devenv_nix=GOOD.replace("  packages", "  imports = [ ../../shared.nix ];\n  packages"))
    put(root, real_nix=GOOD)
    (root / "shared.nix").symlink_to("real.nix")
    commit(root)
    opened = Environment(folder, actor="test")
    assert opened.check_added().ok
    put(root, services__api__devenv_nix=BROKEN)
    git(root, "add", "-A")
    assert [item.code for item in opened.check_added().diagnostics] == ["syntax_error"]


def test_a_setting_that_cannot_be_used_is_an_error(environment: Environment, root: Path) -> None:
    put(root, devkeel_toml='level = "deep"\nlock_timeout = "soon"\n')
    git(root, "add", "-A")
    assert [item.code for item in environment.check_added().diagnostics] == ["bad_settings"]


def test_what_was_there_before_is_counted_beside_a_setting_that_is_new(environment: Environment, root: Path) -> None:
    commit(root, devenv_nix=BROKEN)
    put(root, devkeel_toml='lock_timeout = "soon"\n')
    git(root, "add", "-A")
    report = environment.check_added()
    assert [item.code for item in report.diagnostics] == ["bad_settings"]
    assert "there before: 1" in (report.note or "")


def test_another_index_is_judged_where_git_has_made_one(environment: Environment, root: Path) -> None:
    put(root, devenv_nix=BROKEN)
    index = root / ".git" / "other-index"
    index.write_bytes((root / ".git" / "index").read_bytes())
    subprocess.run(
        ["git", "add", "devenv.nix"], cwd=root, check=True, env={"GIT_INDEX_FILE": str(index), "PATH": "/usr/bin:/bin"}
    )
    assert environment.check_added().ok
    assert not environment.check_added(index=index).ok


def test_no_program_of_the_repository_runs_and_nothing_is_written(environment: Environment, root: Path) -> None:
    fired = root.parent / "fired"
    git(root, "config", "core.fsmonitor", f"touch {fired}")
    git(root, "config", "core.hooksPath", str(root))
    put(root, devenv_nix=BROKEN)
    git(root, "add", "-A")
    fired.unlink(missing_ok=True)
    before = sorted(path for path in root.rglob("*"))
    environment.check_added()
    environment.check_added("main")
    assert not fired.exists()
    assert sorted(path for path in root.rglob("*")) == before
