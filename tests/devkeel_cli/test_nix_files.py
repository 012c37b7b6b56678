"""What a Nix file is, and how an edit reads it, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Shell

SCHEMA = ("--level", "schema")


def test_a_line_is_appended_between_tabs_and_in_a_file_with_crlf(devkeel: Shell) -> None:
    devkeel.declaration.write_bytes(b"{ pkgs, ... }:\n{\n\tenterShell = ''\n\t\techo hi\n\t'';\n}\n")
    assert devkeel("append", "enterShell", "echo bye", *SCHEMA).code == 0
    assert b"\t\techo hi\n\t\techo bye\n\t'';\n" in devkeel.declaration.read_bytes()
    devkeel.declaration.write_bytes(b"{ pkgs, ... }:\r\n{\r\n  enterShell = ''\r\n    echo hi\r\n  '';\r\n}\r\n")
    assert devkeel("append", "enterShell", "echo bye", *SCHEMA).code == 0
    assert b"    echo hi\r\n    echo bye\r\n  '';\r\n" in devkeel.declaration.read_bytes()


def test_a_computed_name_that_cannot_be_the_option_is_not_in_the_way(devkeel: Shell) -> None:
    devkeel.declaration.write_text('{ pkgs, ... }:\nlet p = "web"; in\n{\n  env."URL_${p}" = "x";\n}\n')
    assert devkeel("set", "env.DEBUG", "1", *SCHEMA).code == 0
    assert "env.DEBUG = 1;" in devkeel.declaration.read_text()


def test_a_package_goes_into_the_list_that_a_search_path_is_made_of(devkeel: Shell) -> None:
    path = "env.LD_LIBRARY_PATH"
    devkeel.declaration.write_text(f"{{ pkgs, lib, ... }}:\n{{\n  {path} = lib.makeLibraryPath [ pkgs.zlib ];\n}}\n")
    assert devkeel("append", path, "--nix", "pkgs.libGL", *SCHEMA).code == 0
    assert "makeLibraryPath [ pkgs.zlib pkgs.libGL ];" in devkeel.declaration.read_text()
    devkeel.declaration.write_text(f"{{ pkgs, lib, ... }}:\n{{\n  {path} = lib.concatMapStrings toString [ 1 ];\n}}\n")
    refused = devkeel("append", path, "--nix", "pkgs.libGL", *SCHEMA)
    assert "opaque_value" in refused.err


def test_the_type_of_an_option_says_that_a_name_is_a_list(devkeel: Shell) -> None:
    devkeel.declaration.write_text("{ mine, ... }:\n{\n  unsetEnvVars = mine;\n  env.X = mine;\n}\n")
    assert devkeel("append", "unsetEnvVars", "A", *SCHEMA).code == 0
    assert 'unsetEnvVars = mine ++ [ "A" ];' in devkeel.declaration.read_text()
    assert "opaque_value" in devkeel("append", "env.X", "A", *SCHEMA).err


def test_a_flake_is_no_module(devkeel: Shell) -> None:
    flake = '{\n  inputs.x.url = "path:./x";\n  outputs = { self, x }: { a = 1; };\n}\n'
    (devkeel.root / "flake.nix").write_text(flake)
    # Packages go to a development shell, which this flake has none of; options are those of devenv's modules.
    for line, code in {
        ("add", "jq"): "not_found",
        ("remove", "jq"): "not_found",
        ("enable", "redis"): "not_a_devenv_module",
        ("set", "env.X", "1"): "not_a_devenv_module",
        ("unset", "inputs"): "not_a_devenv_module",
    }.items():
        refused = devkeel(*line, "--file", "flake.nix", *SCHEMA)
        assert refused.code
        assert f"[{code}]" in refused.err
    devkeel.declaration.unlink()  # what declares another backend's environment is no module either
    assert "[not_a_devenv_module]" in devkeel("enable", "redis", "--file", "flake.nix", *SCHEMA).err
    assert (devkeel.root / "flake.nix").read_text() == flake


def test_a_package_is_named_as_the_file_names_it(devkeel: Shell) -> None:
    head = "{ pkgs, inputs, ... }:\nlet\n  pkgs-unstable = import inputs.nixpkgs-unstable { };\nin\n"
    devkeel.declaration.write_text(f"{head}{{\n  packages = [ pkgs.git pkgs-unstable.ruff ];\n}}\n")
    assert devkeel("add", "pkgs-unstable.uv", *SCHEMA).code == 0
    assert "[ pkgs.git pkgs-unstable.ruff pkgs-unstable.uv ]" in devkeel.declaration.read_text()
    assert devkeel("remove", "pkgs-unstable.ruff", *SCHEMA).code == 0
    assert "[ pkgs.git pkgs-unstable.uv ]" in devkeel.declaration.read_text()
    again = devkeel("add", "git", "pkgs-unstable.uv", *SCHEMA)
    assert "nothing to do" in again.out + again.err


def test_a_package_under_attr_values_is_there(devkeel: Shell) -> None:
    devkeel.declaration.write_text(
        "{ pkgs, ... }:\n{\n  packages = builtins.attrValues {\n    inherit (pkgs) git jq;\n  };\n}\n"
    )
    before = devkeel.declaration.read_bytes()
    told = devkeel("add", "git", *SCHEMA)
    assert told.code == 0
    assert "line 4" in told.out + told.err
    assert devkeel.declaration.read_bytes() == before


def test_a_package_goes_where_its_name_is_known(devkeel: Shell) -> None:
    devkeel.declaration.write_text("{ pkgs, ... }:\n{\n  imports = [ ./py.nix ];\n  packages = [ pkgs.git ];\n}\n")
    head = "{ inputs, ... }:\nlet\n  unstable = import inputs.unstable { };\nin\n"
    (devkeel.root / "py.nix").write_text(f"{head}{{\n  packages = [ unstable.ruff ];\n}}\n")
    assert devkeel("add", "unstable.uv", "jq", *SCHEMA).code == 0
    assert "[ unstable.ruff unstable.uv ]" in (devkeel.root / "py.nix").read_text()
    assert "[ pkgs.git pkgs.jq ]" in devkeel.declaration.read_text()
    assert devkeel("remove", "unstable.uv", *SCHEMA).code == 0
    assert "[ unstable.ruff ]" in (devkeel.root / "py.nix").read_text()
