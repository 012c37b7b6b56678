"""A protected option cannot be changed, hidden or brought in, by whichever edit; everything else stays editable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import PolicyRefused

if TYPE_CHECKING:
    from pathlib import Path

DECLARATION = """\
{ pkgs, lib, config, ... }:
let
  port = 5432;
  shown = "x";
in
{
  # about git
  packages = [ pkgs.git ];
  imports = [ ./quiet.nix ];
  services.postgres = {
    enable = true;
    settings.port = port;
  };
  services.redis.enable = true;
  env.SHOWN = shown;
}
"""


@pytest.fixture
def project(root: Path) -> Environment:
    (root / "devenv.nix").write_text(DECLARATION)
    (root / "quiet.nix").write_text("{ env.QUIET = true; }\n")
    (root / "calm.nix").write_text("{ ... }: { config.env.CALM = true; imports = [ ]; }\n")
    (root / "loud.nix").write_text("{ lib, ... }: { services = lib.mkForce { }; }\n")
    (root / "nested.nix").write_text("{ imports = [ ./loud.nix ]; }\n")
    (root / "strange.nix").write_text("{ pkgs, ... }: import ./elsewhere.nix\n")
    (root / "devenv.yaml").write_text("inputs: {}\n")
    (root / "devkeel.toml").write_text('protected = ["services.postgres"]\n')
    return Environment(root, actor="test")


def patch(old: str, new: str, **more: Any) -> dict[str, Any]:
    return {"kind": "replace_text", "old": old, "new": new, **more}


def put(new: str) -> dict[str, Any]:
    return patch("  env.SHOWN", f"  {new}\n  env.SHOWN")


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "set", "path": "postgres.enable", "expression": "lib.mkForce false"},
        {"kind": "set", "path": "profiles.ci.module.services.postgres.enable", "expression": "lib.mkForce false"},
        {"kind": "set", "path": "profiles.ci.module.postgres.enable", "value": False},
        {"kind": "set", "path": "services.postgres.enable", "value": False},
        {"kind": "unset", "path": "services.postgres"},
        {"kind": "disable", "name": "postgres"},
        patch("    enable = true;", "    enable = lib.mkForce true;"),
        patch("services.postgres = {", "services.postgres = lib.mkIf false {"),
        patch("port = 5432", "port = 1"),
        patch("settings.port = port", "settings.port = config.env.PORT"),
        put("config = import ./x.nix;"),
        put("services.${config.env.SHOWN}.enable = false;"),
        put("${config.env.SHOWN} = { };"),
        put("disabledModules = [ ./quiet.nix ];"),
        put("inherit (import ./x.nix) services;"),
        patch("{ pkgs, lib, config, ... }:\nlet", "{ pkgs, lib, config, ... }:\nlet inherit (import ./x.nix) port;"),
        patch("in\n{", "in\nwith import ./x.nix;\n{"),
        {"kind": "append", "path": "imports", "expression": "./loud.nix"},
        {"kind": "append", "path": "imports", "expression": "./nested.nix"},
        {"kind": "append", "path": "imports", "expression": "./strange.nix"},
        {"kind": "append", "path": "imports", "expression": "./missing.nix"},
        {"kind": "append", "path": "imports", "expression": "(import ./loud.nix)"},
        {"kind": "append", "path": "imports", "value": "./part", "file": "devenv.yaml"},
        {"kind": "set", "path": "services.postgres.enable", "value": False, "file": "quiet.nix"},
        patch(
            "{ env.QUIET = true; }",
            "{ lib, ... }: lib.mkMerge [ (import ./x.nix) { env.QUIET = true; } ]",
            file="quiet.nix",
        ),
        patch("{ env.QUIET", "import ./x.nix // { env.QUIET", file="quiet.nix"),
        patch("{ env.QUIET", "{ imports = [ ./loud.nix ]; env.QUIET", file="quiet.nix"),
    ],
)
def test_what_changes_hides_or_brings_in_a_protected_option_is_refused(
    project: Environment, item: dict[str, Any]
) -> None:
    with pytest.raises(PolicyRefused) as caught:
        project.change(parse_edits([item]))
    assert caught.value.code == "protected_option"


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "add_packages", "names": ["jq"]},
        {"kind": "set", "path": "services.redis.port", "value": 1},
        {"kind": "set", "path": "services.mysql.enable", "value": True},
        {"kind": "set", "path": "env.A", "expression": "lib.mkForce config.env.SHOWN"},
        {"kind": "append", "path": "imports", "expression": "./calm.nix"},
        {"kind": "append", "path": "imports", "expression": "(import ./quiet.nix)"},
        {"kind": "remove", "path": "imports", "expression": "./quiet.nix"},
        {"kind": "set", "path": "inputs.a.url", "value": "github:a/b", "file": "devenv.yaml"},
        patch('shown = "x"', 'shown = "y"'),
        patch("# about git", "# about git and more"),
        patch("services.postgres = {\n", "services.postgres = {\n    # never off\n\n"),
        patch("{ pkgs, lib, config, ... }", "{ pkgs, lib, config, inputs, ... }"),
        patch(
            "{ env.QUIET = true; }", "{ lib, ... }: { config = lib.mkIf true { env.QUIET = 1; }; }", file="quiet.nix"
        ),
    ],
)
def test_everything_else_stays_editable(project: Environment, item: dict[str, Any]) -> None:
    assert project.change(parse_edits([item])).published


def test_what_a_declaration_that_is_a_link_imports_counts(root: Path) -> None:
    files = {"nix/real.nix": "{ imports = [ ./x.nix ]; }", "nix/x.nix": "{ services.postgres.enable = true; }"}
    for name, text in (files | {"x.nix": "{ }", "devkeel.toml": 'protected = ["services.postgres"]'}).items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"{text}\n")
    (root / "devenv.nix").unlink(missing_ok=True)
    (root / "devenv.nix").symlink_to("nix/real.nix")
    edit = {"kind": "set", "path": "services.postgres.enable", "value": False, "file": "nix/x.nix"}
    with pytest.raises(PolicyRefused):
        Environment(root, actor="test").change(parse_edits([edit]), level="schema")


def test_what_an_inherited_attribute_comes_from_counts(root: Path) -> None:
    text = "let s = { enable = true; }; in { services.postgres = { inherit (s) enable; }; }\n"
    (root / "devenv.nix").write_text(text)
    (root / "devkeel.toml").write_text('protected = ["services.postgres.enable"]\n')
    environment = Environment(root, actor="test")
    with pytest.raises(PolicyRefused):
        environment.change(parse_edits([patch("enable = true", "enable = false")]))


GLOBS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "any service's switch": ("services.*.enable", {"kind": "enable", "name": "mysql"}, False),
    "its old name": ("services.*.enable", {"kind": "set", "path": "redis.enable", "value": False}, False),
    "what stands above": (
        "services.*.enable",
        patch("services.redis.enable = true;", "services.redis = import ./x.nix;"),
        False,
    ),
    "what brings all": ("services.*.enable", {"kind": "append", "path": "imports", "expression": "./loud.nix"}, False),
    "another option beside it": ("services.*.enable", {"kind": "set", "path": "services.redis.port", "value": 1}, True),
    "what is below": (
        "services.postgres.**",
        {"kind": "set", "path": "services.postgres.settings.port", "value": 1},
        False,
    ),
    "all of a family": ("processes.*", {"kind": "set", "path": "processes.web.exec", "value": "true"}, False),
    "what its name fits": ("env.S*N", {"kind": "set", "path": "env.SHOWN", "value": "y"}, False),
    "what its name does not fit": ("env.S*N", {"kind": "set", "path": "env.SHOW", "value": "y"}, True),
    "one character": ("env.SHOW?", {"kind": "set", "path": "env.SHOWN", "value": "y"}, False),
    "a star in quotes": ('env."*"', {"kind": "set", "path": "env.SHOWN", "value": "y"}, True),
    "a computed name": ("env.S*", put("env.${config.env.QUIET} = 1;"), False),
    "a profile": (
        "services.*.enable",
        {"kind": "set", "path": "profiles.ci.module.services.mysql.enable", "value": True},
        False,
    ),
    "everything": ("*", {"kind": "set", "path": "a.b", "value": 1}, False),
}


@pytest.mark.parametrize(("glob", "item", "allowed"), GLOBS.values(), ids=GLOBS)
def test_a_glob_protects_every_option_that_it_fits(
    project: Environment, root: Path, glob: str, item: dict[str, Any], allowed: bool
) -> None:
    (root / "devkeel.toml").write_text(f"protected = ['{glob}']\n")
    environment = Environment(root, actor="test")
    if allowed:
        assert environment.change(parse_edits([item]), level="schema").published
        return
    with pytest.raises(PolicyRefused) as caught:
        environment.change(parse_edits([item]), level="schema")
    assert (caught.value.code, caught.value.seen) == ("protected_option", glob)
