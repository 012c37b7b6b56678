"""A suggested edit is told as a command that makes that edit and no other."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import models, parse_edits
from devkeel.errors import UsageError
from devkeel_cli.answers.suggest import as_command

if TYPE_CHECKING:
    from devkeel.edits.base import Edit

    from .conftest import Shell

EDITS: list[dict[str, Any]] = [
    {"kind": "add_packages", "names": ["hello", "inputs.x.packages.default"]},
    {"kind": "add_packages", "names": ["numpy"], "inside": "python3", "file": "a b.nix"},
    {"kind": "remove_packages", "names": ["git"]},
    {"kind": "set", "path": "env.A", "value": "it's"},
    {"kind": "set", "path": "services.redis.port", "value": 6380},
    {"kind": "set", "path": "env.A", "value": None, "file": "devenv.yaml"},
    {"kind": "set", "path": "env.OFFSET", "value": -1, "file": "web.nix"},
    {"kind": "set", "path": "env.A", "expression": "-x"},
    {"kind": "unset", "path": "env.A"},
    {"kind": "append", "path": "cachix.pull", "value": "b"},
    {"kind": "prepend", "path": "imports", "expression": "./a.nix"},
    {"kind": "remove", "path": "cachix.pull", "value": "-a"},
    {"kind": "rename", "path": "env.A", "to": "env.C"},
    {"kind": "comment_out", "path": "env.A"},
    {"kind": "uncomment", "path": "env.B"},
    {"kind": "enable", "name": "postgres", "settings": {"port": 5433, "package": "x"}},
    {"kind": "disable", "name": "redis"},
    {"kind": "set_input", "name": "other", "url": "github:a/b", "follows": ["nixpkgs", "z"]},
    {"kind": "set_input", "name": "other", "follows": ["nixpkgs"]},
    {"kind": "set_input", "name": "other", "url": "github:a/b", "follows": [], "settings": {"flake": False}},
    {"kind": "set_input", "name": "other", "url": "github:a/b", "follows": [], "file": "flake.nix"},
    {"kind": "set_input", "name": "other", "to": "nixos-25.11"},
    {"kind": "follow_input", "name": "other/nixpkgs", "to": "nixpkgs"},
    {"kind": "follow_input", "name": "other/spare", "to": ""},
    {"kind": "pin_input", "name": "nixpkgs"},
    {"kind": "pin_input", "name": "nixpkgs", "to": "0123456789abcdef0123456789abcdef01234567"},
    {"kind": "unpin_input", "name": "nixpkgs", "to": "nixos-unstable"},
    {"kind": "remove_input", "name": "spare"},
    {"kind": "add_library", "language": "python", "names": ["idna>=3"], "group": "dev"},
    {"kind": "remove_library", "language": "python", "names": ["six"], "file": "requirements.txt"},
    {"kind": "replace_text", "old": "--a\n", "new": "it's", "file": "devenv.nix"},
    {"kind": "replace_text", "old": "a", "new": "b", "file": ".envrc", "occurrences": 2, "partial": True},
]


def test_every_kind_is_told_as_a_command() -> None:
    assert {edit["kind"] for edit in EDITS} == set(models())


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit["kind"])
def test_the_command_makes_the_edit(devkeel: Shell, monkeypatch: pytest.MonkeyPatch, edit: dict[str, Any]) -> None:
    caught: list[Edit] = []

    def change(_: Environment, edits: list[Edit], **__: object) -> None:
        caught.extend(edits)
        raise UsageError("bad_usage", "It goes no further here.")

    monkeypatch.setattr(Environment, "change", change)
    words = shlex.split(as_command(edit))
    assert words[0] == "devkeel"
    devkeel(*words[1:])
    assert caught == parse_edits([edit])
