"""Why a variable, a program or a port is there or not; the first place that lacks it says what to do."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from devkeel.inspection.why import Explanation

DECLARATION = """\
{ pkgs, lib, ... }: {
  packages = [ pkgs.git pkgs.jq ];
  env.DATABASE_URL = "postgres://app:hunter2-hunter2@localhost/x";
  env.ONLY_CI = lib.mkIf (builtins.getEnv "CI" != "") "1";
  scripts.deploy.exec = "true";
  languages.rust.enable = true;
  enterShell = ''
    export FROM_HOOK=1
    # export LEFT_OUT=1
  '';
  services.redis = { enable = true; port = 6399; };
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    (tmp_path / ".env").write_text("# secrets\nAPI_KEY=abc-123-abc-123\n")
    (tmp_path / ".envrc").write_text("export FROM_DIRENV=1\n")
    return tmp_path


def why(root: Path, name: str, shell: Mapping[str, str] | None = None, kind: str | None = None) -> Explanation:
    return Environment(root, actor="test").why(name, kind=kind, shell=shell)


def places(found: Explanation, place: str) -> list[tuple[bool | None, str | None, int | None]]:
    return [(item.present, item.file, item.line) for item in found.seen if item.place == place]


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("DATABASE_URL", [(True, "devenv.nix", 3)]),
        ("ONLY_CI", [(True, "devenv.nix", 4)]),
        ("FROM_HOOK", [(True, "devenv.nix", 8)]),
        ("API_KEY", [(False, ".env", 2)]),
        ("FROM_DIRENV", [(False, ".envrc", 1)]),
        ("NOWHERE", [(False, None, None)]),
        ("LEFT_OUT", [(False, None, None)]),
        ("git", [(True, "devenv.nix", 2)]),
        ("deploy", [(True, "devenv.nix", 5)]),
        ("rust", [(True, "devenv.nix", 6)]),
        ("6399", [(True, "devenv.nix", 11)]),
        ("6400", [(False, None, None)]),
    ],
)
def test_the_place_of_the_declaration_is_named(
    root: Path, name: str, declared: list[tuple[bool, str | None, int | None]]
) -> None:
    found = why(root, name, {})
    assert places(found, "declared") == declared
    assert "hunter2" not in str(found)


def test_a_variable_that_only_a_file_beside_the_declaration_has_is_not_called_declared(root: Path) -> None:
    assert why(root, "API_KEY", {}).answer == (
        "API_KEY stands in .env: dotenv.enable is not set, so no environment reads this file."
    )
    (root / "devenv.nix").write_text("{ ... }: { dotenv.enable = true; }\n")
    assert why(root, "API_KEY", {}).answer == "API_KEY is declared, and nothing was applied yet."
    (root / "devenv.nix").write_text('{ ... }: { dotenv.enable = true; dotenv.filename = ".env.local"; }\n')
    (root / ".env.local").write_text("\nOTHER_KEY=abc-123-abc-123\n")
    assert places(why(root, "OTHER_KEY", {}), "declared") == [(True, ".env.local", 2)]
    assert why(root, "API_KEY", {}).answer == (
        "API_KEY stands in .env: dotenv.filename names another file, so no environment reads this file."
    )


def test_a_condition_is_said(root: Path) -> None:
    assert "under the condition" in next(item.text for item in why(root, "ONLY_CI", {}).seen)


def test_a_shell_that_has_what_nothing_declares_is_from_outside(root: Path) -> None:
    found = why(root, "EDITOR_OF_MINE", {"EDITOR_OF_MINE": "vi"})
    assert found.answer.startswith("EDITOR_OF_MINE is from outside")
    assert places(found, "shell") == [(True, None, None)]


def test_no_shell_is_guessed_about_where_there_is_none(root: Path) -> None:
    assert places(why(root, "DATABASE_URL"), "shell") == [(None, None, None)]


def test_a_program_of_the_host_is_not_called_the_environments(root: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "frobnicate"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = why(root, "frobnicate", {"PATH": str(program.parent)})
    assert found.answer == f"frobnicate is not in what was applied; the host has one of its own: {program}."


def test_who_holds_a_port_is_said(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        found = why(root, str(number), {})
    assert found.kind == "port"
    assert f"(PID {os.getpid()})" in found.answer
    assert found.answer.endswith("which is no process of this project. The project does not declare the port.")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("70000", None), ("0", None), ("٣", None), ("a b", None), ("", None), ("A-B", "variable"), ("x/y", None)],
)
def test_what_is_no_name_is_refused(root: Path, name: str, kind: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        why(root, name, {}, kind)
    assert caught.value.code == "bad_name"


def test_looking_makes_nothing(root: Path) -> None:
    before = sorted(root.iterdir())
    why(root, "DATABASE_URL", {})
    assert sorted(root.iterdir()) == before


@pytest.mark.nix
@pytest.mark.usefixtures("offline")
def test_each_step_on_the_way_into_a_shell_is_asked_for(pinned_project: Callable[..., Path]) -> None:
    root = pinned_project('packages = [ pkgs.hello ];\n  env.GREETING = "good-morning";')
    environment = Environment(root, actor="test")
    assert why(root, "GREETING", {}).answer == "GREETING is declared, and nothing was applied yet."
    job = environment.apply()
    assert job.wait(120)
    found = why(root, "GREETING", {})
    assert found.answer == (
        "GREETING is in what was applied; this shell does not have it, because it is not in the environment."
    )
    assert places(found, "applied") == [(True, None, None)]
    entered = {"GREETING": "good-morning", "DEVKEEL_ENVIRONMENT": found.environment}
    assert why(root, "GREETING", entered).answer == "GREETING is in what was applied, and in this shell."
    assert "has another value, because it entered" in why(root, "GREETING", entered | {"GREETING": "old"}).answer
    assert "good-morning" not in str(found)
    program = why(root, "hello", {"PATH": "/nowhere"})
    assert program.answer == "The environment has hello, and this shell finds another or none."
    assert why(root, "hello").answer.startswith("hello is in what was applied: /nix/store/")


def test_without_a_devenv_nix_no_option_of_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("idna\nzope.interface>=5\n")
    (tmp_path / ".env").write_text("API_KEY=abc-123-abc-123\n")
    found = why(tmp_path, "API_KEY", {})
    assert (found.answer, found.next) == ("API_KEY stands in .env: no environment reads it.", None)
    (tmp_path / "Procfile").write_text("web: true\n")
    assert why(tmp_path, "API_KEY", {}).answer == (
        "API_KEY stands in .env: the processes of the Procfile have it, the environment does not."
    )
    assert why(tmp_path, "NOWHERE", {}).next is None


@pytest.mark.parametrize(("name", "line"), [("idna", 1), ("zope-interface", 2), ("interface", None), ("zope", None)])
def test_a_library_of_the_manifest_is_declared(tmp_path: Path, name: str, line: int | None) -> None:
    (tmp_path / "requirements.txt").write_text("idna\nzope.interface>=5\n")
    found = places(why(tmp_path, name, {}), "declared")
    assert found == [(True, "requirements.txt", line) if line else (False, None, None)]
