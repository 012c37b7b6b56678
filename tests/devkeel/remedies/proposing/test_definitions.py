"""Definitions that stand against each other: one prevails, two lists become one, one value becomes a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.devkeel.remedies.projects import edits, fixes

if TYPE_CHECKING:
    from pathlib import Path


def _conflict(path: str, value: str) -> str:
    return (
        f"error: The option `{path}' has conflicting definition values:\n       - In `/w/devenv.nix': {value}\n"
        "       - In `/nix/store/0qv5v6hk2ns8z1mly3h5h0nq2wxj2f9h-source/src/modules/services/postgres.nix': 5432\n"
    )


def test_a_value_that_a_service_sets_is_given_to_the_service(tmp_path: Path) -> None:
    declared = '{ ... }:\n\n{\n  services.postgres.enable = true;\n\n  env.PGPORT = "5433";\n}\n'
    first = edits(tmp_path, _conflict("env.PGPORT", '"5433"'), devenv_nix=declared)
    assert [(edit["kind"], edit["path"], edit.get("value")) for edit in first] == [
        ("unset", "env.PGPORT", None),
        ("set", "services.postgres.port", 5433),
    ]


def test_another_value_prevails_or_is_left_out(tmp_path: Path) -> None:
    declared = '{ ... }:\n\n{\n  env.PGHOST = "db";\n}\n'
    first, second = fixes(tmp_path, _conflict("env.PGHOST", '"db"'), devenv_nix=declared)
    assert (first.edits[0]["expression"], second.edits[0]["kind"]) == ('lib.mkForce "db"', "unset")


def test_two_lists_of_one_name_become_one(tmp_path: Path) -> None:
    declared = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n\n  packages = [ pkgs.jq pkgs.git ];\n}\n"
    (fix,) = fixes(tmp_path, "error: attribute 'packages' already defined at /w/devenv.nix:4:3\n", devenv_nix=declared)[
        :1
    ]
    assert fix.diff is not None
    assert "packages = [ pkgs.git pkgs.jq ];" in fix.diff


def test_one_value_becomes_a_list_of_it(tmp_path: Path) -> None:
    text = "error: A definition for option `packages' is not of type `list of package'. Definition values:\n"
    (edit,) = edits(tmp_path, text, devenv_nix="{ pkgs, ... }:\n\n{\n  packages = pkgs.git;\n}\n")
    assert (edit["path"], edit["expression"]) == ("packages", "[ pkgs.git ]")


def test_a_command_is_an_option_of_its_process(tmp_path: Path) -> None:
    text = "error: A definition for option `processes.web' is not of type `submodule'. Definition values:\n"
    (edit,) = edits(tmp_path, text, devenv_nix='{ ... }:\n\n{\n  processes.web = "serve";\n}\n')
    assert edit["new"] == "processes.web.exec = "


def test_a_head_takes_what_else_a_module_is_called_with(tmp_path: Path) -> None:
    text = "error: function 'anonymous lambda' called with unexpected argument 'inputs'\n"
    (edit,) = edits(tmp_path, text, devenv_nix="{ pkgs }:\n{\n  packages = [ pkgs.git ];\n}\n")
    assert edit["new"] == "{ pkgs, ... }:"
