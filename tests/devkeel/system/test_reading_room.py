"""What is read of a project is beneath it, whatever a link says and whoever exchanges what while it is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import DevkeelError, ProjectError
from devkeel.project.root import Project
from devkeel.system import beneath
from devkeel.system.reading_room import work_tree

from .exchanging import exchanging

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = b"s3cr3t bytes\n"
READS = 20_000 if os.environ.get("DEVKEEL_FAULTS") == "all" else 3_000


@pytest.fixture(params=["openat2", "component by component"], autouse=True)
def mechanism(request: pytest.FixtureRequest, without: Callable[..., None]) -> str:
    if request.param != "openat2":
        without("openat2")
    elif not beneath.openat2_works():
        pytest.skip("this kernel has no openat2, and the other way is tried")
    return str(request.param)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in the folder `tree`, which is a Git work tree, beside a folder with a secret."""
    root = tmp_path.resolve() / "tree" / "project"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "devenv.nix").write_bytes(b"inside\n")
    (root / "deep" / "er" / "x.nix").write_bytes(b"deep\n")
    (root.parent / "shared.nix").write_bytes(b"shared\n")
    (root.parent / ".git").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("devenv.nix", "x.nix", "secret"):
        (outside / name).write_bytes(SECRET)
    return Project(root)


def refusal(project: Project, name: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        project.read(name)
    assert SECRET.decode().strip() not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("link", "target", "found"),
    [
        ("a.nix", "devenv.nix", b"inside\n"),
        ("a.nix", "deep/../devenv.nix", b"inside\n"),
        ("a.nix", "./deep/er/x.nix", b"deep\n"),
        ("a.nix", "{root}/deep/er/x.nix", b"deep\n"),
        ("a.nix", "../project/devenv.nix", b"inside\n"),
        ("a.nix", "../../tree/project/devenv.nix", b"inside\n"),
        ("a.nix", "../shared.nix", b"shared\n"),
        ("deep/b.nix", "../../shared.nix", b"shared\n"),
        ("deep/b.nix", "er/x.nix", b"deep\n"),
        ("a.nix", "{root}/../shared.nix", b"shared\n"),
    ],
)
def test_a_link_to_what_is_beneath_is_followed(project: Project, link: str, target: str, found: bytes) -> None:
    (project.root / link).symlink_to(target.format(root=project.root))
    assert project.read(link) == found


def test_links_on_the_way_and_chains_of_them_are_followed(project: Project) -> None:
    (project.root / "one").symlink_to("deep")
    (project.root / "two").symlink_to("one/er")
    (project.root / "three.nix").symlink_to("two/x.nix")
    assert project.read("two/x.nix") == project.read("three.nix") == project.read("one/er/../er/x.nix") == b"deep\n"
    assert project.resolve("three.nix") == "deep/er/x.nix"
    assert project.resolve(str(project.root / "two" / "new.nix")) == "deep/er/new.nix"


@pytest.mark.parametrize(
    "target",
    [
        *("{out}/secret", "../../outside/secret", "/proc/self/root{out}/secret", "/proc/self/cwd/devenv.nix"),
        *("deep/../../../outside/secret", "/proc/{pid}/environ", "/dev/zero", "/etc/passwd", "/", "/proc/self/fd/0"),
    ],
)
def test_a_link_that_leaves_is_refused_by_name(project: Project, target: str) -> None:
    (project.root / "a.nix").symlink_to(target.format(out=project.root.parent.parent / "outside", pid=os.getpid()))
    found = refusal(project, "a.nix")
    assert found.code == "outside_root"
    assert "a.nix" in found.message


@pytest.mark.parametrize("name", ["f/secret", "f/devenv.nix", "f/none", "f/../outside/secret", "deep/f/secret"])
def test_a_folder_that_is_a_link_out_shows_nothing(project: Project, name: str) -> None:
    for place in (project.root, project.root / "deep"):
        (place / "f").symlink_to(project.root.parent.parent / "outside")
    assert refusal(project, name).code == "outside_root"
    assert not project.exists(name)


@pytest.mark.parametrize("name", ["../../outside/secret", "/etc/passwd", "deep/../../../outside/secret"])
def test_a_path_that_leaves_is_refused(project: Project, name: str) -> None:
    assert refusal(project, name).code == "outside_root"
    assert not project.exists(name)


def test_links_in_a_circle_are_refused_without_an_internal_error(project: Project) -> None:
    (project.root / "a.nix").symlink_to("b.nix")
    (project.root / "b.nix").symlink_to("a.nix")
    assert refusal(project, "a.nix").code == "unreadable_file"


def test_the_rest_of_the_work_tree_is_read_and_never_written(project: Project) -> None:
    assert project.read("../shared.nix") == b"shared\n"
    with pytest.raises(ProjectError) as caught:
        project.resolve("../shared.nix")
    assert caught.value.code == "outside_root"


def test_without_a_work_tree_reading_ends_at_the_root(project: Project) -> None:
    (project.root.parent / ".git").rmdir()
    assert refusal(project, "../shared.nix").code == "outside_root"


@pytest.mark.parametrize("name", ["../.git/config", "../.git", "x/.git/config", "../deep/.devkeel/state.db"])
def test_what_belongs_to_tools_is_private_in_the_whole_work_tree(project: Project, name: str) -> None:
    assert refusal(project, name).code == "private_directory"


def test_the_nearest_repository_is_the_work_tree(project: Project) -> None:
    assert work_tree(project.root) == project.root.parent
    (project.root / ".git").write_text("gitdir: ../../outside\n[core]\nworktree = /\n")
    assert work_tree(project.root) == project.root


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_repository_of_somebody_else_further_up_is_no_work_tree(project: Project) -> None:
    os.chown(project.root.parent, 12345, 12345)
    assert work_tree(project.root) == project.root


@pytest.mark.parametrize("end", ["deep/er", "pipe", "deep/pipe"])
def test_what_is_no_file_is_refused_behind_a_link_too(project: Project, end: str) -> None:
    os.mkfifo(project.root / "pipe")
    os.mkfifo(project.root / "deep" / "pipe")
    (project.root / "a.nix").symlink_to(end)
    assert refusal(project, "a.nix").code == "not_a_file"


def test_a_directory_that_may_only_be_walked_through_is(project: Project) -> None:
    (project.root / "deep").chmod(0o311)
    assert project.read("deep/er/x.nix") == b"deep\n"


@pytest.mark.races
@pytest.mark.parametrize("what", ["file", "folder", "inner folder"])
def test_what_is_exchanged_with_a_link_while_it_is_read_shows_nothing_outside(project: Project, what: str) -> None:
    outside = project.root.parent.parent / "outside"
    if what == "file":
        place, name, target = project.root, "devenv.nix", outside / "secret"
    elif what == "folder":
        place, name, target = project.root, "deep", outside
    else:
        place, name, target = project.root / "deep", "er", outside
    (place / "other").symlink_to(target)
    read = {"file": "devenv.nix", "folder": "deep/x.nix", "inner folder": "deep/er/x.nix"}[what]
    (project.root / "deep" / "x.nix").write_bytes(b"deep\n")
    seen: dict[object, int] = {}
    with exchanging(place, name, "other"):
        for _ in range(READS):
            try:
                found: object = project.read(read)
            except DevkeelError as error:
                found = error.code
            seen[found] = seen.get(found, 0) + 1
    assert SECRET not in seen
    assert seen.keys() <= {b"inside\n", b"deep\n", None, "outside_root"}
    assert len(seen) > 1, "nothing was exchanged"
