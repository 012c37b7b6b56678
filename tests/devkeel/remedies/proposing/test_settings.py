"""A setting of the environment that a program looks for: in devenv as an option, else as its own project has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

LEGACY = (
    "Error: error:0308010C:digital envelope routines::unsupported\n    at new Hash (node:internal/crypto/hash:79:19)"
)
PACKAGE = '{\n  "name": "oldmill",\n  "scripts": {\n    "build": "webpack --mode production"\n  }\n}\n'


def devenv(lines: str) -> str:
    return f"{{ pkgs, ... }}:\n\n{{\n  packages = [ pkgs.git ];\n\n{lines}}}\n"


def first(root: Path, files: dict[str, str], text: str) -> list[dict[str, Any]]:
    for name, content in files.items():
        (root / name).write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    found = environment.diagnose(f"{text}\n")
    environment.close()
    return [*next((fix.edits for cause in found.causes for fix in cause.fixes), ())]


@pytest.mark.parametrize(
    ("lines", "text", "path"),
    [
        (
            "  languages.java.enable = true;\n  languages.java.jdk.package = pkgs.jdk21_headless;\n",
            "java.awt.HeadlessException: \nor no headful library support was found,",
            "languages.java.jdk.package",
        ),
    ],
)
def test_the_option_is_set(tmp_path: Path, lines: str, text: str, path: str) -> None:
    edits = first(tmp_path, {"devenv.nix": devenv(lines)}, text)
    assert [edit["path"] for edit in edits] == [path]


def test_without_devenv_the_script_that_failed_sets_it(tmp_path: Path) -> None:
    text = f"> oldmill@0.9.0 build\n> webpack --mode production\n\n{LEGACY}"
    (edit,) = first(tmp_path, {"package.json": PACKAGE}, text)
    assert (edit["old"], edit["file"]) == ('"webpack --mode production"', "package.json")
    assert "--openssl-legacy-provider webpack" in edit["new"]
