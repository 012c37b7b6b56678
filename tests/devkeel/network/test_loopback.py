"""What is evaluated reaches nobody: no spelling, at no place, comes to a listener on loopback."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.candidate import stage
from devkeel.catalogue import refresh
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError
from devkeel.nix_cli import confinement

from .listener import Listener
from .spellings import ADDRESSES, FLAKE_INPUTS, SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[..., Path]

pytestmark = pytest.mark.nix
_FEATURES = ("--extra-experimental-features", "nix-command flakes")
_PLAIN = ("nix-instantiate", "--eval", "--option", "download-attempts", "1", "--option", "connect-timeout", "1")
# What differs enough to be tried at every place and in every way.
_FEW = ("fetchurl", "findFile", "fetchGit", "fetchTree tarball", "a builder of a URL", "nix/fetchurl.nix")


@pytest.fixture
def listener() -> Iterator[Listener]:
    opened = Listener()
    yield opened
    opened.close()
    assert opened.heard == [], "an evaluation reached the network"


@pytest.fixture(params=["namespace", "settings"])
def way(request: pytest.FixtureRequest, without: Callable[..., None]) -> str:
    if request.param == "settings":
        without("namespaces")
    elif not (stage.namespaces_work() and confinement.network_is_cut()):
        pytest.skip("this system gives no namespaces to this user")
    return str(request.param)


# A literal address with a hash is fetched before an evaluation where devkeel may execute: these are looked at only.
_PINNED = ("fetchurl with a hash", "fetchTarball with a hash", "fetchGit with a revision", "fetchGit of all refs")


def look(root: Path, name: str = "", **arguments: Any) -> None:
    """Check a project, whatever is found in it; name: the spelling that it has."""
    environment = Environment(root, actor="test", executes=name not in _PINNED)
    with suppress(DevkeelError):
        environment.check(**arguments)
    environment.close()


def body(expression: str) -> str:
    return f'env.A = builtins.seq ({expression}) "a";'


def test_the_listener_hears_what_is_not_confined(tmp_path: Path) -> None:
    heard = {}
    for name in ("fetchurl", "findFile", "fetchGit"):
        opened = Listener()
        text = opened.told(SPELLINGS[name])
        subprocess.run([*_PLAIN, "-"], input=text.encode(), capture_output=True, cwd=tmp_path, check=False, timeout=60)
        opened.close()
        heard[name] = bool(opened.heard)
    assert heard == {"fetchurl": True, "findFile": True, "fetchGit": True}


def test_the_list_is_long_enough() -> None:
    assert len(SPELLINGS) >= 60


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_reaches_a_host(pinned_project: Make, listener: Listener, way: str, name: str) -> None:
    look(pinned_project(listener.told(body(SPELLINGS[name]))), name, level="evaluation")


@pytest.mark.parametrize("host", ADDRESSES)
def test_no_address_reaches_a_host(pinned_project: Make, listener: Listener, way: str, host: str) -> None:
    for number, name in enumerate(("fetchurl", "findFile")):
        root = pinned_project(listener.told(body(SPELLINGS[name]), host), name=f"p{number}")
        look(root, level="evaluation")


def placed(make: Make, expression: str, place: str) -> Path:
    """Return a project that has an expression at a place."""
    module = f"{{ ... }}: {{ {body(expression)} }}"
    if place == "import":
        return make("imports = [ ./more.nix ];", {"more.nix": module})
    if place == "profile":
        return make(f"profiles.ci.module = {{ {body(expression)} }};")
    if place == "local":
        return make("", {"devenv.local.nix": module})
    if place == "argument":
        return make(f'{{ x ? ({expression}), ... }}: {{ env.A = builtins.seq x "a"; }}')
    if place == "imports":
        return make(f"imports = [ ({expression}) ];")
    root = make(
        "", {"part/devenv.nix": module, "in/flake.nix": f"{{ outputs = _: {{ overlays.a = {expression}; }}; }}"}
    )
    with (root / "devenv.yaml").open("a") as handle:
        if place == "inputs file":
            handle.write("imports:\n  - ./part\n")
        else:
            handle.write("  own:\n    url: path:./in\n    overlays:\n      - a\n")
    if place == "overlay":
        lock = json.loads((root / "devenv.lock").read_text())
        node = {"type": "path", "path": "./in"}
        lock["nodes"]["own"] = {"locked": node, "original": node, "parent": []}
        lock["nodes"]["root"]["inputs"]["own"] = "own"
        (root / "devenv.lock").write_text(json.dumps(lock))
    return root


@pytest.mark.parametrize("place", ["import", "profile", "local", "argument", "imports", "inputs file", "overlay"])
@pytest.mark.parametrize("name", _FEW)
def test_no_place_reaches_a_host(pinned_project: Make, listener: Listener, way: str, name: str, place: str) -> None:
    look(placed(pinned_project, listener.told(SPELLINGS[name]), place), level="evaluation")


@pytest.mark.parametrize("name", _FEW)
def test_a_dry_run_reaches_no_host(pinned_project: Make, listener: Listener, way: str, name: str) -> None:
    environment = Environment(pinned_project(listener.told(body(SPELLINGS[name]))), actor="test")
    with suppress(DevkeelError):
        environment.change(parse_edits([{"kind": "set", "path": "env.B", "value": "b"}]), dry_run=True)
    environment.close()


@pytest.mark.parametrize("name", _FEW)
def test_a_build_evaluates_without_a_network(pinned_project: Make, listener: Listener, way: str, name: str) -> None:
    look(pinned_project(listener.told(body(SPELLINGS[name]))), level="build")


_FLAKE = """{
  outputs = { self }: let shell = derivation {
    name = "shell"; system = "x86_64-linux"; builder = "/bin/sh"; A = builtins.seq (@@) "a";
  }; in { devShells = builtins.listToAttrs (map (name: { inherit name; value.default = shell; })
    [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ]); };
}
"""


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_of_a_flake_reaches_a_host(tmp_path: Path, listener: Listener, name: str) -> None:
    (tmp_path / "flake.nix").write_text(listener.told(_FLAKE.replace("@@", SPELLINGS[name])))
    look(tmp_path, name, level="build")


@pytest.mark.parametrize("impure", ["", "devenv.lib.mkShell"])
@pytest.mark.parametrize("name", _FEW)
def test_a_flake_reaches_no_host_in_any_way(
    tmp_path: Path, listener: Listener, way: str, name: str, impure: str
) -> None:
    text = _FLAKE.replace("@@", SPELLINGS[name]) + f"# {impure}\n"
    (tmp_path / "flake.nix").write_text(listener.told(text))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "flake.nix"], cwd=tmp_path, check=True)
    look(tmp_path, level="build")


@pytest.mark.parametrize("kind", FLAKE_INPUTS)
def test_an_input_that_no_lock_pins_is_fetched_by_nobody(
    tmp_path: Path, listener: Listener, way: str, kind: str
) -> None:
    text = f'{{ inputs.a.url = "{FLAKE_INPUTS[kind]}"; {_FLAKE.lstrip("{").replace("{ self }", "{ self, a }")}'
    (tmp_path / "flake.nix").write_text(listener.told(text.replace("@@", "a.x")))
    look(tmp_path, level="build")


@pytest.mark.parametrize("name", _FEW)
def test_reading_the_catalogue_reaches_no_host(tmp_path: Path, listener: Listener, way: str, name: str) -> None:
    nodes = {}
    for each, files in {
        "nixpkgs": {"default.nix": "_: @@", "pkgs/top-level/a": "", "lib/default.nix": "@@", "flake.nix": "@@"},
        "devenv": {"flake.nix": "@@", "src/modules/top-level.nix": "_: @@"},
    }.items():
        source = tmp_path / each / "source"
        for file, text in files.items():
            (source / file).parent.mkdir(parents=True, exist_ok=True)
            (source / file).write_text(text.replace("@@", listener.told(f"builtins.seq ({SPELLINGS[name]}) {{ }}")))
        subprocess.run(["nix-store", "--add-fixed", "--recursive", "sha256", source], check=True, capture_output=True)
        told = ["nix", *_FEATURES, "hash", "path", "--sri", str(source)]
        found = subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()
        nodes[each] = {"locked": {"narHash": found, "rev": "1" * 40, "type": "github"}}
    root = {"inputs": {each: each for each in nodes}}
    refresh.refresh(json.dumps({"version": 7, "root": "root", "nodes": {"root": root, **nodes}}).encode())
