"""The rules of a team about references, as a check that a change of its inputs meets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.candidate.candidate import Candidate
from devkeel.checks import run_checks
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.change.result import ChangeResult

NOT_ALLOWED = "reference_not_allowed"
FLAKE = """\
{
  inputs.tools.url = "path:../tools";
  outputs = { self, tools }: { };
}
"""
YAML = "inputs:\n  tools:\n    url: path:../tools\n"
FILES = {"flake.nix": (FLAKE, 2), "devenv.yaml": (YAML, 3)}
RULES = 'references = ["github-only", "no-path"]\n'


def judged(files: dict[str, str], rules: str = RULES, **others: bytes) -> list[tuple[str, str, int | None]]:
    subject = Candidate.of(
        {name: text.encode() for name, text in files.items()}, {"devkeel.toml": rules.encode()} | others
    )
    found = run_checks(subject, level="schema").diagnostics
    return [
        (item.code, item.place.file, item.place.line)
        for item in found
        if item.place is not None and item.code.startswith("reference_")
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_path_is_named_with_its_line_under_the_rule_and_allowed_without_it(name: str) -> None:
    text, line = FILES[name]
    assert judged({name: text}) == [(NOT_ALLOWED, name, line)] * 2
    assert judged({name: text}, rules="") == []


def test_a_flake_beside_a_devenv_nix_is_judged_too() -> None:
    subject = Candidate.of({"devenv.nix": b"{ }\n"}, {"devkeel.toml": RULES.encode(), "flake.nix": FLAKE.encode()})
    assert NOT_ALLOWED in {item.code for item in run_checks(subject, level="schema").diagnostics}


def test_a_reference_is_pinned_by_the_lock_or_by_itself() -> None:
    flake = FLAKE.replace("path:../tools", "github:a/tools")
    pinned = FLAKE.replace("path:../tools", f"github:a/tools/{'a' * 40}")
    nodes = {"root": {"inputs": {"tools": "tools"}}, "tools": {"locked": {"rev": "a" * 40, "narHash": "sha256-x"}}}
    nodes["tools"]["original"] = {}
    lock = json.dumps({"nodes": nodes, "root": "root", "version": 7}).encode()
    rules = 'references = ["pinned"]\n'
    assert judged({"flake.nix": flake}, rules) == [(NOT_ALLOWED, "flake.nix", 2)]
    assert judged({"python/flake.nix": flake}, rules, **{"flake.lock": lock}) == [(NOT_ALLOWED, "python/flake.nix", 2)]
    assert judged({"python/flake.nix": flake}, rules, **{"python/flake.lock": lock}) == []
    assert judged({"flake.nix": pinned}, rules) == judged({"flake.nix": flake}, rules, **{"flake.lock": lock}) == []


def test_what_only_a_lock_that_is_not_there_yet_would_pin_is_a_warning() -> None:
    flake = {"flake.nix": FLAKE.replace("path:../tools", "github:a/tools").encode()}
    rules = {"devkeel.toml": b'references = ["pinned"]\n'}

    def severity(**others: bytes) -> list[str]:
        report = run_checks(Candidate.of(flake, {**rules, **others}), level="schema")
        return [item.severity for item in report.diagnostics if item.code == NOT_ALLOWED]

    empty = json.dumps({"nodes": {"root": {"inputs": {}}}, "root": "root", "version": 7}).encode()
    assert severity() == ["warning"]
    assert severity(**{"flake.lock": empty}) == ["error"]


def test_what_the_text_does_not_say_is_no_error() -> None:
    subject = Candidate.of(
        {"flake.nix": FLAKE.replace('"path:../tools"', '"path:" + tools').encode()}, {"devkeel.toml": RULES.encode()}
    )
    report = run_checks(subject, level="schema")
    assert {(item.code, item.severity) for item in report.diagnostics} >= {("reference_in_doubt", "info")}


def test_settings_that_cannot_be_used_are_not_reported_twice() -> None:
    assert judged({"flake.nix": FLAKE}, 'references = ["no-such-rule"]\n') == []


def change(root: Path, url: str) -> ChangeResult:
    edits = parse_edits([{"kind": "set_input", "name": "other", "url": url}])
    return Environment(root, actor="test", executes=False).change(edits, level="schema")


def test_an_edit_that_breaks_a_rule_is_refused_and_an_old_break_stands_in_no_way(tmp_path: Path) -> None:
    (tmp_path / "devkeel.toml").write_text(RULES)
    (tmp_path / "flake.nix").write_text(FLAKE)
    with pytest.raises(CheckFailed) as refused:
        change(tmp_path, "path:/srv/other")
    assert {(item.code, item.subject) for item in refused.value.diagnostics} == {(NOT_ALLOWED, "other")}
    assert (tmp_path / "flake.nix").read_text() == FLAKE
    assert change(tmp_path, "github:a/other").published


def test_without_a_rule_a_path_is_an_input_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "flake.nix").write_text(FLAKE)
    assert change(tmp_path, "path:/srv/other").published
