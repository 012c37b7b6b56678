"""An input of flake.nix moves with its lock, and both are undone together, as Nix itself locks."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits

from .moving import lock, moved

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult

    from .conftest import Place, Repository

pytestmark = pytest.mark.nix
LEAF = "{ outputs = _: { word = 1; }; }"


@pytest.fixture
def inner(place: Place, environment: Environment) -> Repository:
    """Return the input of a flake that is locked; another repository is there to be added."""
    found = place.repository("inner")
    found.commit("flake.nix", LEAF)
    place.repository("extra").commit("flake.nix", '{ inputs.inner.url = "path:/nowhere"; outputs = _: { word = 2; }; }')
    place.write("flake.nix", FLAKE.format(url=found.url))
    assert lock(environment).published
    return found


FLAKE = """\
{{
  # from the work tree
  inputs.inner.url = "{url}";

  outputs = {{ self, inner }}: {{ word = inner.word; }};
}}
"""


def change(environment: Environment, kind: str, name: str, *, dry_run: bool = False, **given: Any) -> ChangeResult:
    return environment.change(parse_edits([{"kind": kind, "name": name, **given}]), dry_run=dry_run)


def both(place: Place) -> tuple[bytes, bytes]:
    return place.read("flake.nix"), place.read("flake.lock")


def nodes(place: Place) -> dict[str, Any]:
    """Return what Nix has locked for the flake as it stands, which it would not have to change."""
    argv = ["nix", "--extra-experimental-features", "nix-command flakes", "flake", "metadata", "--no-update-lock-file"]
    done = subprocess.run([*argv, "--json", f"path:{place.root}"], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(done.stdout)["locks"]["nodes"]
    return found


def test_an_input_is_added_followed_and_removed_with_its_lock(
    place: Place, environment: Environment, inner: Repository
) -> None:
    first = both(place)
    extra = f"git+file://{place.top}/inputs/extra"
    added = change(environment, "set_input", "extra", url=extra, follows=["inner"])
    assert added.files == ("flake.lock", "flake.nix")
    assert b"{ self, inner, extra }:" in place.read("flake.nix")
    assert nodes(place)["extra"]["inputs"] == {"inner": ["inner"]}
    with_extra = both(place)
    removed = change(environment, "remove_input", "extra")
    assert moved(removed) == [("extra", moved(added)[0][2], None)]
    assert both(place) == first
    environment.undo()
    assert both(place) == with_extra
    environment.undo(added.operation)
    assert both(place) == first
    assert inner.path.is_dir()


def test_an_input_is_pinned_unpinned_and_moved_with_its_lock(
    place: Place, environment: Environment, inner: Repository
) -> None:
    first, revision = both(place), inner.git("rev-parse", "HEAD")
    change(environment, "pin_input", "inner")
    assert f'?rev={revision}";'.encode() in place.read("flake.nix")
    assert nodes(place)["inner"]["locked"]["rev"] == revision
    second = inner.commit("flake.nix", "{ outputs = _: { word = 2; }; }")
    assert not lock(environment, "renew", "inner").changed
    pinned = both(place)
    change(environment, "unpin_input", "inner")
    assert place.read("flake.nix") == first[0]
    environment.undo()
    assert both(place) == pinned
    environment.undo(redo=True)
    inner.git("branch", "old", revision)
    here = both(place)
    tried = change(environment, "set_input", "inner", to="old", dry_run=True)
    assert [(item.before, item.after) for item in (tried.locks or ())[0].moves] == [(second, revision[:7])]
    assert all(item.date and item.since for item in (tried.locks or ())[0].moves)
    assert both(place) == here
    change(environment, "set_input", "inner", to="old")
    assert nodes(place)["inner"]["locked"]["rev"] == revision
    assert b"?ref=old" in place.read("flake.nix")
    assert environment.check_locks().ok
