"""A kit that a flake reference names is fetched by Nix where that is allowed, and is believed in nothing either."""

from __future__ import annotations

import json
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.nix_cli.fetched_tree import FetchedTree
from devkeel.templates import references

from ..cold_inputs import FEATURES, other_hash, pack, unique  # noqa: TID252  (the tests are no installed package)
from .kits import HEAD

if TYPE_CHECKING:
    from pathlib import Path

    from ..cold_inputs import Mirror  # noqa: TID252  (the tests are no installed package)

FILES = '[[files]]\npath = "a.txt"\nsource = "a.txt"\n'


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """What Nix is asked for, in place of Nix."""
    found: list[dict[str, Any]] = []

    def fetch_tree(arguments: dict[str, Any], timeout: float) -> FetchedTree:
        found.append(arguments)
        (tmp_path / "tree" / "kits" / "own").mkdir(parents=True, exist_ok=True)
        for folder in (tmp_path / "tree", tmp_path / "tree" / "kits" / "own"):
            (folder / "kit.toml").write_text(HEAD)
        return FetchedTree(tmp_path / "tree", "a" * 40)

    monkeypatch.setattr(references, "fetch_tree", fetch_tree)
    return found


@pytest.mark.parametrize(
    ("source", "arguments"),
    [
        ("github:o/r", {"type": "github", "owner": "o", "repo": "r"}),
        ("github:o/r/main?dir=kits/own", {"type": "github", "owner": "o", "repo": "r", "ref": "main"}),
        (f"gitlab:o/r/{'b' * 40}", {"type": "gitlab", "owner": "o", "repo": "r", "rev": "b" * 40}),
        ("github:o/r?host=git.example.org", {"type": "github", "owner": "o", "repo": "r", "host": "git.example.org"}),
        ("git+https://example.org/r?ref=main", {"type": "git", "url": "https://example.org/r", "ref": "main"}),
        ("https://example.org/a.tar.gz?dir=kits/own", {"type": "tarball", "url": "https://example.org/a.tar.gz"}),
    ],
)
def test_a_reference_is_what_nix_is_asked_for(
    empty: Environment, asked: list[dict[str, Any]], source: str, arguments: dict[str, Any]
) -> None:
    found = empty.template(source)
    assert (asked, found.revision, found.where) == ([arguments], "a" * 40, source)
    made = empty.use_template(source, {}, dry_run=True)
    assert any("a" * 40 in note for note in made.notes)


@pytest.mark.parametrize(
    "source",
    [
        "github:o/r?dir=../other",
        "github:o/r?dir=/etc",
        "github:o/r#kit",
        "github:-o/r",
        "github:o/../r",
        "github:o",
        "github:o/r?url=http://example.org",
        "git+file:///etc",
        "git+https://-upload-pack=x/r",
        "file:///etc/passwd",
        "http://example.org/a.tar.gz",
        "nixpkgs:x",
        "flake:none",
    ],
)
def test_a_reference_of_another_kind_is_refused(empty: Environment, asked: list[dict[str, Any]], source: str) -> None:
    with pytest.raises(DevkeelError) as caught:
        empty.template(source)
    assert (caught.value.code, asked) == ("bad_template_reference", [])


def test_nothing_is_fetched_for_a_caller_who_may_run_nothing(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    environment = Environment(tmp_path, actor="test", executes=False)
    with pytest.raises(DevkeelError) as caught:
        environment.use_template("github:o/r", {})
    assert (caught.value.code, asked) == ("not_offered", [])


@pytest.fixture
def archive(mirror: Mirror) -> Path:
    """An archive on a host on loopback, with a kit that is in no store."""
    files = {"kits/own/kit.toml": HEAD + FILES, "kits/own/a.txt": f"{unique()}\n"}
    pack(mirror.folder / "a.tar.gz", files)
    return mirror.folder / "a.tar.gz"


def flat_hash(archive: Path, scratch: Path) -> str:
    """Return the hash of the tree of an archive with directories in it."""
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            content = opened.extractfile(member)
            assert content is not None
            place = scratch / f"content-{archive.stem}" / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.read())
    return hash_of_folder(scratch / f"content-{archive.stem}" / "top")


def hash_of_folder(folder: Path) -> str:
    line = ["nix", *FEATURES, "hash", "path", "--sri", str(folder)]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.nix
def test_nix_fetches_an_archive_and_holds_it_to_its_hash(
    empty: Environment, mirror: Mirror, archive: Path, tmp_path: Path
) -> None:
    digest = flat_hash(archive, tmp_path)
    wrong = f"{mirror.url}/a.tar.gz?dir=kits/own&narHash={quote(other_hash())}"
    with pytest.raises(DevkeelError) as caught:
        empty.use_template(wrong, {})
    assert caught.value.code == "template_not_fetched"
    made = empty.use_template(f"{mirror.url}/a.tar.gz?dir=kits/own&narHash={quote(digest)}", {})
    assert (made.published, made.files) == (True, ("a.txt",))
    assert "/a.tar.gz" in mirror.asked


@pytest.mark.nix
def test_an_input_that_a_lock_pins_is_fetched_once_and_then_there_for_every_caller(
    mirror: Mirror, archive: Path, tmp_path: Path
) -> None:
    locked = {"type": "tarball", "url": f"{mirror.url}/a.tar.gz", "narHash": flat_hash(archive, tmp_path)}
    nodes = {"root": {"inputs": {"kits": "kits"}}, "kits": {"locked": locked, "original": locked}}
    root = tmp_path / "project"
    root.mkdir()
    (root / "flake.lock").write_text(json.dumps({"nodes": nodes, "root": "root", "version": 7}))
    looking = Environment(root, actor="test", executes=False)
    with pytest.raises(DevkeelError) as caught:
        looking.template("flake:kits?dir=kits/own")
    assert caught.value.code == "not_offered"
    with pytest.raises(DevkeelError) as caught:
        looking.template("flake:kist?dir=kits/own")
    assert caught.value.alternatives == ("kits",)
    assert Environment(root, actor="test").template("flake:kits?dir=kits/own").name == "own"
    assert looking.template("flake:kits?dir=kits/own").name == "own"


@pytest.mark.nix
def test_a_link_in_what_was_fetched_leads_nowhere(empty: Environment, mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "content" / "top").mkdir(parents=True)
    (tmp_path / "content" / "top" / "word").write_text(unique())
    (tmp_path / "content" / "top" / "kit").symlink_to("/etc")
    with tarfile.open(mirror.folder / "b.tar.gz", "w:gz") as opened:
        for name in ("word", "kit"):
            opened.add(tmp_path / "content" / "top" / name, f"top/{name}")
    digest = hash_of_folder(tmp_path / "content" / "top")
    report = empty.validate_template(f"{mirror.url}/b.tar.gz?dir=kit&narHash={quote(digest)}")
    assert (report.ok, report.problems[0].code) == (False, "bad_template")
