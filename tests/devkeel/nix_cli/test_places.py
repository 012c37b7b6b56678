"""What a lock or devenv.yaml names on this machine is read only beneath the project's Git work tree."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devkeel.api import Environment
from devkeel.candidate.candidate import Candidate
from devkeel.errors import DevkeelError, Unavailable
from devkeel.nix_cli.archive import copied_if
from devkeel.nix_cli.locked_inputs import locate_inputs
from devkeel.nix_cli.places import leaving_inputs, local_path, require_beneath

OTHER = "sha256-" + "A" * 43 + "="


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with keys, a Git work tree `tree` with a project, and a directory beside the project in the tree."""
    home = tmp_path.resolve()
    for folder in (".ssh", "tree/.git", "tree/project/inner", "tree/beside"):
        (home / folder).mkdir(parents=True)
    (home / ".ssh" / "id").write_text("the key\n")
    (home / ".ssh" / "id").chmod(0o600)
    for folder in ("tree/project/inner", "tree/beside"):
        (home / folder / "x.nix").write_text("{ }\n")
        (home / folder / "run").write_text("#!/bin/sh\n")
        (home / folder / "run").chmod(0o755)
        (home / folder / "link").symlink_to("../nowhere")
    (home / "tree" / "project" / "devenv.nix").write_text("{ }\n")
    return home


def lock(**nodes: Any) -> bytes:
    every = {name: {"locked": node} for name, node in nodes.items()}
    return json.dumps({"version": 7, "root": "root", "nodes": {"root": {"inputs": {}}, **every}}).encode()


def stored() -> set[str]:
    return set(os.listdir("/nix/store"))  # noqa: PTH208


def taken_since(before: set[str]) -> set[str]:
    """Return what came into the store of the user's: the key, or a directory that leads to it; not of other tests."""
    return {name for name in stored() - before if name.endswith("-source") and is_of_user(Path("/nix/store", name))}


def is_of_user(path: Path) -> bool:
    if path.is_file():
        return path.read_bytes() == b"the key\n"
    return bool({item.name for item in path.iterdir()} & {"id", ".ssh", "tree", "passwd", "etc"})


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("path:/srv/x/.ssh", "/srv/x/.ssh"),
        ("path:./sub?dir=a", "./sub"),
        ("path:sub", "sub"),
        ("/srv/x", "/srv/x"),
        ("../x", "../x"),
        ("~/x", "~/x"),
        ("git+file:///srv/x/repo?ref=main", "/srv/x/repo"),
        ("git+file:/srv/x", "/srv/x"),
        ("git+file://localhost/srv/x", "/srv/x"),
        ("hg+file:///srv/x", "/srv/x"),
        ("file:///srv/x/key", "/srv/x/key"),
        ("file+file:///srv/x/key", "/srv/x/key"),
        ("tarball+file:///srv/x.tgz", "/srv/x.tgz"),
        ("tarball:file:///srv/x.tgz", "/srv/x.tgz"),
        ("FILE:///srv/x", "/srv/x"),
        ("path:/srv/%78", "/srv/x"),
        ({"type": "path", "path": "/srv/x"}, "/srv/x"),
        ({"type": "git", "url": "file:///srv/x"}, "/srv/x"),
        ({"type": "git", "url": "/srv/x"}, "/srv/x"),
        ({"type": "git", "url": "srv/x"}, "srv/x"),
        ({"type": "tarball", "url": "file:///srv/x.tgz"}, "/srv/x.tgz"),
        ("github:NixOS/nixpkgs", None),
        ("git+https://example.org/a.git", None),
        ("git+ssh://git@example.org/a.git", None),
        ("https://example.org/a.tgz", None),
        ("nixpkgs/unstable", None),
        ({"type": "github", "owner": "a", "repo": "b"}, None),
        ({"type": "git", "url": "ssh://git@example.org/a"}, None),
        ({"type": "git", "url": "git@example.org:a/b.git"}, None),
        (None, None),
    ],
)
def test_a_reference_means_a_place_of_this_machine_or_none(reference: object, path: str | None) -> None:
    assert local_path(reference) == path


def test_inputs_and_imports_that_leave_the_work_tree_are_named(home: Path) -> None:
    root = home / "tree" / "project"
    (root / "away").symlink_to(home / ".ssh")
    data = lock(
        keys={"type": "path", "path": str(home / ".ssh")},
        up={"type": "path", "path": "../../.ssh"},
        away={"type": "path", "path": "./away"},
        repo={"type": "git", "url": f"file://{home}/.ssh", "narHash": OTHER},
        inner={"type": "path", "path": "./inner"},
        beside={"type": "path", "path": str(home / "tree" / "beside")},
        far={"type": "github", "narHash": OTHER},
    )
    urls = {"a": f"path:{home}/.ssh", "b": "path:../beside", "c": "github:a/b"}
    imports = ("./inner", "/etc", "path:../../x", "../beside", "input/sub")
    found = leaving_inputs(root, data, urls, imports)
    assert [name for name, _ in found] == ["keys", "up", "away", "repo", "a", "imports", "imports"]
    subject = Candidate.of({"devenv.yaml": f"imports: [{home}/.ssh]\n".encode()}, root=root)
    with pytest.raises(Unavailable) as caught:
        require_beneath(subject, None)
    assert caught.value.code == "check_unavailable"
    assert str(home / ".ssh") in caught.value.message


@pytest.mark.nix
@pytest.mark.parametrize(
    "path", ["{home}/.ssh", "../../.ssh", "./away", "{home}", "/", "/etc", "./away/id", "inner/../../.."]
)
@pytest.mark.parametrize("hashed", [True, False])
def test_a_lock_brings_nothing_of_the_user_into_the_store(home: Path, path: str, hashed: bool) -> None:
    root = home / "tree" / "project"
    (root / "away").symlink_to(home / ".ssh")
    node = {"type": "path", "path": path.format(home=home), **({"narHash": OTHER} if hashed else {})}
    (root / "devenv.lock").write_bytes(
        json.dumps(
            {
                "version": 7,
                "root": "root",
                "nodes": {
                    "root": {"inputs": {"devenv": "devenv", "nixpkgs": "nixpkgs"}},
                    "devenv": {"locked": node},
                    "nixpkgs": {"locked": node},
                },
            }
        ).encode()
    )
    before, environment = stored(), Environment(root, actor="test")
    for call in (lambda: environment.check(level="evaluation"), environment.inspect, lambda: environment.search("git")):
        try:
            call()
        except DevkeelError as error:
            assert error.code in ("check_unavailable", "outside_root")
    environment.close()
    assert taken_since(before) == set()


@pytest.mark.nix
def test_a_directory_of_the_work_tree_is_taken_in_when_its_hash_is_right_and_only_then(home: Path) -> None:
    root, beside = home / "tree" / "project", home / "tree" / "beside"
    (beside / "own").write_text(str(home))
    told = subprocess.run(
        ["nix", "--extra-experimental-features", "nix-command", "hash", "path", str(beside)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    wrong = {"type": "path", "path": str(beside), "narHash": OTHER}
    right = {"type": "path", "path": str(beside), "narHash": told}
    for node, found in ((wrong, False), (right, True)):
        with pytest.raises(Unavailable) as caught:
            locate_inputs(_pinning(node, root), root)
        assert "pins no nixpkgs" in caught.value.message if found else "does not have" in caught.value.message


def _pinning(node: dict[str, Any], root: Path) -> bytes:
    nodes = {"root": {"inputs": {"devenv": "devenv"}}, "devenv": {"locked": node}}
    return json.dumps({"version": 7, "root": "root", "nodes": nodes, "of": str(root)}).encode()


@pytest.mark.nix
def test_the_private_copy_is_what_nix_would_hash(home: Path) -> None:
    beside = home / "tree" / "beside"
    (beside / "empty").mkdir()
    (beside / "name with ä").write_bytes(b"12345678" * 3)
    command = ["nix", "--extra-experimental-features", "nix-command", "hash", "path", str(beside)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    with copied_if(home / "tree", ("beside",), told) as copy:
        assert copy is not None
        again = subprocess.run([*command[:-1], str(copy)], check=True, capture_output=True, text=True).stdout.strip()
        assert again == told
        assert copy.stat().st_mode & 0o077 == 0 or copy.parent.stat().st_mode & 0o077 == 0
    assert not copy.exists()
    with copied_if(home / "tree", ("beside",), OTHER) as nothing:
        assert nothing is None


@pytest.mark.parametrize("what", ["pipe", "large", "deep"])
def test_what_is_no_source_is_not_copied(home: Path, what: str) -> None:
    place = home / "tree" / "beside"
    if what == "pipe":
        os.mkfifo(place / "pipe")
    elif what == "large":
        with (place / "large").open("wb") as file:
            file.truncate(1 << 40)
    else:
        for _ in range(80):
            place = place / "d"
            place.mkdir()
    with pytest.raises(OSError, match=r"more than|large|deep"), copied_if(home / "tree", ("beside",), OTHER):
        pass


@pytest.mark.nix
@pytest.mark.parametrize("where", ["lock", "text"])
def test_a_check_of_a_flake_copies_no_directory_of_the_user(home: Path, where: str) -> None:
    root = home / "tree" / "project"
    (root / "devenv.nix").unlink()
    url = "path:./inner" if where == "lock" else f"path:{home}/.ssh"
    (root / "flake.nix").write_text(f'{{ inputs.a = {{ url = "{url}"; flake = false; }}; outputs = _: {{ }}; }}\n')
    (root / "flake.lock").write_bytes(lock(a={"type": "path", "path": str(home / ".ssh"), "narHash": OTHER}))
    before, environment = stored(), Environment(root, actor="test")
    with pytest.raises(Unavailable) as caught:
        environment.check(level="build")
    environment.close()
    assert caught.value.code == "check_unavailable"
    assert str(home / ".ssh") in caught.value.message
    assert taken_since(before) == set()
