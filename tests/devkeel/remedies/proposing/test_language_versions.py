"""Another version of a language: in the option that says it, the package that brings it, or a project's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = '[project]\nname = "orchard"\nversion = "0.4.0"\nrequires-python = ">=3.9"\ndependencies = ["httpx"]\n'
OVERLAY = "inputs:\n  go-overlay:\n    url: github:purpleclay/go-overlay\n"


def devenv(lines: str, packages: str = "") -> str:
    return f"{{ pkgs, ... }}:\n\n{{\n  packages = [ pkgs.git{packages} ];\n\n{lines}}}\n"


def first(root: Path, files: dict[str, str], text: str) -> list[dict[str, Any]]:
    for name, content in files.items():
        (root / name).write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    found = environment.diagnose(f"{text}\n")
    environment.close()
    return [*next((fix.edits for cause in found.causes for fix in cause.fixes), ())]


def option(path: str, value: str) -> dict[str, Any]:
    return {"kind": "set", "path": path, "expression": value}


@pytest.mark.parametrize(
    ("lines", "text", "edits"),
    [
        (
            "  languages.python.enable = true;\n  languages.python.package = pkgs.python311;\n",
            (
                "error: The requested interpreter resolved to Python 3.11.15, which is incompatible with the "
                "project's Python"
                " requirement: `>=3.12`"
            ),
            [option("languages.python.package", "pkgs.python312")],
        ),
        (
            "  languages.python.enable = true;\n",
            "ERROR: Package 'orchard' requires a different Python: 3.13.1 not in '>=3.9,<3.13'",
            [option("languages.python.package", "pkgs.python312")],
        ),
        (
            "  languages.javascript.enable = true;\n  languages.javascript.package = pkgs.nodejs_20;\n",
            (
                'error kiosk@1.0.0: The engine "node" is incompatible with this module. Expected version ">=22". '
                'Got "20.2.0"'
            ),
            [option("languages.javascript.package", "pkgs.nodejs_22")],
        ),
        (
            "  languages.java.enable = true;\n  languages.java.jdk.package = pkgs.jdk17;\n",
            "error: release version 21 not supported",
            [option("languages.java.jdk.package", "pkgs.jdk21")],
        ),
        (
            "  languages.java.enable = true;\n",
            "BUG! exception in phase 'semantic analysis': Unsupported class file major version 69",
            [option("languages.java.jdk.package", "pkgs.jdk21")],
        ),
        (
            '  languages.go.enable = true;\n  languages.go.version = "1.24.0";\n',
            "go: go.mod requires go >= 1.25.3 (running go 1.24.0; GOTOOLCHAIN=local)",
            [{"kind": "set", "path": "languages.go.version", "value": "1.25.3"}],
        ),
        (
            '  languages.php.enable = true;\n  languages.php.version = "8.2";\n',
            "    - shop/core requires php ^8.3 -> your php version (8.2.2) does not satisfy that requirement.",
            [{"kind": "set", "path": "languages.php.version", "value": "8.3"}],
        ),
        (
            "",
            "go: go.mod requires go >= 1.24 (running go 1.22.1; GOTOOLCHAIN=local)",
            [{"kind": "enable", "name": "languages.go"}],
        ),
    ],
)
def test_the_option_of_a_language_gets_the_version(
    tmp_path: Path, lines: str, text: str, edits: list[dict[str, Any]]
) -> None:
    assert first(tmp_path, {"devenv.nix": devenv(lines), "devenv.yaml": OVERLAY}, text) == edits


def test_an_overlay_comes_with_the_channel_that_needs_it(tmp_path: Path) -> None:
    text = "error: rustc 1.85.0 is not supported by the following package:\n  x@1 requires rustc 1.90\n"
    edits = first(tmp_path, {"devenv.nix": devenv("  languages.rust.enable = true;\n")}, text)
    assert [(edit["kind"], edit.get("path", edit.get("name"))) for edit in edits] == [
        ("set", "languages.rust.channel"),
        ("set_input", "rust-overlay"),
    ]


def test_a_package_in_the_list_is_exchanged(tmp_path: Path) -> None:
    text = 'npm error notsup Required: {"node":">=22"}\nnpm error notsup Actual:   {"npm":"9","node":"v20.1.0"}'
    edits = first(tmp_path, {"devenv.nix": devenv("", " pkgs.nodejs_20")}, text)
    assert [(edit["kind"], edit["names"]) for edit in edits] == [
        ("remove_packages", ["nodejs_20"]),
        ("add_packages", ["nodejs_22"]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "ERROR: Package 'orchard' requires a different Python: 3.9.18 not in '>=3.11'",
        (
            "error: The Python request from `.python-version` resolved to Python 3.9.18, which is incompatible with the"
            " project's Python requirement: `>=3.11`"
        ),
        "ImportError: cannot import name 'StrEnum' from 'enum' (/usr/lib/python3.10/enum.py)",
    ],
)
def test_without_nix_the_project_s_own_files_say_the_python(tmp_path: Path, text: str) -> None:
    files = {"pyproject.toml": PYPROJECT, ".python-version": "3.9\n"}
    expected = {"kind": "enable", "name": "languages.python", "settings": {"version": "3.11"}}
    assert first(tmp_path, files, text) == [expected]


def test_a_range_that_is_too_wide_is_narrowed(tmp_path: Path) -> None:
    text = "Because the requested Python version (>=3.9) does not satisfy Python>=3.10 and networkx==3.4 depends on"
    (edit,) = first(tmp_path, {"pyproject.toml": PYPROJECT}, text)
    assert edit["new"] == 'requires-python = ">=3.10"'


def test_without_nix_what_brings_another_language_is_said(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "kiosk"}\n', "utf-8")
    environment = Environment(tmp_path, actor="test")
    found = environment.diagnose('npm error notsup Required: {"node":">=22"}\n')
    environment.close()
    (cause,) = found.causes
    assert cause.fixes == ()
    assert cause.advice is not None
