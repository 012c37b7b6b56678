"""What an agent does in the recordings: three acts that the guard refuses, and their fine neighbours."""

from __future__ import annotations

from typing import Any

__all__ = ["ACTS", "DECLARATION", "FINE", "WRONG"]

DECLARATION = "{ pkgs, ... }:\n{\n  languages.python.enable = true;\n  packages = [ pkgs.git ];\n}\n"
WRONG = DECLARATION.replace("python.enable", "python.enabel").replace("[ pkgs.git ]", "[ pkgs.git pkgs.jq ]")
ACTS: dict[str, dict[str, Any]] = {
    "shell": {"command": "npm i -g typescript"},
    "write": {"content": WRONG},
    "edit": {"old_string": "  languages.python.enable = true;", "new_string": '  languages.python.enable = "yes";'},
}
FINE: dict[str, dict[str, Any]] = {
    "shell": {"command": "npm install && npm test"},
    "write": {"content": DECLARATION.replace("git", "jq")},
    "edit": {"old_string": "  packages = [ pkgs.git ];", "new_string": "  packages = [ pkgs.jq ];"},
}
