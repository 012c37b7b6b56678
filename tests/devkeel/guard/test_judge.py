"""Which project an act is about: the nearest one, by whatever name its files are called, and no other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.guard.judge import judge
from devkeel.guard.question import Patch, Question, Running, WholeFile

if TYPE_CHECKING:
    from pathlib import Path

GOOD, BAD = "{ packages = [ ]; }\n", "{ package = [ ]; }\n"
PATCH = f"*** Begin Patch\n*** Update File: devenv.nix\n@@\n-{GOOD}+{BAD}*** End Patch"
ACTS = [WholeFile("devenv.nix", BAD), Patch(PATCH), Running("pip install flask")]


def project(folder: Path, settings: str = "") -> Path:
    folder.mkdir(parents=True)
    (folder / "devenv.nix").write_text(GOOD)
    if settings:
        (folder / "devkeel.toml").write_text(settings)
    return folder.resolve()


@pytest.mark.parametrize("act", ACTS)
def test_the_project_that_the_agent_stands_in_is_meant(tmp_path: Path, act: WholeFile | Patch | Running) -> None:
    root, other = project(tmp_path / "a"), project(tmp_path / "b", 'guard = "off"')
    for named in ([], [str(root)], [str(other)], [str(tmp_path)]):
        found = judge(Question(act, str(root)), named)
        assert found is not None
        assert found[0] == root
    assert judge(Question(act, str(other)), [str(root)]) is None  # its own settings decide


@pytest.mark.parametrize("act", ACTS)
def test_a_worktree_elsewhere_is_a_project_of_its_own(tmp_path: Path, act: WholeFile | Patch | Running) -> None:
    root, tree = project(tmp_path / "a"), project(tmp_path / "trees" / "a")
    found = judge(Question(act, str(tree)), [str(root)])
    assert found is not None
    assert found[0] == tree


@pytest.mark.parametrize("act", ACTS)
def test_links_on_the_way_to_the_project_are_followed(tmp_path: Path, act: WholeFile | Patch | Running) -> None:
    root = project(tmp_path / "a")
    (tmp_path / "link").symlink_to(root)
    for named in ([], [str(tmp_path / "link")], [str(root)]):
        found = judge(Question(act, str(tmp_path / "link")), named)
        assert found is not None
        assert found[0] == root
    absolute = WholeFile(str(tmp_path / "link" / "devenv.nix"), BAD)
    assert judge(Question(absolute, str(root)), [str(root)]) is not None


def test_what_is_declared_above_the_agents_project_is_not_its_own(tmp_path: Path) -> None:
    project(tmp_path / "a")
    (tmp_path / "a" / "b").mkdir()
    command = Question(Running("pip install flask"), str(tmp_path / "a" / "b"))
    assert judge(command, [str(tmp_path / "a" / "b")]) is None
    assert judge(command) is not None


def test_a_file_above_where_the_agent_stands_is_its_projects(tmp_path: Path) -> None:
    root, inner = project(tmp_path / "a"), project(tmp_path / "a" / "sub")
    write = WholeFile(str(root / "devenv.nix"), BAD)
    found = judge(Question(write, str(inner)), [str(root)])
    assert found is not None
    assert found[0] == root
    assert judge(Question(write, str(inner))) is None


def test_each_kind_has_its_own_setting(tmp_path: Path) -> None:
    root = project(tmp_path / "a", 'guard = { files = "ask", installs = "off" }')
    both = Running(f"pip install flask; cat > devenv.nix <<'EOF'\n{BAD}EOF\n")
    found = judge(Question(both, str(root)))
    assert found is not None
    assert found[1].decision == "ask"
    assert judge(Question(Running("pip install flask"), str(root))) is None
