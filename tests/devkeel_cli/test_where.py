"""Where a thing is: the command edits the file that holds it, and says of nothing that it is off or gone unread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

SCHEMA = ("--level", "schema")


def test_a_service_of_an_imported_file_is_disabled_there(devkeel: Shell) -> None:
    (devkeel.root / "nix").mkdir()
    (devkeel.root / "nix/db.nix").write_text("{\n  services.postgres.enable = true;\n}\n")
    (devkeel.root / "devenv.nix").write_text("{ ... }:\n{\n  imports = [ ./nix/db.nix ];\n}\n")
    done = devkeel("disable", "postgres", *SCHEMA)
    assert done.code == 0
    assert "nix/db.nix" in done.out
    assert (devkeel.root / "nix/db.nix").read_text() == "{\n  services.postgres.enable = false;\n}\n"
    assert devkeel("inspect", "--json").data["enabled"] == []
    again = devkeel("disable", "postgres", *SCHEMA, "--json").data
    assert not again["changed"]
    assert {"devenv.nix", "nix/db.nix"} <= {*again["looked_at"]["files"]}


@pytest.mark.broken_declaration
def test_an_old_error_does_not_stop_an_edit_beside_it(devkeel: Shell) -> None:
    (devkeel.root / "devenv.nix").write_text("{ imports = [ ./tools.nix ]; }\n")
    (devkeel.root / "tools.nix").write_text("{ pkgs, ... }: {\n  packages = [ pkgs.git ] ++ extra;\n}\n")
    result = devkeel("enable", "redis", "--file", "tools.nix", *SCHEMA, "--json")
    assert result.code == 0
    assert result.data["published"]
    assert [item["code"] for item in result.data["checks"]["diagnostics"]] == ["undefined_variable"]


def test_a_package_that_is_in_another_one_is_found_there(devkeel: Shell) -> None:
    declared = "{ pkgs, ... }: {\n  packages = [ (pkgs.python3.withPackages (ps: [ ps.requests ])) ];\n}\n"
    (devkeel.root / "devenv.nix").write_text(declared)
    said = devkeel("remove", "requests", *SCHEMA).out
    assert "requests is in python3: `devkeel remove requests --inside python3`." in said
    assert devkeel("remove", "requests", "--inside", "python3", *SCHEMA).code == 0
    assert "requests" not in (devkeel.root / "devenv.nix").read_text()
