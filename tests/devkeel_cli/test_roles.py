"""The command in a role: `--role`, `DEVKEEL_ROLE` and `[callers].command` narrow it, and nothing widens it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel_cli.run import run

if TYPE_CHECKING:
    from pathlib import Path

ROLES = """\
[roles.reviewer]
permissions = ["read"]
[roles.editor]
permissions = ["read", "write"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n")
    (tmp_path / "devkeel.toml").write_text(ROLES)
    return tmp_path


def refusal(root: Path, capfd: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capfd.readouterr()
    assert run(["--root", str(root), *words, "--json"]) == 1
    error: dict[str, Any] = json.loads(capfd.readouterr().out)["error"]
    return error


def done(root: Path, *words: str) -> bool:
    return run(["--root", str(root), *words]) == 0


@pytest.mark.parametrize("before", [True, False], ids=["before the verb", "behind it"])
def test_an_option_narrows_what_the_command_does(root: Path, capfd: pytest.CaptureFixture[str], before: bool) -> None:
    role, add = ["--role", "reviewer"], ["add", "hello", "--level", "syntax"]
    error = refusal(root, capfd, *(role + add if before else add + role))
    assert (error["code"], error["details"]["lacks"], error["details"]["role"]) == (
        "permission_denied",
        ["write"],
        "reviewer",
    )
    assert error["place"] == {"file": "devkeel.toml", "line": 2}
    assert done(root, *role, "add", "hello", "--level", "syntax", "--dry-run")
    assert done(root, *add)


def test_roles_that_are_given_twice_hold_both(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVKEEL_ROLE", "reviewer")
    assert refusal(root, capfd, "--role", "editor", "unset", "packages")["details"]["given_by"] == "DEVKEEL_ROLE"
    assert refusal(root, capfd, "unset", "packages")["code"] == "permission_denied"
    monkeypatch.delenv("DEVKEEL_ROLE")
    assert refusal(root, capfd, "--role", "editor", "run", "true", "--role", "reviewer")["details"]["role"] == "editor"


def test_people_have_the_role_that_the_project_gives_the_command(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "devkeel.toml").write_text(f'{ROLES}[callers]\ndefault = "reviewer"\n')
    assert done(root, "add", "hello", "--level", "syntax")
    (root / "devkeel.toml").write_text(f'{ROLES}[callers]\ncommand = "editor"\n')
    assert done(root, "add", "fd", "--level", "syntax")
    error = refusal(root, capfd, "run", "true")
    assert (error["details"]["given_by"], error["details"]["role"]) == ("callers.command", "editor")
    assert refusal(root, capfd, "--role", "reviewer", "add", "jq")["details"]["lacks"] == ["write"]


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_role_that_is_not_there_refuses_with_the_nearest(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "variable":
        monkeypatch.setenv("DEVKEEL_ROLE", "reviwer")
    role = ["--role", "reviwer"] if by == "option" else []
    for words in (["inspect"], ["add", "hello"], ["history"], ["env", "list"]):
        error = refusal(root, capfd, *role, *words)
        assert (error["code"], error["alternatives"][0]) == ("unknown_role", "reviewer")
    (root / "devkeel.toml").unlink()
    assert refusal(root, capfd, *role, "inspect")["code"] == "unknown_role"


def test_an_empty_role_is_one_that_is_not_there(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVKEEL_ROLE", "")
    assert refusal(root, capfd, "inspect")["code"] == "unknown_role"


def test_settings_that_cannot_be_read_allow_only_looking(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "devkeel.toml").write_text("[roles\n")
    assert done(root, "search", "ripgrep")
    capfd.readouterr()
    for words in (["add", "hello"], ["run", "true"], ["install", "--host", "claude-code", "--write"]):
        assert refusal(root, capfd, *words)["code"] == "bad_settings"


@pytest.mark.parametrize("broken", ["[roles\n", "level = 3\n", '[callers]\ncommand = "gone"\n', "rules = 3\n"])
def test_who_looks_is_told_that_the_settings_cannot_be_used(
    root: Path, capfd: pytest.CaptureFixture[str], broken: str
) -> None:
    assert done(root, "add", "hello", "--level", "syntax")
    (root / "devkeel.toml").write_text(broken)
    for words in (["inspect"], ["history"], ["diff"], ["policy", "show"], ["history", "verify"], ["report"]):
        capfd.readouterr()
        assert done(root, *words, "--json")
        told = capfd.readouterr()
        assert json.loads(told.out)
        assert "devkeel.toml" in told.err
    assert run(["--root", str(root), "check", "--json"]) == 3
    assert "bad_settings" in [item["code"] for item in json.loads(capfd.readouterr().out)["diagnostics"]]
    for words in (["undo"], ["apply"], ["gate"]):
        assert refusal(root, capfd, *words)["code"] == "bad_settings"


def test_what_is_written_beside_the_library_is_judged_too(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "devkeel.toml").write_text(f'{ROLES}[callers]\ncommand = "reviewer"\n')
    other = root / "other.nix"
    other.write_text("{ a = 1; }\n")
    for words in (
        ["source", "set", str(other), "a", "2"],
        ["install", "--host", "claude-code", "--write"],
        ["env", "create", "dev"],
    ):
        assert refusal(root, capfd, *words)["code"] == "permission_denied"
    assert other.read_text() == "{ a = 1; }\n"
    assert done(root, "source", "set", str(other), "a", "2", "--dry-run")
    assert done(root, "source", "get", str(other), "a")


def test_the_policy_is_shown_explained_and_validated(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def told(*words: str) -> Any:
        capfd.readouterr()
        code = run(["--root", str(root), "policy", *words, "--json"])
        return code, json.loads(capfd.readouterr().out)

    assert told("show", "--role", "reviewer")[1]["permissions"] == ["read"]
    code, calls = told("explain", "add", "run", "--role", "editor")
    assert code == 1
    plain = {item["action"]: item["allowed"] for item in calls["calls"] if "argument" not in item}
    assert plain == {"change": True, "run": False, "call": False}
    assert told("explain", "inspect", "--role", "editor")[0] == 0
    for tool, verb in (("add_library", "library"), ("edit_environment", "add"), ("verify_history", "verify_history")):
        assert told("explain", tool)[1] == told("explain", verb)[1]
    assert told("validate")[0] == 0
    (root / "devkeel.toml").write_text('[roles.a]\npermissions = ["write"]\n')
    code, report = told("validate")
    assert (code, report["diagnostics"][0]["code"]) == (3, "role_without_read")
    assert done(root, "policy", "show")
    assert done(root, "policy", "explain", "add")
