"""The built-in templates are at home in projects of many kinds: what is there stays, and twice changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.templates import finding

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.templates.kit import Kit

KITS = {kit.manifest.name: kit.manifest.examples[0] for kit in finding.built_in()}
PYPROJECT = '[project]\nname = "mine"\nversion = "1"\ndependencies = ["httpx"]\n'
PROJECTS = {
    "a list that is with pkgs": {
        "devenv.nix": "{ pkgs, ... }: {\n  packages = with pkgs; [\n    git # mine\n  ];\n}\n"
    },
    "every language is there": {
        "devenv.nix": """\
{ pkgs, lib, config, ... }:
let port = 3000; in
{
  languages = {
    python = { enable = true; version = "3.11"; };
    javascript = { enable = true; package = pkgs.nodejs_20; };
    go.enable = true;
    rust.enable = lib.mkDefault true;
  };
  env = { PORT = toString port; PGDATABASE = "mine"; };
  services.postgres = {
    enable = true;
    initialDatabases = [ { name = "mine"; } ];
  };
  processes.web.exec = "mine";
  enterTest = ''
    mine
  '';
}
""",
        "devenv.yaml": "inputs:\n  nixpkgs-python:\n    url: github:cachix/nixpkgs-python\n",
        "pyproject.toml": PYPROJECT,
        "package.json": '{"name": "mine", "private": true}\n',
        "Cargo.toml": '[package]\nname = "mine"\nversion = "0.1.0"\n',
        "main.py": "print('mine')\n",
        "main.go": "package main\n",
    },
    "another file has it": {
        "devenv.nix": "{ ... }: {\n  imports = [ ./nix/part.nix ];\n}\n",
        "nix/part.nix": "{ pkgs, ... }: {\n  packages = [ pkgs.git ];\n  services.redis.enable = false;\n}\n",
    },
    "a project of Python": {"pyproject.toml": PYPROJECT, "requirements.txt": "httpx\n", ".gitignore": "*.pyc\n"},
    "a flake": {"flake.nix": "{\n  outputs = { self, nixpkgs }: { };\n}\n"},
    "lines end as on Windows": {"devenv.nix": "{ pkgs, ... }:\r\n{\r\n  packages = [ pkgs.git ];\r\n}\r\n"},
}


def written(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and ".devkeel" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", KITS)
@pytest.mark.parametrize("project", PROJECTS)
def test_what_is_there_stays_and_twice_changes_nothing(tmp_path: Path, name: str, project: str) -> None:
    for file, text in PROJECTS[project].items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(text.encode())
    before = written(tmp_path)
    environment = Environment(tmp_path, actor="test")
    try:
        made = environment.use_template(name, KITS[name])
        assert [item for item in made.checks.diagnostics if item.severity == "error"] == []
        after = written(tmp_path)
        for file, data in before.items():
            words, rest = data.split(), iter(after[file].split())
            assert [word for word in words if word not in ("{", "}:", "pkgs,", "...") and word not in rest] == [], file
            assert file.endswith((".nix", ".gitignore")) or data == after[file]
        assert not environment.use_template(name, KITS[name]).changed
        assert written(tmp_path) == after
        if made.published:
            environment.undo()
        assert written(tmp_path) == before
    finally:
        environment.close()


MANAGERS = ("uv", "poetry", "pnpm")


@pytest.mark.parametrize("kit", finding.built_in(), ids=lambda kit: kit.manifest.name)
def test_what_comes_without_the_program_is_a_toolchain_or_a_server(kit: Kit) -> None:
    """A variable, a database or a manager of libraries for a program that did not come would act on another one."""
    for edit in kit.manifest.edits:
        if "group" not in edit:
            toolchain = edit.get("path", "").startswith("languages.") and edit["path"].endswith(".package")
            assert edit["kind"] in ("enable", "add_packages") or toolchain, edit
            assert [name for name in edit.get("settings", {}) if name.startswith(MANAGERS)] == []
    manifests = [item for item in kit.manifest.files if item.path.endswith((".toml", ".mod", "package.json"))]
    assert [item.path for item in manifests if item.group is None] == []


def test_a_template_that_does_not_fit_leaves_no_half_of_itself(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text('{ pkgs, ... }:\n{\n  processes.web.exec = "gunicorn config.wsgi";\n}\n')
    (tmp_path / "requirements.txt").write_text("Django==4.2\n")
    environment = Environment(tmp_path, actor="test")
    try:
        made = environment.use_template("web-service", {"name": "w", "port": 9000})
    finally:
        environment.close()
    assert made.files == ("devenv.nix",)
    text = (tmp_path / "devenv.nix").read_text()
    assert ("services.postgres" in text, "languages.python" in text) == (True, True)
    assert [word for word in ("env", "9000", "initialDatabases", "REDIS_PORT", "enterTest") if word in text] == []
    assert any("pyproject.toml" in note and "env.PORT" in note for note in made.notes)
