"""What is named with its hash is fetched before an evaluation, where that is allowed, and nothing else ever."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import Unavailable
from devkeel.nix_cli.fetching import literal_sources, locked_source

from ..cold_inputs import Mirror, checked, hash_of, hash_of_bytes, other_hash, pack, unique  # noqa: TID252  (the tests are no installed package)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Path]

nix = pytest.mark.nix


@pytest.fixture
def archive(mirror: Mirror) -> Path:
    """The archive `a.tar.gz` of new content at the host; `file` is there too."""
    text = f'"{unique()}"'
    (mirror.folder / "file").write_text(text)
    pack(mirror.folder / "a.tar.gz", {"default.nix": text, "flake.nix": "{ outputs = _: { }; }"})
    return mirror.folder / "a.tar.gz"


@nix
@pytest.mark.parametrize("kind", ["fetchTarball", "fetchurl"])
def test_a_fetch_with_a_literal_hash_is_fetched_first_and_judged(
    pinned_project: Make, tmp_path: Path, mirror: Mirror, archive: Path, kind: str
) -> None:
    url, asked, folder = mirror
    pinned, name = hash_of(archive, tmp_path), "a.tar.gz"
    if kind == "fetchurl":
        pinned, name = hash_of_bytes((folder / "file").read_bytes()), "file"
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
    pinned_project: Make, tmp_path: Path, mirror: Mirror, archive: Path
) -> None:
    url, asked, _ = mirror
    other = other_hash()
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
    pinned_project: Make, tmp_path: Path, mirror: Mirror, archive: Path, call: str
) -> None:
    url, asked, _ = mirror
    text = call.replace("@", url).replace("HASH", hash_of(archive, tmp_path))
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
    pinned_project: Make, tmp_path: Path, mirror: Mirror, archive: Path
) -> None:
    url, asked, _ = mirror
    root = pinned_project("{ inputs, ... }: { env.A = import inputs.extra; }")
    locking(root, url, hash_of(archive, tmp_path), "extra")
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
    pinned_project: Make, tmp_path: Path, mirror: Mirror, archive: Path
) -> None:
    url, _, _ = mirror
    root = pinned_project("{ inputs, ... }: { env.A = import inputs.extra; }")
    locking(root, url, other_hash(), "extra")
    with pytest.raises(Unavailable) as caught:
        checked(root, level="evaluation")
    assert caught.value.code == "hash_mismatch"
    assert "hash" in caught.value.message.lower()


@nix
def test_an_input_that_is_not_asked_for_is_not_fetched(
    pinned_project: Make, tmp_path: Path, mirror: Mirror, archive: Path
) -> None:
    url, asked, _ = mirror
    root = pinned_project("")
    locking(root, url, hash_of(archive, tmp_path), "extra")
    assert checked(root).ok
    assert asked == []


@nix
def test_devenv_itself_is_not_asked_where_nothing_may_execute(
    pinned_project: Make, devenv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise Unavailable("check_unavailable", "The evaluation cannot run: this test says so.")

    monkeypatch.setattr("devkeel.nix_cli.evaluate.locate_inputs", cannot)
    root = pinned_project("")
    assert "evaluation" not in checked(root, executes=False).ran
    assert devenv.calls() == []
    assert checked(root).judge == "devenv"
    assert devenv.calls() != []
