"""Licences of what a change adds are judged where they are known; what is not known is said, or refused."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.checks.rules.licences import broken_licence, licences_in_lock
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import PolicyRefused
from devkeel.project.rules import NameRule

if TYPE_CHECKING:
    from pathlib import Path

RULE = NameRule(allow=("MIT", "Apache-2.0", "BSD-*"), forbid=("GPL-*",))


@pytest.mark.parametrize(
    ("licence", "part"),
    [
        ("MIT", None),
        ("BSD-3-Clause", None),
        ("WTFPL", "allow"),
        ("GPL-3.0-only", "forbid"),
        ("(MIT OR GPL-2.0)", None),
        ("MIT OR Apache-2.0", None),
        ("(GPL-2.0 or WTFPL)", "forbid"),
        ("MIT AND GPL-2.0-only", "forbid"),
        ("Apache-2.0 WITH LLVM-exception", None),
        ("(MIT AND Apache-2.0) OR GPL-2.0", None),
        ("mit", None),
        ("gpl-3.0", "forbid"),
        ("MIT AND gpl-3.0", "forbid"),
        ("(MIT OR GPL-3.0) AND GPL-2.0", "forbid"),
        ("(MIT OR Apache-2.0) AND Unicode-DFS-2016", "allow"),
        ("MIT AND (Apache-2.0 OR GPL-3.0)", None),
        ("MIT OR (GPL-2.0 AND Apache-2.0)", None),
        ("WTFPL OR MIT AND GPL-2.0", "allow"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "forbid"),
        ("WTFPL WITH some-exception", "allow"),
        # None of these is an expression.
        ("MIT OR", "allow"),
        ("MIT OR AND GPL-2.0", "allow"),
        ("(MIT", None),
        ("MIT License or Apache-2.0", "allow"),
        ("(" * 5000 + "MIT" + ")" * 5000, None),
        ("", "allow"),
        (None, None),
    ],
)
def test_an_expression_is_fine_where_one_alternative_is(licence: str | None, part: str | None) -> None:
    assert broken_licence(RULE, licence) == part


def test_a_licence_may_be_named_with_its_exception_or_by_a_whole_text() -> None:
    rule = NameRule(allow=("GPL-2.0-only WITH Classpath-exception-2.0", "BSD or so"))
    assert broken_licence(rule, "GPL-2.0-only with Classpath-exception-2.0") is None
    assert broken_licence(rule, "GPL-2.0-only") == "allow"
    assert broken_licence(rule, "BSD or so") is None


def test_each_version_of_a_library_in_a_lock_has_its_own_licence() -> None:
    packages = {
        "": {"license": "ISC"},
        "node_modules/a/node_modules/x": {"license": "GPL-3.0"},
        "node_modules/b/node_modules/x": {"license": "MIT"},
        "node_modules/x": {"license": "MIT"},
    }
    assert licences_in_lock("package-lock.json", json.dumps({"packages": packages}).encode()) == {
        "x": ("GPL-3.0", "MIT")
    }


def test_what_is_not_known_is_refused_where_the_rule_wants_that() -> None:
    assert broken_licence(NameRule(unknown="deny"), None) == "unknown"


def add(environment: Environment, language: str, name: str) -> Any:
    edits = parse_edits([{"kind": "add_library", "language": language, "names": [name]}])
    return environment.change(edits, level="schema")


def rule(root: Path, text: str) -> Environment:
    (root / "devkeel.toml").write_text(f"[rules]\nlicences = {{ {text} }}\n")
    return Environment(root, actor="test")


@pytest.fixture
def npm(root: Path) -> Path:
    (root / "devenv.nix").unlink()
    (root / "package.json").write_text('{ "dependencies": { } }\n')
    known = {"good": "MIT", "bad": "GPL-3.0-only"}
    packages = {f"node_modules/{name}": {"version": "1.0.0", "license": text} for name, text in known.items()}
    (root / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    (root / "node_modules/there").mkdir(parents=True)
    (root / "node_modules/there/package.json").write_text('{ "license": { "type": "GPL-2.0" } }')
    return root


def test_licences_of_npm_are_in_its_lock_or_where_it_installed(npm: Path) -> None:
    environment = rule(npm, 'allow = ["MIT"], forbid = ["GPL-*"]')
    # What the lock pins is there already, so that no rule stands in the way of naming it.
    (npm / "package-lock.json").rename(npm / "npm-shrinkwrap.json")
    lock = json.loads((npm / "npm-shrinkwrap.json").read_text())
    (npm / "npm-shrinkwrap.json").unlink()
    with pytest.raises(PolicyRefused) as caught:
        add(environment, "javascript", "there")
    assert (caught.value.code, caught.value.details["rule"]) == ("rule_broken", "rules.licences.forbid")
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    result = add(environment, "javascript", "nowhere")
    assert any("nowhere" in note for note in result.notes)
    assert lock["packages"]


def test_what_is_there_is_told_by_the_checks(npm: Path) -> None:
    (npm / "devenv.nix").write_text("{ }\n")
    environment = rule(npm, 'forbid = ["GPL-*"]')
    found = [item for item in environment.check(level="schema").diagnostics if item.code == "rule_broken"]
    assert [(item.subject, item.severity) for item in found] == [("javascript:bad", "warning")]


def test_a_licence_that_no_one_knows_is_refused_where_that_is_wanted(npm: Path) -> None:
    environment = rule(npm, 'unknown = "deny"')
    with pytest.raises(PolicyRefused) as caught:
        add(environment, "javascript", "nowhere")
    assert caught.value.details["rule"] == "rules.licences.unknown"


def test_a_distribution_of_python_says_its_own(root: Path) -> None:
    (root / "devenv.nix").unlink()
    (root / "requirements.txt").write_text("idna\n")
    folder = root / ".venv/lib/python3.11/site-packages/Some_Thing-1.0.dist-info"
    folder.mkdir(parents=True)
    told = "Metadata-Version: 2.4\nName: Some-Thing\nVersion: 1.0\nLicense-Expression: GPL-3.0\n\nx\n"
    (folder / "METADATA").write_text(told)
    environment = rule(root, 'forbid = ["GPL-*"]')
    with pytest.raises(PolicyRefused):
        add(environment, "python", "some.thing")
    assert add(environment, "python", "other").published


@pytest.fixture(scope="module")
def nixpkgs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lock that pins a nixpkgs of packages with licences, which the store has."""
    source = tmp_path_factory.mktemp("nixpkgs") / "source"
    (source / "pkgs/top-level").mkdir(parents=True)
    (source / "pkgs/top-level/all-packages.nix").write_text("{ }\n")
    (source / "default.nix").write_text(
        "{ system, config, overlays }: let of = license: { meta = { inherit license; }; }; in {\n"
        '  jq = of { spdxId = "MIT"; }; htop = of { spdxId = "GPL-2.0-only"; }; git = of [ ];\n'
        '  tree = of [ { spdxId = "MIT"; } { shortName = "mine"; } ]; gh = of "Apache-2.0"; }\n'
    )
    features = ("--extra-experimental-features", "nix-command")
    added = ["nix", *features, "store", "add-path", "--name", "source", str(source)]
    subprocess.run(added, check=True, capture_output=True)
    told = subprocess.run(["nix", *features, "hash", "path", str(source)], check=True, capture_output=True, text=True)
    locked = {"type": "github", "owner": "NixOS", "repo": "nixpkgs", "rev": "a" * 40, "narHash": told.stdout.strip()}
    nodes = {"nixpkgs": {"locked": locked, "original": {}}, "root": {"inputs": {"nixpkgs": "nixpkgs"}}}
    return json.dumps({"nodes": nodes, "root": "root", "version": 7})


@pytest.mark.nix
def test_packages_have_those_that_the_pinned_nixpkgs_tells(root: Path, nixpkgs: str) -> None:
    (root / "devenv.nix").write_text("{ pkgs, ... }:\n{\n  packages = [ ];\n}\n")
    (root / "devenv.lock").write_text(nixpkgs)
    environment = rule(root, 'allow = ["MIT", "Apache-*"]')

    def added(name: str, level: str | None = None) -> Any:
        return environment.change(parse_edits([{"kind": "add_packages", "names": [name]}]), level=level)

    for name in ("jq", "gh"):
        assert not any("rules.licences" in note for note in added(name).notes)
    for name, licence in (("htop", "GPL-2.0-only"), ("tree", "mine")):
        with pytest.raises(PolicyRefused) as caught:
            added(name)
        assert (caught.value.details["rule"], caught.value.details["licence"]) == ("rules.licences.allow", licence)
    assert any("rules.licences" in note and "git" in note for note in added("git").notes)
    assert any("rules.licences" in note and "htop" in note for note in added("htop", "schema").notes)
