"""Libraries of Go, Rust, Ruby, Perl, R, TeX and PHP: in the manifest, or in options of devenv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.remedies.fix import Fix

CARGO = '[package]\nname = "tally"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nserde = "1"\n'
GEMFILE = "source 'https://gems.example.test'\ngem 'rails'\n"
PLAYWRIGHT = '{"devDependencies": {"@playwright/test": "^1"}}'
GO = "module example.test/gatehouse\n\ngo 1.24\n"


def devenv(lines: str) -> str:
    return f"{{ pkgs, ... }}:\n\n{{\n  packages = [ pkgs.git ];\n\n{lines}}}\n"


def fixes(root: Path, files: dict[str, str], text: str) -> tuple[Fix, ...]:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    found = environment.diagnose(f"{text}\n")
    environment.close()
    return tuple(fix for cause in found.causes for fix in cause.fixes)


def library(language: str, name: str) -> dict[str, Any]:
    return {"kind": "add_library", "language": language, "names": [name]}


@pytest.mark.parametrize(
    ("files", "text", "edit"),
    [
        (
            {"Cargo.toml": CARGO},
            "error[E0433]: failed to resolve: use of unresolved module or unlinked crate `anyhow`",
            library("rust", "anyhow"),
        ),
        (
            {"Cargo.toml": CARGO},
            "error[E0433]: failed to resolve: use of undeclared crate or module `tracing_subscriber`",
            library("rust", "tracing-subscriber"),
        ),
        ({"Gemfile": GEMFILE}, "cannot load such file -- nokogiri (LoadError)", library("ruby", "nokogiri")),
        ({"Gemfile": GEMFILE}, "cannot load such file -- net/smtp (LoadError)", library("ruby", "net-smtp")),
        ({"Gemfile": GEMFILE}, "bundler: command not found: rspec", library("ruby", "rspec")),
        (
            {"devenv.nix": devenv("  languages.perl.enable = true;\n")},
            "Can't locate JSON/XS.pm in @INC (you may need to install the JSON::XS module)",
            {"kind": "append", "path": "languages.perl.packages", "value": "JSONXS"},
        ),
        (
            {"devenv.nix": devenv("  languages.r.enable = true;\n")},
            "there is no package called \u2018data.table\u2019",
            {"kind": "add_packages", "names": ["rPackages.data_table"]},
        ),
        (
            {"devenv.nix": devenv("  languages.texlive.enable = true;\n")},
            "! LaTeX Error: File `algorithm.sty' not found.",
            {"kind": "set", "path": "languages.texlive.packages", "value": ["algorithms"]},
        ),
        (
            {"devenv.nix": devenv('  languages.texlive.enable = true;\n  languages.texlive.packages = [ "pgf" ];\n')},
            "! Package babel Error: Unknown option `ngerman'.",
            {"kind": "append", "path": "languages.texlive.packages", "value": "babel-german"},
        ),
        (
            {"devenv.nix": devenv("  languages.php.enable = true;\n")},
            'PHP Fatal error:  Uncaught Error: Class "Redis" not found in /w/a.php:3',
            {"kind": "append", "path": "languages.php.extensions", "value": "redis"},
        ),
    ],
)
def test_what_is_not_declared_is_added(tmp_path: Path, files: dict[str, str], text: str, edit: dict[str, Any]) -> None:
    assert fixes(tmp_path, files, text)[0].edits == (edit,)


@pytest.mark.parametrize(
    ("files", "text", "command"),
    [
        (
            {"go.mod": GO},
            "main.go:6:2: no required module provides package github.com/google/uuid; to add it:",
            "go get github.com/google/uuid",
        ),
        ({"Gemfile": GEMFILE}, "cannot load such file -- rails (LoadError)", "bundle install"),
        ({"go.mod": GO}, "go: updates to go.mod needed; to update it:\n\tgo mod tidy", "go mod tidy"),
        ({"composer.json": "{}"}, "Failed opening required '/w/vendor/autoload.php'", "composer install"),
        ({"paper.tex": ""}, "! LaTeX Error: File `siunitx.sty' not found.", "tlmgr install siunitx"),
        (
            {"pnpm-lock.yaml": "", "package.json": PLAYWRIGHT},
            "Please run:\n     npx playwright install",
            "pnpm exec playwright install",
        ),
        (
            {"requirements.txt": "spacy\n"},
            "OSError: [E050] Can't find model 'en_core_web_sm'. It doesn't seem to be",
            "python -m spacy download en_core_web_sm",
        ),
    ],
)
def test_what_a_command_brings_is_said(tmp_path: Path, files: dict[str, str], text: str, command: str) -> None:
    assert fixes(tmp_path, files, text)[0].command == command


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"Cargo.toml": CARGO}, "error[E0433]: failed to resolve: use of unresolved module or unlinked crate `serde`"),
        (
            {"Cargo.toml": CARGO, "src/basket.rs": ""},
            "error[E0433]: failed to resolve: use of undeclared crate or module `basket`",
        ),
        ({"go.mod": GO}, "a.go:3:2: no required module provides package example.test/gatehouse/gone; to add it:"),
        ({"Gemfile": GEMFILE, "lib/till.rb": ""}, "cannot load such file -- till (LoadError)"),
        ({"paper.tex": "", "house.sty": ""}, "! LaTeX Error: File `house.sty' not found."),
        (
            {"devenv.nix": devenv("  languages.perl.enable = true;\n"), "lib/Till/Row.pm": ""},
            "Can't locate Till/Row.pm in @INC",
        ),
        ({"go.mod": GO}, "x.go:3:2: no required module provides package a.test/b;rm -rf ~; to add it:"),
    ],
)
def test_what_is_the_project_s_own_is_not_added(tmp_path: Path, files: dict[str, str], text: str) -> None:
    assert [fix for fix in fixes(tmp_path, files, text) if fix.command != "go get a.test/b"] == []
