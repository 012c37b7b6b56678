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
