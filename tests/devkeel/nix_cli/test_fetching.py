"""What is named with its hash is fetched before an evaluation, where that is allowed, and nothing else ever."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import io
import json
import subprocess
import tarfile
import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import Unavailable
from devkeel.nix_cli import fetching
from devkeel.nix_cli.fetching import literal_sources, locked_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.checks.report import CheckReport

    Make = Callable[..., Path]

_FEATURES = ("--extra-experimental-features", "nix-command flakes")
nix = pytest.mark.nix


class Mirror(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and records what was asked."""

    asked: list[str]

    def __init__(self, asked: list[str], *arguments: Any, **others: Any) -> None:
        self.asked = asked
        super().__init__(*arguments, **others)

    def log_message(self, *_: object) -> None:
        """Record the request instead of writing about it."""
        self.asked.append(self.path)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, list[str], Path]]:
    """A host on loopback: its address, what was asked of it, its folder, with `a.tar.gz` and `file` of new content."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    unique = uuid.uuid4().hex
    (folder / "file").write_text(f'"{unique}"')
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        for name, text in {"default.nix": f'"{unique}"', "flake.nix": "{ outputs = _: { }; }"}.items():
            info = tarfile.TarInfo(f"top/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    asked: list[str] = []
    handler = functools.partial(Mirror, asked, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked, folder
        server.shutdown()


@pytest.fixture(autouse=True)
def _nothing_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_failed", {})


def hash_of(folder: Path, tmp_path: Path) -> str:
    """Return the hash of what is in the archive, without the store knowing it."""
    place = tmp_path / "out" / "top"
    place.mkdir(parents=True)
    with tarfile.open(folder / "a.tar.gz") as archive:  # Python 3.11.2 has no `filter` yet
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            (tmp_path / "out" / member.name).write_bytes(content.read())
    told = ["nix", *_FEATURES, "hash", "path", "--sri", str(place)]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()


def checked(root: Path, *, executes: bool = True, level: str | None = None) -> CheckReport:
    environment = Environment(root, actor="test", executes=executes)
    try:
        return environment.check(level=level)
    finally:
        environment.close()


@nix
@pytest.mark.parametrize("kind", ["fetchTarball", "fetchurl"])
def test_a_fetch_with_a_literal_hash_is_fetched_first_and_judged(
    pinned_project: Make, tmp_path: Path, mirror: tuple[str, list[str], Path], kind: str
) -> None:
    url, asked, folder = mirror
    pinned, name = hash_of(folder, tmp_path), "a.tar.gz"
    if kind == "fetchurl":
        digest = hashlib.sha256((folder / "file").read_bytes()).digest()
        pinned, name = f"sha256-{base64.b64encode(digest).decode()}", "file"
    call = f'builtins.{kind} {{ url = "{url}/{name}"; sha256 = "{pinned}"; }}'
    root = pinned_project(f"env.A = import ({call});")
    report = checked(root, executes=False)
    (found,) = report.diagnostics
    assert (found.code, found.severity, found.subject) == ("not_fetched", "warning", f"{url}/{name}")
    assert found.place is not None
    assert (found.place.file, found.place.line) == ("devenv.nix", 3)
    assert report.ok
    assert asked == []
    assert checked(root).diagnostics == ()
    assert asked == [f"/{name}"]
    assert checked(root, executes=False).diagnostics == ()
    assert asked == [f"/{name}"]


@nix
def test_what_has_another_hash_is_not_taken(
    pinned_project: Make, tmp_path: Path, mirror: tuple[str, list[str], Path]
) -> None:
    url, asked, _ = mirror
    other = f"sha256-{base64.b64encode(uuid.uuid4().bytes * 2).decode()}"
    root = pinned_project(f'env.A = import (fetchTarball {{ url = "{url}/a.tar.gz"; sha256 = "{other}"; }});')
    (found,) = checked(root).diagnostics
    assert (found.code, found.severity) == ("not_fetched", "warning")
    assert "hash" in found.message
    assert asked == ["/a.tar.gz"]


@nix
@pytest.mark.parametrize(
    "call",
    [
        'fetchTarball "@/a.tar.gz"',
        'fetchTarball { url = "@/a.tar.gz"; }',
        'fetchTarball { url = "@/a.tar.gz"; sha256 = builtins.substring 0 52 "HASH"; }',
        'fetchTarball { url = "@/" + "a.tar.gz"; sha256 = "HASH"; }',
        'fetchTarball { url = "@/${builtins.readFile ./secret}"; sha256 = "HASH"; }',
        'fetchTarball (builtins.trace "" { url = "@/a.tar.gz"; sha256 = "HASH"; })',
        'let url = "@/a.tar.gz"; in fetchTarball { inherit url; sha256 = "HASH"; }',
        'builtins.fetchGit { url = "@/a.git"; ref = "main"; }',
    ],
)
def test_what_is_computed_or_has_no_hash_is_never_fetched(
    pinned_project: Make, tmp_path: Path, mirror: tuple[str, list[str], Path], call: str
) -> None:
    url, asked, folder = mirror
    text = call.replace("@", url).replace("HASH", hash_of(folder, tmp_path))
    report = checked(pinned_project(f"env.A = import ({text});", {"secret": "s"}))
    assert [(item.code, item.severity) for item in report.diagnostics] == [("evaluation_restricted", "warning")]
    assert asked == []


@pytest.mark.parametrize(
    "text",
    [
        'fetchTarball { url = "file:///etc/passwd"; sha256 = "x"; }',
        'fetchTarball { url = "/etc/passwd"; sha256 = "x"; }',
        'builtins.fetchGit { url = "ssh://-oProxyCommand=x/a"; rev = "' + "1" * 40 + '"; }',
        'builtins.fetchGit { url = "ext::sh -c x"; rev = "' + "1" * 40 + '"; }',
        'builtins.fetchGit { url = "https://example.org/a"; rev = "main"; }',
        'builtins.fetchGit { url = "https://example.org/a"; rev = "' + "1" * 40 + '"; ref = "--upload-pack=x"; }',
        'pkgs.fetchurl { url = "https://example.org/a"; sha256 = "x"; }',
        '"fetchTarball { url = \\"https://example.org\\"; sha256 = \\"x\\"; }"',
    ],
)
def test_other_addresses_are_no_sources(text: str) -> None:
    assert literal_sources({"devenv.nix": f"{{ pkgs, ... }}: {{ env.A = {text}; }}".encode()}) == ()


@pytest.mark.parametrize(
    "locked",
    [
        {"type": "path", "path": "/etc"},
        {"type": "tarball", "url": "file:///etc/passwd"},
        {"type": "git", "url": "file:///srv/a", "rev": "1" * 40},
        {"type": "git", "url": "ext::sh -c x", "rev": "1" * 40},
        {"type": "git", "url": "ssh://-oProxyCommand=x/a", "rev": "1" * 40},
        {"type": "github", "owner": "--a", "repo": "b", "rev": "1" * 40},
        {"type": "indirect", "id": "nixpkgs"},
        {"type": "hg", "url": "https://example.org/a", "rev": "1" * 40},
    ],
)
def test_other_nodes_of_a_lock_are_not_fetched(locked: dict[str, str]) -> None:
    node = {"locked": {"narHash": f"sha256-{base64.b64encode(bytes(32)).decode()}", **locked}}
    assert locked_source("devenv.lock", json.dumps({"nodes": {"a": node}}).encode(), "a") is None


def locking(root: Path, url: str, pinned: str, name: str) -> None:
    """Let an input of the lock be an archive at a host."""
    lock = json.loads((root / "devenv.lock").read_text())
    node = {"type": "tarball", "url": f"{url}/a.tar.gz", "narHash": pinned}
    lock["nodes"][name] = {"locked": node, "original": {"type": "tarball", "url": node["url"]}}
    lock["nodes"]["root"]["inputs"][name] = name
    (root / "devenv.lock").write_text(json.dumps(lock, indent=2))
    with (root / "devenv.yaml").open("a") as handle:
        handle.write(f"  {name}:\n    url: {node['url']}\n")


@nix
def test_an_input_that_the_lock_pins_is_fetched_first_where_that_is_allowed(
    pinned_project: Make, tmp_path: Path, mirror: tuple[str, list[str], Path]
) -> None:
    url, asked, folder = mirror
    root = pinned_project("{ inputs, ... }: { env.A = import inputs.extra; }")
    locking(root, url, hash_of(folder, tmp_path), "extra")
    report = checked(root, executes=False)
    (found,) = (item for item in report.diagnostics if item.code == "not_fetched")
    assert (found.severity, found.subject) == ("info", "extra")
    assert found.place is not None
    lines = (root / "devenv.lock").read_text().splitlines()
    assert (found.place.file, lines[(found.place.line or 0) - 1].strip()) == ("devenv.lock", '"extra": {')
    assert report.ok
    assert "evaluation" not in report.ran
    with pytest.raises(Unavailable) as caught:
        checked(root, executes=False, level="evaluation")
    assert caught.value.code == "not_fetched"
    assert asked == []
    report = checked(root)
    assert report.ran[-1] == "evaluation"
    assert report.diagnostics == ()
    assert asked == ["/a.tar.gz"]


@nix
def test_an_input_with_another_hash_is_told_with_the_reason(
    pinned_project: Make, tmp_path: Path, mirror: tuple[str, list[str], Path]
) -> None:
    url, _, _ = mirror
    root = pinned_project("{ inputs, ... }: { env.A = import inputs.extra; }")
    locking(root, url, f"sha256-{base64.b64encode(uuid.uuid4().bytes * 2).decode()}", "extra")
    with pytest.raises(Unavailable) as caught:
        checked(root, level="evaluation")
    assert caught.value.code == "not_fetched"
    assert "hash" in caught.value.message.lower()


@nix
def test_an_input_that_is_not_asked_for_is_not_fetched(
    pinned_project: Make, tmp_path: Path, mirror: tuple[str, list[str], Path]
) -> None:
    url, asked, folder = mirror
    root = pinned_project("")
    locking(root, url, hash_of(folder, tmp_path), "extra")
    assert checked(root).ok
    assert asked == []


@nix
def test_devenv_itself_is_not_asked_where_nothing_may_execute(
    pinned_project: Make, devenv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise Unavailable("check_unavailable", "The evaluation cannot run: this test says so.")

    monkeypatch.setattr("devkeel.checks.evaluation.locate_inputs", cannot)
    root = pinned_project("")
    assert "evaluation" not in checked(root, executes=False).ran
    assert devenv.calls() == []
    assert checked(root).judge == "devenv"
    assert devenv.calls() != []
