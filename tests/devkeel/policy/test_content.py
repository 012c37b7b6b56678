"""What a change adds against the rules is refused, by whichever edit; what was there is told and stays editable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import PolicyRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILES = {
    "devenv.nix": "{ pkgs, lib, ... }:\n{\n  packages = [ pkgs.git ];\n  services.redis.enable = true;\n}\n",
    "devenv.yaml": "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n",
    "mysql.nix": "{ services.mysql.enable = true; }\n",
    "package.json": '{ "dependencies": { "left-pad": "^1" } }\n',
    "requirements.txt": "idna\n",
}
RULES = """\
[rules]
packages = { forbid = ["mysql*", "event-stream", "python3Packages.requests"] }
libraries = { forbid = ["python:evil*", "flatmap-stream"] }
services = { forbid = ["mysql"] }
languages = { allow = ["python", "javascript"] }
registries = { forbid = ["flake:*", "*.example.org", "evil.cachix.org"] }
inputs = { allow = ["github:cachix/*", "github:NixOS/*"], rules = ["no-path"] }
"""


@pytest.fixture
def project(root: Path) -> Iterator[Environment]:
    for name, text in FILES.items():
        (root / name).write_text(text)
    (root / "devkeel.toml").write_text(RULES)
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def edit(**item: Any) -> Callable[[Environment], object]:
    return lambda environment: environment.change(parse_edits([item]), level="schema", create=True)


def text(old: str, new: str, file: str = "devenv.nix") -> Callable[[Environment], object]:
    return edit(kind="replace_text", old=old, new=new, file=file)


BROKEN: dict[str, tuple[str, Callable[[Environment], object]]] = {
    "a package": ("rules.packages.forbid", edit(kind="add_packages", names=["mysql84"])),
    "in a text": ("rules.packages.forbid", text("pkgs.git", "pkgs.git pkgs.mysql84")),
    "in a file of its own": (
        "rules.packages.forbid",
        edit(kind="add_packages", names=["mysql84"], file="devenv.local.nix"),
    ),
    "inside another": (
        "rules.packages.forbid",
        text("pkgs.git ", "pkgs.git (pkgs.python3.withPackages (ps: [ ps.requests ])) pkgs.python3Packages.requests "),
    ),
    "a forbidden package as a library": (
        "rules.packages.forbid",
        edit(kind="add_library", names=["event-stream"], language="javascript"),
    ),
    "a library": ("rules.libraries.forbid", edit(kind="add_library", names=["Evil_Thing"], language="python")),
    "a library inside Python": (
        "rules.libraries.forbid",
        text("pkgs.git ", "pkgs.git (pkgs.python3.withPackages (ps: [ ps.evil ])) "),
    ),
    "a library in a text of Nix": (
        "rules.libraries.forbid",
        text("packages =", 'languages.python.venv.requirements = "evil-one\\n";\n  packages ='),
    ),
    "a service": ("rules.services.forbid", edit(kind="enable", name="mysql")),
    "a service that is imported": (
        "rules.services.forbid",
        edit(kind="append", path="imports", expression="./mysql.nix"),
    ),
    "a language": ("rules.languages.allow", edit(kind="set", path="languages.rust.enable", value=True)),
    "an input of another host": (
        "rules.inputs.allow",
        edit(kind="set", path="inputs.a.url", value="github:NixOS/nixpkgs?host=evil.example.com", file="devenv.yaml"),
    ),
    "an input that leads elsewhere": (
        "rules.inputs.allow",
        edit(kind="set", path="inputs.a.url", value="github:NixOS/../stranger/a", file="devenv.yaml"),
    ),
    "an input that leads elsewhere, escaped": (
        "rules.inputs.allow",
        edit(kind="set", path="inputs.a.url", value="github:NixOS/%2e%2e/stranger/a", file="devenv.yaml"),
    ),
    "an input": (
        "rules.inputs.allow",
        edit(kind="set", path="inputs.a.url", value="github:stranger/a", file="devenv.yaml"),
    ),
    "an indirect input": (
        "rules.registries.forbid",
        edit(kind="set", path="inputs.nixpkgs.url", value="nixpkgs", file="devenv.yaml"),
    ),
    "a cache of devenv": ("rules.registries.forbid", edit(kind="set", path="cachix.pull", value=["evil"])),
    "an index": (
        "rules.registries.forbid",
        text("idna\n", "--index-url https://pip.example.org/simple\nidna\n", "requirements.txt"),
    ),
}


@pytest.mark.parametrize(("rule", "way"), BROKEN.values(), ids=BROKEN)
def test_what_a_change_adds_is_refused(project: Environment, rule: str, way: Callable[[Environment], object]) -> None:
    root = project.project.root
    before = {name: (root / name).read_text() for name in FILES}
    with pytest.raises(PolicyRefused) as caught:
        way(project)
    error = caught.value
    assert (error.code, rule in {item["rule"] for item in error.details["broken"]}) == ("rule_broken", True)
    assert error.place is not None
    line = RULES.splitlines()[(error.place.line or 0) - 1]
    assert line.startswith(str(error.details["rule"]).split(".")[1])
    assert {name: (root / name).read_text() for name in FILES} == before


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("extra-substituters", "https://cache.example.org"),
        ("trusted-public-keys", "cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="),
        ("flake-registry", "https://cache.example.org/registry.json"),
    ],
)
def test_what_a_flake_tells_nix_to_take_from_is_judged(project: Environment, setting: str, value: str) -> None:
    flake = project.project.root / "flake.nix"
    flake.write_text("{\n  nixConfig = { };\n  outputs = _: { };\n}\n")
    before = flake.read_text()
    with pytest.raises(PolicyRefused) as caught:
        text("nixConfig = { }", f'nixConfig.{setting} = [ "{value}" ]', "flake.nix")(project)
    assert (caught.value.code, caught.value.seen) == ("rule_broken", value)
    assert caught.value.details["broken"][0] | {"name": ""} == {
        "rule": "rules.registries.forbid",
        "name": "",
        "file": "flake.nix",
        "line": 2,
    }
    assert flake.read_text() == before
    text("nixConfig = { }", 'nixConfig.extra-substituters = [ "https://other.example.com" ]', "flake.nix")(project)


KEPT: dict[str, Callable[[Environment], object]] = {
    "another package": edit(kind="add_packages", names=["jq"]),
    "a removal": edit(kind="remove_packages", names=["git"]),
    "another service": edit(kind="enable", name="postgres"),
    "what is off": edit(kind="set", path="services.mysql.enable", value=False),
    "an allowed language": edit(kind="set", path="languages.python.enable", value=True),
    "an allowed input": edit(kind="set", path="inputs.a.url", value="github:NixOS/nixpkgs/x", file="devenv.yaml"),
    "another library": edit(kind="add_library", names=["is-odd"], language="javascript"),
    "a remark": text("packages", "# mysql84\n  packages"),
}


@pytest.mark.parametrize("way", KEPT.values(), ids=KEPT)
def test_everything_else_stays_editable(project: Environment, way: Callable[[Environment], object]) -> None:
    way(project)


def test_what_was_there_is_told_and_stays_editable(project: Environment) -> None:
    root = project.project.root
    old = "{ pkgs, ... }:\n{\n  packages = [ pkgs.mysql84 ];\n  services.mysql.enable = true;\n}\n"
    (root / "devenv.nix").write_text(old)
    found = [item for item in project.check(level="schema").diagnostics if item.code == "rule_broken"]
    assert [(item.severity, item.subject, item.place.line) for item in found if item.place] == [
        ("warning", "mysql84", 3),
        ("warning", "mysql", 4),
    ]
    assert project.check(level="schema").ok
    edit(kind="add_packages", names=["jq"])(project)
    text("[ pkgs", "[ pkgs.mysql84.dev pkgs")(project)  # what is there already
    edit(kind="disable", name="mysql")(project)
    with pytest.raises(PolicyRefused):
        edit(kind="enable", name="mysql")(project)


def test_an_undo_that_brings_it_back_is_refused(project: Environment) -> None:
    root = project.project.root
    (root / "devkeel.toml").unlink()
    edit(kind="add_packages", names=["mysql84"])(project)
    edit(kind="remove_packages", names=["mysql84"])(project)
    (root / "devkeel.toml").write_text(RULES)
    for call in (project.undo, lambda: project.restore(1)):
        with pytest.raises(PolicyRefused) as caught:
            call()
        assert caught.value.code == "rule_broken"


def test_an_allow_list_is_for_its_own_kind(project: Environment) -> None:
    root = project.project.root
    (root / "devkeel.toml").write_text('[rules.packages]\nallow = ["git", "jq", "python3*"]\n')
    edit(kind="add_packages", names=["jq"])(project)
    edit(kind="add_library", names=["is-odd"], language="javascript")(project)
    with pytest.raises(PolicyRefused) as caught:
        edit(kind="add_packages", names=["htop"])(project)
    assert caught.value.details["rule"] == "rules.packages.allow"


def test_a_lock_names_what_others_bring_along(project: Environment) -> None:
    root = project.project.root
    lock = {"packages": {"node_modules/flatmap-stream": {"version": "1"}}}
    (root / "package-lock.json").write_text(json.dumps(lock))
    found = [item for item in project.check(level="schema").diagnostics if item.code == "rule_broken"]
    assert [(item.subject, item.place.file) for item in found if item.place] == [
        ("javascript:flatmap-stream", "package-lock.json")
    ]


def test_what_a_tool_writes_is_judged_as_well(project: Environment) -> None:
    from devkeel.guard.judge import judge
    from devkeel.guard.question import Question, Replacement, Replacing

    root = project.project.root.resolve()
    act = Replacing("devenv.nix", (Replacement("pkgs.git", "pkgs.git pkgs.mysql84"),))
    answer = judge(Question(act, str(root)), [str(root)])
    assert answer is not None
    assert answer[1].decision == "deny"
