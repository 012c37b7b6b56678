"""Names that only a text gives: what is meant, what is a slip, and what was never looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.catalogue.provided import open_kind, providers
from devkeel.remedies.distributions import distributions_of
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.remedies.fix import Fix

CARGO = '[package]\nname = "tally"\nversion = "0.1.0"\n\n[dependencies]\nserde = "1"\n'
GEMFILE = "source 'https://gems.example.test'\ngem 'rails'\n"
PACKAGE = '{"name": "shop", "dependencies": {"react": "^19", "@tanstack/react-query": "^5"}}'
PYTHON = '[project]\nname = "orchard"\nversion = "1"\ndependencies = ["httpx"]\n'
PHP = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n\n  languages.php.enable = true;\n}\n"
CRATE = "error[E0433]: failed to resolve: use of unresolved module or unlinked crate `{}`"
GEM = "<internal:kernel>: cannot load such file -- {} (LoadError)"
NODE = "Error: Cannot find module '{}'\nRequire stack:\n- /w/index.js"


def causes(root: Path, files: dict[str, str], text: str) -> list[tuple[str, tuple[Fix, ...], str | None]]:
    for name, content in files.items():
        (root / name).write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    try:
        return [(item.subject, item.fixes, item.advice) for item in environment.diagnose(f"{text}\n").causes]
    finally:
        environment.close()


@pytest.mark.parametrize(
    ("files", "text", "name", "is_known"),
    [
        ({"Cargo.toml": CARGO}, CRATE.format("anyhow"), "anyhow", True),
        ({"Cargo.toml": CARGO}, CRATE.format("frobnicator"), "frobnicator", False),
        ({"Gemfile": GEMFILE}, GEM.format("nokogiri"), "nokogiri", True),
        ({"Gemfile": GEMFILE}, GEM.format("frobnicator"), "frobnicator", False),
        ({"package.json": PACKAGE}, NODE.format("express"), "express", True),
        ({"package.json": PACKAGE}, NODE.format("@tanstack/react-table"), "@tanstack/react-table", True),
        ({"package.json": PACKAGE}, NODE.format("frobnicator"), "frobnicator", False),
        ({"package.json": PACKAGE}, NODE.format("@frobnicator/core"), "@frobnicator/core", False),
    ],
)
def test_a_name_that_only_a_text_gives_is_added_with_a_doubt(
    tmp_path: Path, files: dict[str, str], text: str, name: str, *, is_known: bool
) -> None:
    ((_, (fix, *_), _), *_) = causes(tmp_path, files, text)
    assert fix.edits[0]["names"] == [name]
    assert (fix.uncertain is None) == is_known


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"Cargo.toml": CARGO}, CRATE.format("tokyo")),
        ({"Gemfile": GEMFILE}, GEM.format("nokogirri")),
        ({"package.json": PACKAGE}, NODE.format("expres")),
    ],
)
def test_a_slip_of_a_name_adds_nothing(tmp_path: Path, files: dict[str, str], text: str) -> None:
    ((_, fixes, advice), *_) = causes(tmp_path, files, text)
    assert not fixes
    assert advice


def test_a_distribution_is_what_the_index_of_python_calls_it() -> None:
    decided = table("imports")
    for module, _ in open_kind("python_module").every():
        if "." in module or module in decided:
            continue
        real = {item.distribution for item in providers("python_module", module)}
        assert {*distributions_of(module)} <= real, module
    assert distributions_of("crontab") == ("python-crontab",)
    assert distributions_of("torch") == ("torch",)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("imagick", "the requested PHP extension imagick is missing from your system."),
        ("intl", "The intl PHP extension is required."),
        ("gd", "The gd extension for PHP is not installed."),
    ],
)
def test_a_sentence_about_one_extension_names_one(tmp_path: Path, subject: str, text: str) -> None:
    ((found, (fix, *_), _), *_) = causes(tmp_path, {"devenv.nix": PHP}, text)
    assert (found, fix.edits[0]["value"], fix.uncertain) == (subject, subject, None)


def test_an_extension_that_no_list_has_is_added_with_a_doubt(tmp_path: Path) -> None:
    text = "the requested PHP extension frobnicator is missing from your system."
    ((_, (fix, *_), _),) = causes(tmp_path, {"devenv.nix": PHP}, text)
    assert fix.uncertain


_ODD: tuple[tuple[str, str, str], ...] = tuple(
    (name, content, text)
    for name, contents, text in (
        (
            "pyproject.toml",
            (
                "project = 5\n",
                "tool = [1]\n",
                "project = []\n[tool]\nuv = 3\npoetry = 4\n",
                "[tool.poetry]\ngroup = 5\ndependencies = 3\n",
                "[dependency-groups]\ndev = 5\n",
            ),
            "ModuleNotFoundError: No module named 'cv2'",
        ),
        ("Pipfile", ("packages = 5\n",), "ModuleNotFoundError: No module named 'cv2'"),
        (
            "Cargo.toml",
            ("dependencies = 5\n", 'package = "x"\n', "dependencies = [1]\n"),
            "error[E0463]: can't find crate for `serde`",
        ),
        ("package.json", ("5", "[]", '{"dependencies": 5, "workspaces": 3, "name": {}}'), NODE.format("express")),
    )
    for content in contents
)


@pytest.mark.parametrize(("name", "content", "text"), _ODD)
def test_a_manifest_that_says_anything_does_not_end_the_diagnosis(
    tmp_path: Path, name: str, content: str, text: str
) -> None:
    assert causes(tmp_path, {name: content}, text)


def test_what_a_proposer_cannot_make_sense_of_is_said_and_the_others_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise AttributeError

    monkeypatch.setattr("devkeel.remedies.proposing.own_programs.propose", broken)
    ((_, fixes, advice),) = causes(tmp_path, {"devenv.nix": PHP}, "bash: jq: command not found")
    assert fixes[0].edits
    assert advice
