"""What an attempt asked for, in short words: each kind of edit, and verbs without edits."""

from __future__ import annotations

from typing import Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.policy.asked import in_short

EDITS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"kind": "add_packages", "names": ["htop", "jq"]}, ("+htop", "+jq")),
    ({"kind": "remove_packages", "names": ["htop"]}, ("-htop",)),
    ({"kind": "add_library", "language": "python", "names": ["httpx==1.0"]}, ("+python:httpx==1.0",)),
    ({"kind": "set", "path": "a.b", "value": False}, ("a.b = false",)),
    ({"kind": "set", "path": "a.b", "value": None}, ("a.b = null",)),
    ({"kind": "set", "path": "a.b", "expression": "pkgs.jq"}, ("a.b = pkgs.jq",)),
    ({"kind": "unset", "path": "a.b"}, ("-a.b",)),
    ({"kind": "append", "path": "a.b", "value": "x"}, ('a.b += "x"',)),
    ({"kind": "rename", "path": "a.b", "to": "a.c"}, ("a.b -> a.c",)),
    ({"kind": "comment_out", "path": "a.b"}, ("a.b (comment out)",)),
    ({"kind": "enable", "name": "redis"}, ("+redis",)),
    ({"kind": "disable", "name": "redis"}, ("-redis",)),
    ({"kind": "set_input", "name": "nixpkgs", "url": "github:a/b"}, ("nixpkgs = github:a/b",)),
    ({"kind": "replace_text", "old": "a", "new": "b", "file": "x.nix"}, ("replace text in x.nix",)),
]


@pytest.mark.parametrize(("edit", "words"), EDITS, ids=[words[0] for _, words in EDITS])
def test_an_edit_is_told_by_what_it_is_about_and_its_value(edit: dict[str, Any], words: tuple[str, ...]) -> None:
    assert in_short({"edits": parse_edits([edit])}) == words


def test_a_verb_without_edits_is_told_by_its_arguments() -> None:
    assert in_short({"key": "rules.packages.forbid", "value": ["jq"]}) == ('rules.packages.forbid = ["jq"]',)
    assert in_short({"key": "protected", "value": None}) == ("protected",)
    assert in_short({"operation": 7, "redo": True, "reason": "x"}) == ("#7",)
    assert in_short({"action": "renew", "names": ("uv.lock",)}) == ("uv.lock",)
    assert in_short({"operation": None}) == ()


def test_many_and_long_words_are_cut() -> None:
    names = [f"p{n}" for n in range(50)]
    assert len(in_short({"edits": parse_edits([{"kind": "add_packages", "names": names}])})) == 20
    [long] = in_short({"key": "k", "value": "x " * 500})
    assert len(long) == 120
