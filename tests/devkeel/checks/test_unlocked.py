"""An input that is declared and not locked yet refuses nothing: what would lock it needs the file that declares it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.candidate.candidate import Candidate
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed
from devkeel.nix_cli.declared_inputs import unlocked_inputs
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.change.result import ChangeResult

    Make = Callable[..., Path]

RUST: dict[str, Any] = {
    "kind": "set_input",
    "name": "rust-overlay",
    "url": "github:oxalica/rust-overlay",
    "follows": ["nixpkgs"],
    "file": "devenv.yaml",
}
CHANNEL = {"kind": "set", "path": "languages.rust.channel", "value": "stable"}
ENABLE = {"kind": "enable", "name": "rust"}
LEVELS = [None, "syntax", "schema", "evaluation"]


def changed(root: Path, *items: dict[str, Any], level: str | None = None, **more: Any) -> ChangeResult:
    environment = Environment(root, actor="test")
    try:
        return environment.change(parse_edits([*items]), level=level, **more)
    finally:
        environment.close()


def reason(result: ChangeResult) -> str:
    return next((item.reason for item in result.checks.skipped if item.level == "evaluation"), "")


USES = {
    "by-an-option": [RUST, ENABLE, CHANNEL],
    "in-a-package": [RUST, {"kind": "append", "path": "packages", "expression": "inputs.rust-overlay.packages.x"}],
    "as-a-module": [RUST, {"kind": "append", "path": "imports", "expression": "inputs.rust-overlay.devenvModules.x"}],
    "as-an-overlay": [
        RUST,
        {"kind": "set", "path": "overlays", "expression": "[ inputs.rust-overlay.overlays.default ]"},
    ],
    "in-an-assertion": [
        RUST,
        {
            "kind": "set",
            "path": "assertions",
            "expression": '[ { assertion = inputs.rust-overlay.ok; message = "no"; } ]',
        },
    ],
    "in-a-profile": [
        RUST,
        {"kind": "set", "path": "profiles.ci.module.env.A", "expression": "inputs.rust-overlay.rev"},
    ],
    "in-the-inputs-file": [
        RUST,
        {"kind": "append", "path": "imports", "value": "rust-overlay/module", "file": "devenv.yaml"},
    ],
}


@pytest.mark.nix
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("items", USES.values(), ids=USES)
def test_an_input_and_its_use_come_in_one_change(
    pinned_project: Make, items: list[dict[str, Any]], level: str | None
) -> None:
    root = pinned_project("{ pkgs, inputs, ... }:\n{\n  packages = [ ];\n  imports = [ ];\n}\n")
    result = changed(root, *items, level=level)
    assert result.published
    if level in (None, "evaluation"):
        assert "evaluation" not in result.checks.ran
        assert do("lock") in reason(result)
        (told,) = [item for item in result.checks.diagnostics if item.code == "input_not_locked"]
        assert (told.severity, told.subject) == ("warning", "rust-overlay")
        assert told.place is not None
        assert (told.place.file, told.place.line) == ("devenv.yaml", 6)


@pytest.mark.nix
@pytest.mark.parametrize("level", LEVELS)
def test_an_input_that_nothing_uses_is_in_the_way_of_no_check(pinned_project: Make, level: str | None) -> None:
    result = changed(pinned_project("packages = [ pkgs.jq ];"), RUST, level=level)
    assert result.published
    assert result.checks.ran[-1] == (level or "evaluation")
    assert all(item.severity == "warning" for item in result.checks.diagnostics)


@pytest.mark.nix
def test_one_after_the_other_works_too_and_later_edits_are_judged_beside_it(pinned_project: Make) -> None:
    root = pinned_project("packages = [ ];")
    assert changed(root, RUST).published
    assert changed(root, ENABLE, CHANNEL).published
    assert changed(root, {"kind": "add_packages", "names": ["jq"]}).published
    assert changed(root, {"kind": "set", "path": "env.A", "value": "x"}, level="evaluation").published
    for wrong, code in (
        ({"kind": "add_packages", "names": ["ripgrpe"]}, "unknown_package"),
        ({"kind": "set", "path": "services.redis.port", "value": "x"}, "wrong_type"),
        ({"kind": "set", "path": "env.B", "expression": "1 + {}"}, "evaluation_failed"),
    ):
        with pytest.raises(CheckFailed) as caught:
            changed(root, wrong)
        assert caught.value.code == code
    assert changed(root, {"kind": "unset", "path": "languages.rust.channel"}).checks.ran[-1] == "evaluation"


@pytest.mark.nix
def test_an_option_without_its_input_is_refused_with_the_edit_that_leads_out(pinned_project: Make) -> None:
    root = pinned_project("languages.rust.enable = true;")
    with pytest.raises(CheckFailed) as caught:
        changed(root, CHANNEL)
    assert caught.value.code == "missing_input"
    (suggested,) = caught.value.diagnostics[0].suggestions
    assert changed(root, suggested, CHANNEL).published


@pytest.mark.nix
@pytest.mark.parametrize(
    "item",
    [
        {"kind": "set_input", "name": "nixpkgs", "url": "github:cachix/devenv-nixpkgs/rolling", "file": "devenv.yaml"},
        {"kind": "set_input", "name": "devenv", "url": "github:cachix/devenv", "file": "devenv.yaml"},
        {"kind": "remove_input", "name": "devenv", "file": "devenv.yaml"},
        {"kind": "set", "path": "inputs.alias.follows", "value": "nixpkgs", "file": "devenv.yaml"},
        {"kind": "set", "path": "inputs.devenv.inputs.nixpkgs.follows", "value": "nixpkgs", "file": "devenv.yaml"},
    ],
)
def test_an_input_may_be_changed_removed_and_follow_another(pinned_project: Make, item: dict[str, Any]) -> None:
    root = pinned_project("packages = [ ];")
    assert changed(root, item).published
    assert changed(root, {"kind": "add_packages", "names": ["jq"]}).published


@pytest.mark.nix
def test_what_only_another_nixpkgs_has_is_doubted_and_not_refused(pinned_project: Make) -> None:
    root = pinned_project("packages = [ ];")
    item = {"kind": "set_input", "name": "nixpkgs", "url": "github:me/nixpkgs", "file": "devenv.yaml"}
    result = changed(root, item, {"kind": "add_packages", "names": ["ripgrpe"]})
    assert result.published
    assert {item.severity for item in result.checks.diagnostics} == {"warning"}


@pytest.mark.nix
def test_an_input_that_follows_a_locked_one_is_that(pinned_project: Make) -> None:
    root = pinned_project("{ inputs, ... }:\n{\n  env.A = inputs.alias.outPath;\n}\n")
    with (root / "devenv.yaml").open("a") as handle:
        handle.write("  alias:\n    follows: nixpkgs\n")
    environment = Environment(root, actor="test")
    assert environment.check(level="evaluation").ran[-1] == "evaluation"
    environment.close()


@pytest.mark.parametrize(
    ("url", "original", "same"),
    [
        ("github:a/b", {"type": "github", "owner": "a", "repo": "b"}, True),
        ("github:a/c", {"type": "github", "owner": "a", "repo": "b"}, False),
        ("path:/x", {"type": "path", "path": "/x"}, True),
        ("path:/y", {"type": "path", "path": "/x"}, False),
        ("path:./y", {"type": "path", "path": "/x"}, True),
        ("git+https://h/r?ref=m", {"type": "git", "url": "https://h/r", "ref": "m"}, True),
        ("git+https://h/s", {"type": "git", "url": "https://h/r"}, False),
        ("https://h/x.tar.gz", {"type": "tarball", "url": "https://h/x.tar.gz"}, True),
        ("https://h/y.tar.gz", {"type": "tarball", "url": "https://h/x.tar.gz"}, False),
        ("nixpkgs", {"type": "indirect", "id": "nixpkgs"}, True),
    ],
)
def test_a_lock_has_an_input_from_the_place_that_is_declared(url: str, original: dict[str, str], same: bool) -> None:
    lock = {"version": 7, "root": "root", "nodes": {"root": {"inputs": {"x": "x"}}, "x": {"original": original}}}
    files = {"devenv.yaml": f"inputs:\n  x:\n    url: {url}\n".encode()}
    found = unlocked_inputs(Candidate.of(files, {"devenv.lock": json.dumps(lock).encode()}))
    assert found.missing == (() if same else ("x",))
