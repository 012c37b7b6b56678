"""What is declared and not installed or made: the command that does it, where the project has it at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.remedies.fix import Fix

PYTHON = '[project]\nname = "orchard"\nversion = "1"\ndependencies = ["pydantic==2.5.3", "numpy==1.21.2"]\n'
OPTIONAL = (
    "Error: Cannot find module @rollup/rollup-linux-x64-gnu. npm has a bug related to optional dependencies. Please "
    "try `npm i` again after removing both package-lock.json and node_modules directory."
)
MANAGED = "error: externally-managed-environment\n\nThis environment is externally managed"


def fixes(root: Path, files: dict[str, str], text: str) -> tuple[Fix, ...]:
    for name, content in files.items():
        (root / name).write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    try:
        return tuple(fix for cause in environment.diagnose(f"{text}\n").causes for fix in cause.fixes)
    finally:
        environment.close()


@pytest.mark.parametrize(
    ("files", "text", "command"),
    [
        ({"package.json": '{"dependencies": {"vite": "^6"}}'}, OPTIONAL, "npm install"),
        ({"package.json": '{"dependencies": {"vite": "^6"}}', "pnpm-lock.yaml": ""}, OPTIONAL, "pnpm install"),
        ({}, MANAGED, "python3 -m venv .venv"),
        (
            {"package.json": '{"devDependencies": {"prisma": "^6"}}'},
            '@prisma/client did not initialize yet. Please run "prisma generate" and try to import it again.',
            "npx prisma generate",
        ),
    ],
)
def test_a_command_is_offered_where_it_is_due(tmp_path: Path, files: dict[str, str], text: str, command: str) -> None:
    assert (fixes(tmp_path, files, text)[0].command or "").endswith(command)


def test_a_managed_python_gets_an_environment_of_the_project(tmp_path: Path) -> None:
    assert fixes(tmp_path, {"pyproject.toml": PYTHON}, MANAGED)[0].call is not None
    (tmp_path / "pyproject.toml").unlink()
    (fix, *_) = fixes(tmp_path, {"devenv.nix": "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n"}, MANAGED)
    assert fix.edits[-1]["path"] == "languages.python.venv.enable"


@pytest.mark.parametrize(
    "text",
    [
        "see docs: prisma generate is run by CI\nAssertionError: x\n1 failed",
        "note: cypress install downloads a browser",
        "run npx puppeteer browsers install chrome",
    ],
)
def test_what_no_manifest_names_is_not_run(tmp_path: Path, text: str) -> None:
    assert not [fix for fix in fixes(tmp_path, {"pyproject.toml": PYTHON}, text) if fix.command]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            (
                "Failed to build `pydantic-core==2.14.6`\n  help: `pydantic-core` (v2.14.6) was included because "
                "`orchard` (v0.1.0) depends\n        on `pydantic` (v2.5.3) which depends on `pydantic-core`"
            ),
            "pydantic>=2.5.3",
        ),
        (
            (
                "This error originates from the build backend, and is likely not a problem with poetry but one with "
                "numpy (1.21.2) not supporting PEP 517 builds."
            ),
            "numpy>=",
        ),
        (
            (
                "#12 1.1 Collecting numpy==1.21.2\n#12 1.2   Downloading numpy-1.21.2.zip (10 MB)\n"
                "#12 1.3   Preparing metadata (pyproject.toml): finished with status 'error'"
            ),
            "numpy>=",
        ),
        (
            "error: metadata-generation-failed\n\nEncountered error while generating package metadata.\n╰─> numpy",
            "numpy>=",
        ),
    ],
)
def test_a_pin_that_is_built_from_source_moves_to_what_comes_built(tmp_path: Path, text: str, name: str) -> None:
    (fix, *_) = fixes(tmp_path, {"pyproject.toml": PYTHON}, text)
    assert fix.edits[0]["names"][0].startswith(name)
