"""A link where devkeel keeps something leads nowhere: what is behind it stays as it is."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.candidate import stage, stage_folder
from devkeel.candidate.stage import open_stage
from devkeel.edits.packages import AddPackages
from devkeel.errors import DevkeelError
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IN_MEMORY = True
DECLARATION = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n"
# Everything that devkeel writes, wipes or fills below its state directory, and what it once did.
KEPT = (
    *(".devkeel", ".devkeel/stage", ".devkeel/stage/copy", ".devkeel/stage/lock", ".devkeel/stage/copy.lock"),
    *(".devkeel/.gitignore", ".devkeel/lock", ".devkeel/holder.json", ".devkeel/state.db", ".devkeel/state.db-wal"),
    *(".devkeel/state.db-shm", ".devkeel/state.db-journal", ".devkeel/jobs", ".devkeel/gc", ".devkeel/envs"),
    *(".devkeel/envs/venv", ".devkeel/bin", ".devkeel/bin/micromamba", ".devkeel/applied.json"),
    *(".devkeel/apply.lock", ".devkeel/processes.json"),
)


def tree(folder: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Return everything below a folder, with modes and contents; links by what they say."""
    found: dict[str, tuple[int, bytes | str | None]] = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (info.st_mode, content)
    return found


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of the user, full of what nobody may touch."""
    folder = tmp_path.resolve() / "victim"
    (folder / "copy" / "deep").mkdir(parents=True)
    (folder / "s-old").mkdir()
    for name in ("keys", "copy/letter", "copy/deep/photo", "s-old/x", "lock", "copy.lock", "state.db"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "clone"
    folder.mkdir()
    (folder / "devenv.nix").write_text(DECLARATION)
    return folder


def plant(root: Path, place: str, target: Path) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).symlink_to(target)


def attempt(call: Callable[[], object]) -> str | None:
    """Return the code of the refusal; anything but a refusal is a failure of the test."""
    try:
        call()
    except DevkeelError as error:
        return error.code
    return None


@pytest.mark.parametrize("place", KEPT)
@pytest.mark.parametrize("kind", ["folder", "file", "nothing"])
@pytest.mark.usefixtures("each_system")
def test_looking_and_writing_leave_what_is_behind_a_link_alone(root: Path, victim: Path, place: str, kind: str) -> None:
    plant(root, place, {"folder": victim, "file": victim / "keys", "nothing": victim / "new"}[kind])
    before, clone = tree(victim), tree(root)
    environment = Environment(root, actor="test")
    change = partial(environment.change, [AddPackages(names=["ripgrep"])], level="schema")
    looks: list[Callable[[], object]] = [
        *(
            environment.inspect,
            partial(environment.check, level="schema"),
            environment.history,
            environment.examine,
            environment.jobs,
        ),
        *(partial(change, dry_run=True), partial(staged, Project(root))),
    ]
    for look in looks:
        attempt(look)
        assert tree(victim) == before
        assert tree(root) == clone, "looking wrote something"
    for act in (change, partial(environment.examine, repair=True), environment.environments().purge):
        attempt(act)
        assert tree(victim) == before
    environment.close()


def staged(project: Project) -> None:
    with open_stage(project, {"devenv.nix": b"new"}, writes=True) as opened:
        assert opened.root.is_dir()


def test_a_link_inside_the_copy_gives_way_to_what_is_written(
    root: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "namespaces_work", lambda: False)
    (root / "sub").symlink_to(victim)
    before = tree(victim)
    for files in ({"sub/keys": b"new"}, {"sub/keys": None}, {"sub/copy/new/deep.nix": b"new"}):
        with suppress(DevkeelError), open_stage(Project(root), files):
            pass
        assert tree(victim) == before


def test_what_an_earlier_command_left_in_the_copy_leads_nowhere(
    root: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "namespaces_work", lambda: False)
    project, before = Project(root), tree(victim)
    (root / "sub").mkdir()
    (root / "sub" / "x.nix").write_text("x")
    with open_stage(project, {"devenv.nix": b"new"}, writes=True):
        copy = stage_folder.folder_of(project) / "copy"
        (copy / "sub" / "x.nix").unlink()
        (copy / "sub").rmdir()
        (copy / "sub").symlink_to(victim)
        (copy / "more").symlink_to(victim)
        (copy / "devenv.nix").unlink()
        (copy / "devenv.nix").symlink_to(victim / "keys")
        (copy / ".git").symlink_to(victim / "keys")
    with open_stage(project, {"devenv.nix": b"newer", "sub/y.nix": b"y"}) as opened:
        assert (opened.root / "sub" / "x.nix").read_text() == "x"
        assert (opened.root / "devenv.nix").read_bytes() == b"newer"
        assert not os.path.lexists(opened.root / "more")
    assert tree(victim) == before


def test_a_repository_that_is_a_link_is_not_copied(root: Path, victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "namespaces_work", lambda: False)
    (root / ".git").symlink_to(victim / "keys")
    with open_stage(Project(root), {"devenv.nix": b"new"}) as opened:
        assert not os.path.lexists(opened.root / ".git")
