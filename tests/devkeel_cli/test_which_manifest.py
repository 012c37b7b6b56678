"""Which manifest the command edits: the one that the declaration names, or the place that has the libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

SCHEMA = ("--level", "schema")
PYTHON = ("--language", "python")
HEAD = "{ pkgs, ... }:\n{\n  languages.python.enable = true;\n  languages.python.venv.enable = true;\n"


def test_a_version_goes_into_the_text_of_devenv(devkeel: Shell) -> None:
    text = HEAD + '  languages.python.venv.requirements = "idna";\n}\n'
    devkeel.declaration.write_text(text)
    done = devkeel("library", "add", *PYTHON, "idna>=3", *SCHEMA)
    assert done.code == 0
    assert devkeel.read() == text.replace('"idna"', '"idna>=3"')
    assert devkeel("library", "add", *PYTHON, "idna>=3", *SCHEMA, "--json").data["changed"] is False
    assert devkeel("undo").code == 0
    assert devkeel.read() == text


@pytest.mark.parametrize("name", ["requirements-dev.txt", "python/requirements.txt", "deps.txt"])
def test_the_file_that_devenv_names_takes_the_library(devkeel: Shell, name: str) -> None:
    devkeel.declaration.write_text(HEAD + f"  languages.python.venv.requirements = ./{name};\n}}\n")
    (devkeel.root / "requirements.txt").write_text("idna\n")
    refused = devkeel("library", "add", *PYTHON, "urllib3", *SCHEMA)
    assert refused.code == 1
    assert name in refused.err
    assert "the same command with --create" in refused.err
    begun = devkeel("library", "add", *PYTHON, "urllib3", *SCHEMA, "--create", "--json").data
    assert begun["files"] == [name]
    added = devkeel("library", "add", *PYTHON, "six", *SCHEMA, "--json").data
    assert added["files"] == [name]
    assert any("devenv.nix:5" in note for note in added["notes"])
    assert (devkeel.root / name).read_text() == "urllib3\nsix\n"
    assert (devkeel.root / "requirements.txt").read_text() == "idna\n"


def test_the_python_of_devenv_takes_the_library(devkeel: Shell) -> None:
    package = "pkgs.python3.withPackages (ps: [ ps.numpy ])"
    text = f"{{ pkgs, ... }}:\n{{\n  languages.python = {{\n    package = {package};\n  }};\n}}\n"
    devkeel.declaration.write_text(text)
    wanted = text.replace("ps.numpy", "ps.numpy ps.pandas")
    for line in (
        ("library", "add", *PYTHON, "pandas"),
        ("add", "pandas", "--inside", "python3"),
        ("add", "pandas", "--inside", "languages.python.package"),
    ):
        assert devkeel(*line, *SCHEMA).code == 0
        assert devkeel.read() == wanted
        assert devkeel("inspect", "--json").data["inside"] == {"python3": ["numpy", "pandas"]}
        assert "inside python3: numpy, pandas" in devkeel("inspect").out
        removing = ("library", "remove", *line[2:]) if line[0] == "library" else ("remove", *line[1:])
        assert devkeel(*removing, *SCHEMA).code == 0
        assert devkeel.read() == text
    refused = devkeel("add", "pandas", "--inside", "python312", *SCHEMA)
    assert refused.code == 1
    assert "python3" in refused.err
    assert "append" not in refused.err


def test_a_setting_begins_devenv_yaml(devkeel: Shell) -> None:
    refused = devkeel("set", "allowUnfree", "true", "--file", "devenv.yaml")
    assert refused.code == 1
    assert "by the same command with --create" in refused.err
    assert devkeel("set", "allowUnfree", "true", "--file", "devenv.yaml", "--create", *SCHEMA).code == 0
    line = ("append", "nixpkgs.permittedInsecurePackages", "openssl-1.1.1w", "--file", "devenv.yaml", *SCHEMA)
    assert devkeel(*line).code == 0
    (devkeel.root / "modules").mkdir()
    (devkeel.root / "modules" / "devenv.nix").write_text("{ }\n")
    assert devkeel("append", "imports", "./modules", "--file", "devenv.yaml", *SCHEMA).code == 0
    text = "allowUnfree: true\nnixpkgs:\n  permittedInsecurePackages:\n    - openssl-1.1.1w\nimports:\n  - ./modules\n"
    assert (devkeel.root / "devenv.yaml").read_text() == text
    assert devkeel("remove", "./modules", "--from", "imports", "--file", "devenv.yaml", *SCHEMA).code == 0
    assert (devkeel.root / "devenv.yaml").read_text() == text.replace("imports:\n  - ./modules\n", "imports: []\n")
