"""Files that are not where they seem: links, managed files, names, repositories inside repositories."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import ProjectError
from devkeel.project.root import find_root

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment

Bench = Any
JQ = [{"kind": "add_packages", "names": ["jq"]}]


def add_jq(environment: Environment) -> None:
    environment.change(parse_edits(JQ), level="syntax")


@pytest.mark.fault(10)
@pytest.mark.parametrize("kind", ["relative", "absolute", "chain", "directory"])
def test_a_link_stays_and_its_target_is_edited(environment: Environment, kind: str) -> None:
    root = environment.project.root
    (root / "real").mkdir()
    target = (root / "devenv.nix").rename(root / "real" / "target.nix")
    link = root / "devenv.nix"
    if kind == "chain":
        (root / "second.nix").symlink_to("real/target.nix")
        link.symlink_to("second.nix")
    elif kind == "directory":
        (root / "folder").symlink_to("real")
        link.symlink_to("folder/target.nix")
    else:
        link.symlink_to(target if kind == "absolute" else "real/target.nix")
    where = link.readlink()
    add_jq(environment)
    assert link.readlink() == where
    assert "pkgs.jq" in target.read_text()
    assert not target.is_symlink()
    environment.undo()
    assert "pkgs.jq" not in target.read_text()
    assert link.readlink() == where


@pytest.mark.fault(10)
@pytest.mark.parametrize(("to", "code"), [("missing.nix", "dangling_link"), ("../outside.nix", "outside_root")])
def test_a_link_that_dangles_or_leaves_the_project_is_refused(environment: Environment, to: str, code: str) -> None:
    root = environment.project.root
    outside = root.parent / "outside.nix"
    outside.write_text("{ }\n")
    (root / "devenv.nix").unlink()
    (root / "devenv.nix").symlink_to(to)
    with pytest.raises(ProjectError) as caught:
        add_jq(environment)
    assert caught.value.code == code
    assert outside.read_text() == "{ }\n"


@pytest.mark.fault(11)
@pytest.mark.parametrize(
    ("store", "owner"),
    [
        ("/nix/store/00000000000000000000000000000000-home-manager-files/project/devenv.nix", "home-manager"),
        ("/nix/store/00000000000000000000000000000000-generated.nix", "generated.nix"),
    ],
)
def test_a_file_that_something_else_manages_is_refused_with_its_owner(
    environment: Environment, store: str, owner: str
) -> None:
    link = environment.project.root / "devenv.nix"
    link.unlink()
    link.symlink_to(store)
    with pytest.raises(ProjectError) as caught:
        add_jq(environment)
    assert caught.value.code == "managed_file"
    assert owner in caught.value.message
    assert str(link.readlink()) == store


@pytest.mark.fault(12)
def test_a_hard_link_is_refused_and_the_other_name_told(environment: Environment) -> None:
    root = environment.project.root
    os.link(root / "devenv.nix", root / "twin.nix")
    with pytest.raises(ProjectError) as caught:
        add_jq(environment)
    assert caught.value.code == "hard_link"
    assert caught.value.details["names"] == ["devenv.nix", "twin.nix"]
    assert caught.value.details["owner"]


@pytest.mark.fault(13)
def test_owner_mode_and_attributes_survive_a_change_and_its_undo(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    path.chmod(0o604)
    os.setxattr(path, "user.note", b"mine")
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    before = path.stat()
    add_jq(environment)
    environment.undo()
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.getxattr(path, "user.note") == b"mine"


@pytest.mark.fault(14, 15, 17)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("last", [True, False], ids=["final newline", "none"])
def test_only_the_asked_bytes_change(environment: Environment, *, mark: bytes, end: bytes, last: bool) -> None:
    path = environment.project.root / "devenv.nix"
    lines = [b"{ pkgs, ... }:", b"", b"{", b"\t# a comment  ", b"  packages = [", b"    pkgs.git", b"  ];", b"}"]
    before = mark + end.join(lines) + (end if last else b"")
    path.write_bytes(before)
    add_jq(environment)
    lines.insert(6, b"    pkgs.jq")
    # a byte order mark goes, as Nix does not parse a file that has one
    assert path.read_bytes() == end.join(lines) + (end if last else b"")


@pytest.mark.fault(16)
def test_what_is_no_utf8_is_refused_with_its_place(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    before = path.read_bytes().replace(b"# https", b"# \xff https")
    path.write_bytes(before)
    with pytest.raises(ProjectError) as caught:
        add_jq(environment)
    assert caught.value.code == "not_utf8"
    assert path.read_bytes() == before


def git(*arguments: str | Path) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.mark.fault(27)
def test_a_worktree_is_a_project_and_the_index_is_left_alone(environment: Environment, tmp_path: Path) -> None:
    root = environment.project.root
    git("init", root)
    git("-C", root, "add", "devenv.nix")
    git("-C", root, "commit", "-m", "start")
    tree = tmp_path / "tree"
    git("-C", root, "worktree", "add", tree)
    assert (tree / ".git").is_file()
    (tree / "inner").mkdir()
    assert find_root(None, {}, tree / "inner") == tree
    index = root / ".git" / "worktrees" / "tree" / "index"
    before = index.read_bytes()
    other = type(environment)(tree, actor="a test")
    add_jq(other)
    other.close()
    assert index.read_bytes() == before
    assert git("-C", tree, "status", "--porcelain").split() == ["M", "devenv.nix"]


@pytest.mark.fault(45)
@pytest.mark.parametrize("folder", ["a b", "ä", "x" * 200, "%2e#?", "-rf"])
def test_a_project_may_have_any_name(environment: Environment, folder: str) -> None:
    environment.close()
    root = environment.project.root.rename(environment.project.root.parent / folder)
    moved = type(environment)(root, actor="a test")
    add_jq(moved)
    moved.undo()
    moved.close()
    assert {path.name for path in root.iterdir()} == {"devenv.nix", ".devkeel"}
