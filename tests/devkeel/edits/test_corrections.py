"""What a refused or rehearsed change suggests, applied as it is told, gives what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed
from devkeel.source import nix

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment

CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kind": "set", "path": "servces.redis.enable", "value": True}, {"services.redis.enable": True}),
    ({"kind": "set", "path": "services.rediss.port", "value": 6380}, {"services.redis.port": 6380}),
    ({"kind": "set", "path": "services.redis.port", "value": "6380"}, {"services.redis.port": 6380}),
    ({"kind": "set", "path": "services.redis", "value": True}, {"services.redis.enable": True}),
    ({"kind": "append", "path": "unsetEnvVar", "value": "X"}, {"unsetEnvVars": ["X"]}),
    (
        {"kind": "enable", "name": "redis", "settings": {"prot": 6380}},
        {"services.redis.enable": True, "services.redis.port": 6380},
    ),
    (
        {"kind": "enable", "name": "services.redsi", "settings": {"port": 6380}},
        {"services.redis.enable": True, "services.redis.port": 6380},
    ),
    (
        {"kind": "enable", "name": "redis", "settings": {"port": "6380", "bind": "::1"}},
        {"services.redis.enable": True, "services.redis.port": 6380, "services.redis.bind": "::1"},
    ),
    (
        {"kind": "replace_text", "old": "packages = [ pkgs.git ];", "new": "packages = [ pkgs.git pkgs.jq ]"},
        {"packages": [nix.Expression("pkgs.git"), nix.Expression("pkgs.jq")]},
    ),
]


@pytest.mark.parametrize(("given", "expected"), CASES, ids=lambda item: str(item)[:60])
def test_a_suggestion_applied_as_it_is_does_all_that_was_asked(
    environment: Environment, root: Path, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = (root / "devenv.nix").read_bytes()
    others = {item.raw for item in nix.Document(before).definitions}
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([given]), level="schema")
    suggested = caught.value.diagnostics[0].suggestions[0]
    assert environment.change(parse_edits([suggested]), level="schema").published
    after = (root / "devenv.nix").read_bytes()
    for path, value in expected.items():
        assert nix.get(after, path) == value
    assert others <= {item.raw for item in nix.Document(after).definitions}


def test_a_rehearsal_suggests_what_to_ask_for(environment: Environment) -> None:
    edits = parse_edits([{"kind": "add_packages", "names": ["jq", "rg"]}])
    found = environment.change(edits, dry_run=True, level="schema").checks.diagnostics
    assert found[0].suggestions[0] == {"kind": "add_packages", "names": ["jq", "ripgrep"]}


def test_an_input_that_follows_what_is_not_there(environment: Environment, root: Path) -> None:
    given = {"kind": "set_input", "name": "foo", "url": "github:a/b", "follows": ["nixpgks"]}
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([given]), level="schema")
    environment.change(parse_edits([caught.value.diagnostics[0].suggestions[0]]), level="schema")
    assert (root / "devenv.yaml").read_text().endswith("    inputs:\n      nixpkgs:\n        follows: nixpkgs\n")
