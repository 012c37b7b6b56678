"""A lock file is read as Nix and devenv write it, and nothing of it is trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devkeel.pinned.flake_lock import parse_lock, read_lock

_NODES: dict[str, Any] = {
    "root": {"inputs": {"devenv": "devenv", "nixpkgs": ["devenv", "nixpkgs"]}},
    "devenv": {
        "inputs": {"nixpkgs": "nixpkgs_2"},
        "locked": {"type": "github", "rev": "abc"},
        "original": {"type": "github", "owner": "cachix", "repo": "devenv"},
    },
    "nixpkgs_2": {"locked": "no set"},
}


def lock(nodes: object, **more: object) -> bytes:
    return json.dumps({"nodes": nodes, "root": "root", "version": 7} | more).encode()


def test_what_follows_an_input_is_the_node_of_that_input() -> None:
    found = parse_lock(lock(_NODES))
    assert found.whole
    assert found.own == {"devenv": "devenv", "nixpkgs": ["devenv", "nixpkgs"]}
    assert found.inputs_of("root") == {"devenv": "devenv", "nixpkgs": "nixpkgs_2"}
    assert found.locked("devenv")["rev"] == "abc"
    assert found.original("devenv") == _NODES["devenv"]["original"]


@pytest.mark.parametrize("key", ["nixpkgs_2", "root", "absent", 5, ["devenv"]])
def test_what_a_node_does_not_have_is_not_made_up(key: object) -> None:
    found = parse_lock(lock(_NODES))
    assert (found.locked(key), found.original(key)) == ({}, None)


def test_inputs_that_follow_each_other_are_refused() -> None:
    nodes = {"root": {"inputs": {"a": ["b"], "b": ["a"]}}}
    with pytest.raises(ValueError, match="circle"):
        parse_lock(lock(nodes)).inputs_of("root")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"nodes": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_lock_pins_nothing(data: bytes) -> None:
    assert read_lock(data) is None
    with pytest.raises(ValueError):  # noqa: PT011  (json's own among them)
        parse_lock(data)


@pytest.mark.parametrize("more", [{"root": None}, {"root": []}, {"root": "absent"}, {"root": 1}])
def test_a_lock_without_a_root_has_no_inputs_of_its_own(more: dict[str, object]) -> None:
    found = parse_lock(lock(_NODES, **more))
    assert not found.whole
    assert found.own == {}
