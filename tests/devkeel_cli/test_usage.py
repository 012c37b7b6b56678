"""The verbs for lists, renaming and comments; flags that exclude each other; words that a person can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

SYNTAX = ("--level", "syntax")


def test_lists_are_extended_at_either_end_and_shortened(devkeel: Shell) -> None:
    assert devkeel("append", "cachix.pull", "b", "c", *SYNTAX).code == 0
    assert devkeel("prepend", "cachix.pull", "y", "z", *SYNTAX).code == 0
    assert '[ "y" "z" "b" "c" ]' in " ".join(devkeel.read().split())
    assert devkeel("remove", "--from", "cachix.pull", "y", "c", *SYNTAX).code == 0
    assert '[ "z" "b" ]' in " ".join(devkeel.read().split())


def test_elements_are_read_by_the_type_of_the_elements(devkeel: Shell) -> None:
    assert devkeel("append", "cachix.pull", "3.10", "true", *SYNTAX).code == 0
    assert '"3.10" "true"' in " ".join(devkeel.read().split())
    assert devkeel("append", "imports", "./x.nix", "--nix", *SYNTAX).code == 0
    assert "./x.nix" in devkeel.read()


def test_a_text_gets_a_line(devkeel: Shell) -> None:
    assert devkeel("append", "enterShell", "echo hello", *SYNTAX).code == 0
    assert "echo hello\n" in devkeel.read()


def test_a_definition_is_renamed_and_commented_out_and_back(devkeel: Shell) -> None:
    assert devkeel("rename", "env.APP_PORT", "env.PORT", *SYNTAX).code == 0
    before = devkeel.read()
    assert 'env.PORT = "8000";' in before
    assert devkeel("comment", "env.PORT", *SYNTAX).code == 0
    assert '# env.PORT = "8000";' in devkeel.read()
    assert devkeel("uncomment", "env.PORT", *SYNTAX).code == 0
    assert devkeel.read() == before


def test_packages_go_inside_a_package(devkeel: Shell) -> None:
    devkeel.declaration.write_text("{ pkgs, ... }:\n{\n  packages = [ (pkgs.python3.withPackages (p: [ p.a ])) ];\n}\n")
    assert devkeel("add", "b", "--inside", "python3", *SYNTAX).code == 0
    assert "[ p.a p.b ]" in devkeel.read()
    assert devkeel("remove", "a", "--inside", "python3", *SYNTAX).code == 0
    assert "[ p.b ]" in devkeel.read()


def test_a_module_is_begun_with_create(devkeel: Shell) -> None:
    refused = devkeel("enable", "redis", "--file", "nix/web.nix", *SYNTAX)
    assert refused.code == 1
    assert "--create" in refused.err
    assert "create=true" not in refused.err
    assert devkeel("enable", "redis", "--file", "nix/web.nix", "--create", *SYNTAX).code == 0
    assert "services.redis.enable = true;" in (devkeel.root / "nix" / "web.nix").read_text()


@pytest.mark.parametrize(
    "line",
    [
        ("set", "env.A", "1", "--nix", "--string"),
        ("set", "env.A", "1", "--json-value", "--nix"),
        ("append", "env.A", "1", "--json-value", "--string"),
        ("source", "set", "devenv.nix", "env.A", "1", "--nix", "--string"),
        ("undo", "1", "--redo"),
        ("remove", "git", "--from", "packages", "--inside", "python3"),
        ("remove", "git", "--nix"),
    ],
)
def test_flags_that_exclude_each_other_are_wrong_usage(devkeel: Shell, line: tuple[str, ...]) -> None:
    devkeel("add", "ripgrep", *SYNTAX)
    before = devkeel.read()
    outcome = devkeel(*line, "--json")
    assert outcome.code == 2
    assert outcome.data["error"]["code"] == "bad_usage"
    assert devkeel.read() == before


@pytest.mark.parametrize(("typed", "meant"), [("instal", "install"), ("hisotry", "history"), ("enabel", "enable")])
def test_a_misspelt_verb_is_answered_with_the_nearest(devkeel: Shell, typed: str, meant: str) -> None:
    outcome = devkeel(typed, "--json")
    assert outcome.code == 2
    assert outcome.data["error"]["code"] == "bad_usage"
    assert meant in outcome.data["error"]["alternatives"]


def test_root_may_stand_behind_the_verb(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    root = str(devkeel.root)
    assert devkeel("inspect", "--json", "--root", root).data["root"] == root
    assert devkeel("add", "ripgrep", "--root", root, *SYNTAX).code == 0
    assert devkeel("--root", "/nonexistent", "inspect", "--root", root).code == 0
    assert devkeel("inspect", "--root", "/nonexistent").code == 1


def test_errors_speak_of_verbs_and_flags(devkeel: Shell) -> None:
    devkeel("add", "ripgrep", *SYNTAX)
    devkeel("undo")
    again = devkeel("undo", "1")
    assert again.code == 2
    assert "devkeel undo 2" in again.err
    many = devkeel("patch", "devenv.nix", "--old", "pkgs", "--new", "x")
    assert "--occurrences 3" in many.err
    assert "occurrences=" not in many.err


def test_a_prefix_without_definitions_says_so(devkeel: Shell) -> None:
    outcome = devkeel("inspect", "services.postgrse")
    assert outcome.code == 0
    assert "services.postgres" in outcome.out.partition("Nothing is declared")[2]


def test_every_error_has_a_next_step(devkeel: Shell) -> None:
    lines = [
        ("history", "--limit", "5000"),
        ("patch", "a\nb", "--old", "a", "--new", "b"),
        ("patch", "devenv.nix", "--old", "a"),
        ("check", "--level", "build"),
        ("enable", "redis", "--setting", "port"),
    ]
    for line in lines:
        outcome = devkeel(*line, "--json")
        assert outcome.code != 0
        assert outcome.data["error"]["remedy"]
    (devkeel.root / ".devkeel").write_text("in the way")
    unusable = devkeel("add", "ripgrep", "--json", *SYNTAX)
    assert unusable.code == 7
    assert unusable.data["error"]["remedy"]
