"""Ways to change a protected option that are no edit of it, at the lowest level; and edits that are none of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, PolicyRefused, Refused
from devkeel.policy.protected import require_unprotected_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Path]

PLAIN = """\
{ pkgs, lib, config, inputs, ... }:
{
  packages = [ pkgs.git ];
  services.postgres.enable = true;
  services.redis.enable = true;
  env.A = "a";
}
"""
WINDING = """\
{ pkgs, lib, config, inputs, on ? true, ... }:
let
  base = import ./base.nix { inherit pkgs lib config; };
  data = builtins.fromTOML (builtins.readFile ./data.toml);
  switch = lib.mkIf (config.env.DB == "1") true;
  unused = 1;
in
rec {
  imports = [ ./part.nix (import ./called.nix { inherit lib; }) ] ++ lib.optional on ./more.nix;
  packages = with pkgs; [ git ];
  services = { redis.enable = true; } // base.services // { postgres.enable = data.on && own && switch; };
  own = true;
  env.DB = "1";
  env.A = "a";
}
"""
FILES = {
    "base.nix": "{ pkgs, lib, config }: { services = { mysql.enable = false; }; }\n",
    "data.toml": "on = true\n",
    "part.nix": "{ env.PART = true; }\n",
    "called.nix": "{ lib }: { env.CALLED = true; }\n",
    "more.nix": "{ config, ... }: { env.MORE = config.env.A; }\n",
    "off.nix": "{ lib, ... }: { services.postgres.enable = lib.mkForce false; }\n",
    "service.nix": "{ postgres.enable = false; }\n",
    "devenv.yaml": "inputs:\n  nixpkgs:\n    url: github:cachix/nixpkgs\n  tools:\n    url: github:a/b\n",
    ".envrc": 'eval "$(devenv direnvrc)"\nuse devenv\n',
}


def project_of(root: Path, text: str, protected: str = "services.postgres.enable", **files: str) -> Environment:
    (root / "devenv.nix").write_text(text)
    for name, content in {**FILES, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / "devkeel.toml").write_text(f'protected = ["{protected}"]\n')
    return Environment(root, actor="test")


def patch(old: str, new: str, file: str = "devenv.nix") -> dict[str, Any]:
    return {"kind": "replace_text", "old": old, "new": new, "file": file}


def put(text: str) -> dict[str, Any]:
    """Put a line before the last one of PLAIN."""
    return patch('  env.A = "a";\n', f'  env.A = "a";\n  {text}\n')


def wrap(before: str, after: str = "") -> dict[str, Any]:
    """Put text round the module's body of PLAIN."""
    inner = PLAIN.partition("...}:\n")[2] if "...}:\n" in PLAIN else PLAIN.partition("... }:\n")[2]
    return patch(inner.rstrip("\n"), f"{before}{inner.rstrip()}{after}")


def part(text: str) -> dict[str, Any]:
    """Put a line into a file that PLAIN imports."""
    return patch("env.PART = 1;", f"env.PART = 1; {text}", "x.nix")


def refused(environment: Environment, *items: dict[str, Any], create: bool = False) -> None:
    with pytest.raises(PolicyRefused) as caught:
        environment.change(parse_edits([*items]), level="syntax", create=create)
    assert caught.value.code == "protected_option"
    environment.close()


WAYS = {
    # The option itself, however it is spelt.
    "dotted": part("services.postgres.enable = lib.mkForce false;"),
    "nested": put("config = { services = { postgres = { enable = lib.mkForce false; }; }; };"),
    "quoted": part('"services"."postgres"."enable" = lib.mkForce false;'),
    "antiquoted": part('${"services"}.postgres.enable = lib.mkForce false;'),
    "computed": put('${"serv" + "ices"}.postgres.enable = lib.mkForce false;'),
    "computed-text": put('"serv${"ices"}".postgres.enable = lib.mkForce false;'),
    "computed-below": put('services.${"post" + "gres"}.enable = lib.mkForce false;'),
    "old-name": put("postgres.enable = lib.mkForce false;"),
    "under-config": put("config.services.postgres.enable = lib.mkForce false;"),
    "merged": wrap("lib.mkMerge [ (", ") { services.postgres.enable = lib.mkForce false; } ]"),
    "updated": wrap("(", ") // { services = { redis.enable = true; }; }"),
    "updated-by-name": wrap("let x = { services.redis.enable = true; }; in (", ") // x"),
    "updated-by-file": wrap("(", ") // (import ./service.nix)"),
    "updated-deeply": wrap("lib.recursiveUpdate (", ") { services.postgres.enable = false; }"),
    "filtered": wrap("removeAttrs (", ') [ "services" ]'),
    "mapped": wrap("builtins.mapAttrs (_: x: x) (", ")"),
    "set-by-path": wrap("lib.mkMerge [ (", ') (lib.setAttrByPath [ "services" "postgres" "enable" ] false) ]'),
    "conditional": patch("services.postgres.enable = true;", "services.postgres.enable = lib.mkIf (1 == 2) true;"),
    "conditional-above": wrap("lib.mkIf false (", ")"),
    "if-else": wrap("if builtins.pathExists ./no then {} else (", ")"),
    "lowered": patch("services.postgres.enable = true;", "services.postgres.enable = lib.mkOptionDefault true;"),
    "hand-made-condition": put('services._type = "if"; services.condition = false; services.content = { };'),
    "hand-made-override": put('services.postgres = { _type = "override"; priority = 1; content = { }; };'),
    "functor": wrap("{ __functor = _: _: { }; } // (", ")"),
    "emptied": part("services = lib.mkForce { redis.enable = true; };"),
    "inherited": part("inherit (import ./service.nix) services;"),
    "inherited-from-a-name": part("inherit (inputs.tools) services;"),
    "commented-out": {"kind": "comment_out", "path": "services.postgres.enable"},
    "renamed-away": {"kind": "rename", "path": "services.postgres.enable", "to": "services.mysql.enable"},
    "renamed-above": {"kind": "rename", "path": "services.postgres", "to": "services.mysql"},
    "unset-above": {"kind": "unset", "path": "services"},
    "disabled": {"kind": "disable", "name": "postgres"},
    # What its text refers to.
    "true-is-false": wrap("let true = false; in (", ")"),
    "true-from-an-argument": patch("inputs, ... }", "inputs, true ? false, ... }"),
    "true-in-a-rec-set": patch("... }:\n{\n", "... }:\nrec {\n  true = false;\n"),
    "true-inherited": wrap("let inherit (inputs.tools) true; in (", ")"),
    # What brings modules in, or takes them out.
    "imports": {"kind": "set", "path": "imports", "expression": "[ ./off.nix ]"},
    "require": put("require = [ ./off.nix ];"),
    "imports-joined": put("imports = [ ] ++ [ ./off.nix ];"),
    "imports-optional": put("imports = lib.optional true ./off.nix;"),
    "imports-mapped": put('imports = map (x: ./. + x) [ "/off.nix" ];'),
    "imports-inline": put("imports = [ ({ lib, ... }: { services.postgres.enable = lib.mkForce false; }) ];"),
    "imports-inherited": wrap("let imports = [ ./off.nix ]; in { inherit imports; } // (", ")"),
    "imports-inherited-from": put("inherit (import ./list.nix) imports;"),
    "imports-of-a-name": wrap("let list = [ ./off.nix ]; in { imports = list; } // (", ")"),
    "imports-interpolated": put('imports = [ ./${"off"}.nix ];'),
    "imports-text": put('imports = [ "${./off.nix}" ];'),
    "imports-of-an-input": put("imports = [ inputs.tools.devenvModules.default ];"),
    "imports-fetched": put('imports = [ (builtins.fetchTarball "https://example.org/x") ];'),
    "imports-with-a-path": put('imports = [ (lib.path.append ./. "off.nix") ];'),
    "imports-attribute": put("imports = [ (import ./list.nix).first ];"),
    "alias": put('imports = [ (lib.mkAliasOptionModule [ "db" ] [ "services" "postgres" "enable" ]) ];'),
    "renamed-option": put('imports = [ (lib.mkRenamedOptionModule [ "db" ] [ "services" "postgres" ]) ];'),
    "disabled-modules": put('disabledModules = [ "services/postgres.nix" ];'),
    "module-arguments": put("_module.args.lib = { };"),
    "module-arguments-under-config": put("config._module.args.pkgs = { };"),
    "module-arguments-nested": put("config = { _module = { args.pkgs = { }; }; };"),
    "module-key": put('key = "devenv";'),
    "freeform": put("freeformType = null;"),
    "declared-again": put("options.services.postgres.enable = lib.mkOption { apply = _: false; };"),
    "declared-nested": put("options = { services.postgres = { enable = lib.mkOption { default = false; }; }; };"),
    "declared-elsewhere": put("options = import ./list.nix;"),
    # Profiles.
    "profile": put("profiles.ci.module.services.postgres.enable = lib.mkForce false;"),
    "profile-function": put("profiles.ci.module = { lib, ... }: { services.postgres.enable = lib.mkForce false; };"),
    "profile-imports": put("profiles.ci.module.imports = [ ./off.nix ];"),
    "profile-requires": put("profiles.ci.module = { require = [ ./off.nix ]; };"),
    "profile-file": put("profiles.ci.module = ./off.nix;"),
    "profile-import": put("profiles.ci.module = import ./off.nix;"),
    "profile-old-name": put("profiles.ci.module.postgres.enable = lib.mkForce false;"),
    "profile-under-config": put("profiles.ci.module.config.services.postgres.enable = lib.mkForce false;"),
    "profile-by-host": put('profiles.hostname."a.b".module.services.postgres.enable = lib.mkForce false;'),
    "profile-by-user": put("profiles.user.me.module = { services.postgres.enable = lib.mkForce false; };"),
    "profile-computed": put('profiles.${"ci"}.module.services.postgres.enable = lib.mkForce false;'),
    "profile-very-computed": put('profiles = { ${"c" + "i"}.module = ./off.nix; };'),
    "profile-merged": put("profiles = lib.mkMerge [ { ci.module = ./off.nix; } ];"),
    "profile-inherited": put("profiles.ci = { inherit (import ./list.nix) module; };"),
    "profile-arguments": put("profiles.ci.module._module.args.lib = { };"),
    "profiles-elsewhere": put("profiles = import ./list.nix;"),
    # Other files.
    "imports-of-the-inputs-file": {"kind": "set", "path": "imports", "value": ["./off"], "file": "devenv.yaml"},
    "imports-of-an-input-there": {"kind": "set", "path": "imports", "value": ["tools/x"], "file": "devenv.yaml"},
    "the-input-of-the-modules": {
        "kind": "set_input",
        "name": "devenv",
        "url": "github:x/devenv",
        "file": "devenv.yaml",
    },
    "the-input-of-the-library": {"kind": "set_input", "name": "nixpkgs", "url": "github:x/y", "file": "devenv.yaml"},
    "an-input-in-place-of-an-argument": {
        "kind": "set_input",
        "name": "lib",
        "url": "github:x/y",
        "file": "devenv.yaml",
    },
    "the-local-declaration": {
        "kind": "set",
        "path": "services.postgres.enable",
        "expression": "lib.mkForce false",
        "file": "devenv.local.nix",
    },
    "an-override-of-the-entry": patch(
        "use devenv\n", "use devenv --option services.postgres.enable:bool false\n", ".envrc"
    ),
    "a-profile-of-the-entry": patch("use devenv\n", "export DEVENV_PROFILE=ci\nuse devenv\n", ".envrc"),
}


@pytest.mark.parametrize("item", WAYS.values(), ids=WAYS)
def test_a_protected_option_cannot_be_changed_around_it(root: Path, item: dict[str, Any]) -> None:
    text = (
        PLAIN.replace("{\n  packages", "{\n  imports = [ ./x.nix ];\n  packages")
        if item.get("file") == "x.nix"
        else PLAIN
    )
    environment = project_of(root, text, **{"x.nix": "{ lib, inputs, ... }: { env.PART = 1; }\n"})
    (root / "devkeel.toml").rename(root / "aside")
    assert environment.change(parse_edits([item]), level="syntax", create=True, dry_run=True).changed
    (root / "aside").rename(root / "devkeel.toml")
    refused(environment, item, create=True)


# The value comes from as many places as there are.
WINDING_WAYS = {
    "a-file-that-is-merged": patch("mysql.enable = false;", "postgres.enable = false;", "base.nix"),
    "a-file-that-is-imported-and-called": patch(
        "env.CALLED = true;", "services.postgres.enable = false;", "called.nix"
    ),
    "a-file-that-may-be-imported": patch("env.MORE = config.env.A;", "services.postgres.enable = false;", "more.nix"),
    "a-name": patch("(config.env.DB ==", "(config.env.DB !="),
    "a-name-in-a-rec-set": patch("own = true;", "own = false;"),
    "a-name-in-between": patch("in\nrec {", "in\nlet data = { on = false; }; in\nrec {"),
    "an-option-that-is-read": {"kind": "set", "path": "env.DB", "value": "2"},
    "an-option-that-is-read-elsewhere": patch("env.PART = true;", 'env.DB = lib.mkForce "2";', "part.nix"),
    "an-operand": patch("} // base.services", "}"),
    "the-last-operand": patch("own && switch; };", "own && switch; } // { postgres.port = 1; };"),
    "the-order": patch(
        "// base.services // { postgres.enable = data.on && own && switch; };",
        "// { postgres.enable = data.on && own && switch; } // base.services;",
    ),
    "the-condition-of-an-import": patch("lib.optional on ./more.nix", "lib.optional on ./off.nix"),
}


@pytest.mark.parametrize("item", WINDING_WAYS.values(), ids=WINDING_WAYS)
def test_what_a_protected_option_is_made_of_cannot_be_changed(root: Path, item: dict[str, Any]) -> None:
    refused(project_of(root, WINDING, **({"part.nix": "{ lib, ... }: { env.PART = true; }\n"})), item)


def test_data_that_a_protected_option_is_read_from_cannot_be_changed(root: Path) -> None:
    project_of(root, WINDING).close()
    with pytest.raises(PolicyRefused):
        require_unprotected_file((root / "data.toml").resolve(), b"on = true\n", b"on = false\n")
    require_unprotected_file((root / "other.toml").resolve(), None, b"on = false\n")


# Files that no path in the text names.
TOOLS = {
    "devenv.yaml": "inputs:\n  tools:\n    url: path:./tools\n",
    "tools/flake.nix": "{ a = 1; outputs = _: { devenvModules.default = ./module.nix; }; }\n",
    "tools/module.nix": "{ env.TOOL = 1; }\n",
    "tools/sub/devenv.nix": "{ env.TOOL = 1; }\n",
    "on.nix": "true\n",
}
COMPUTED = 'import "${config.devenv.root}/on.nix"'
UNNAMED = {
    "a-module-of-a-local-input": ("imports = [ inputs.tools.devenvModules.default ];", "tools/module.nix"),
    "a-local-input": ("imports = [ inputs.tools.devenvModules.default ];", "tools/flake.nix"),
    "a-folder-of-a-local-input": ("", "tools/sub/devenv.nix"),
    "below-the-root-as-an-option": (f"services.postgres.enable = lib.mkForce ({COMPUTED});", "on.nix"),
    "below-this-flake": ('services.postgres.port = import "${inputs.self}/on.nix";', "on.nix"),
    "below-the-working-directory": ('services.postgres.enable = import (builtins.getEnv "PWD" + "/on.nix");', "on.nix"),
    "a-variable-of-the-entry": ('services.postgres.enable = builtins.getEnv "PG" == "";', ".envrc"),
}


@pytest.mark.parametrize(("text", "file"), UNNAMED.values(), ids=UNNAMED)
def test_files_that_a_protected_option_is_read_from_by_no_path_cannot_be_changed(
    root: Path, text: str, file: str
) -> None:
    yaml = TOOLS["devenv.yaml"] + ("" if text else "imports:\n  - tools/sub\n")
    files = {**TOOLS, "devenv.yaml": yaml}
    body = PLAIN.replace("{\n  packages", f"{{\n  {text}\n  packages")
    if "services.postgres" in text:
        body = body.replace("  services.postgres.enable = true;\n", "")
    environment = project_of(root, body, "services.postgres", **files)
    old, new = {"on.nix": ("true", "false"), ".envrc": ("use devenv", "export PG=1\nuse devenv")}.get(
        file, ("env.TOOL = 1", "env.TOOL = 2") if "flake" not in file else ("a = 1", "a = 2")
    )
    refused(environment, patch(old, new, file))


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        (
            'services.postgres.package = (import inputs.nixpkgs { }).hello;\n  env.B = "${config.devenv.root}/x";',
            {"kind": "set", "path": "x", "value": 1, "file": "unused.nix"},
        ),
        (
            'services.postgres.package = import "${inputs.nixpkgs}/x.nix";',
            {"kind": "set", "path": "x", "value": 1, "file": "unused.nix"},
        ),
        (
            'services.postgres.port = builtins.getEnv "PG";',
            patch("use devenv\n", "export PORT=1\nuse devenv\n", ".envrc"),
        ),
        ("", patch("env.TOOL = 1", "env.TOOL = 2", "tools/module.nix")),
    ],
)
def test_files_that_it_is_not_read_from_may_be_changed(root: Path, text: str, edit: dict[str, Any]) -> None:
    body = PLAIN.replace("{\n  packages", f"{{\n  {text}\n  packages")
    environment = project_of(root, body, "services.postgres", **TOOLS)
    assert environment.change(parse_edits([edit]), level="syntax", create=True).published
    environment.close()


# What none of this keeps from being edited.

ORDINARY = [
    {"kind": "set", "path": "env.A", "value": "b"},
    {"kind": "set", "path": "env.NEW", "expression": "config.env.A"},
    {"kind": "unset", "path": "env.A"},
    {"kind": "comment_out", "path": "env.A"},
    {"kind": "enable", "name": "mysql"},
    {"kind": "enable", "name": "python"},
    {"kind": "set", "path": "services.mysql.settings", "expression": "{ port = 1; }"},
    {"kind": "set", "path": "scripts.hello.exec", "value": "echo hello"},
    {"kind": "set", "path": "processes.web.exec", "expression": '"${pkgs.hello}/bin/hello"'},
    {"kind": "set", "path": "languages.rust.channel", "value": "stable"},
    {"kind": "set", "path": "git-hooks.hooks.ruff.enable", "value": True},
    {"kind": "set", "path": "enterShell", "value": "echo hello"},
    {"kind": "append", "path": "imports", "expression": "./calm.nix"},
    {"kind": "set", "path": "dotenv.enable", "value": True},
    {"kind": "set", "path": "profiles.ci.module.env.A", "value": "ci"},
    {"kind": "set", "path": "profiles.full.extends", "value": ["ci"]},
    {"kind": "set", "path": "overlays", "expression": "[ (final: prev: { }) ]"},
    {"kind": "set_input", "name": "rust-overlay", "url": "github:oxalica/rust-overlay", "file": "devenv.yaml"},
    {"kind": "set_input", "name": "tools", "url": "github:a/c", "file": "devenv.yaml"},
    {"kind": "remove_input", "name": "tools", "file": "devenv.yaml"},
    {"kind": "set", "path": "nixpkgs.allow_unfree", "value": True, "file": "devenv.yaml"},
    {"kind": "append", "path": "imports", "value": "./calm", "file": "devenv.yaml"},
    {"kind": "set", "path": "env.LOCAL", "value": "1", "file": "devenv.local.nix"},
    {"kind": "set", "path": "x", "value": 1, "file": "unused.nix"},
    {"kind": "set", "path": "A", "value": 1, "file": "calm.nix"},
    patch("use devenv\n", "# a note\nuse devenv\nexport PORT=1\n", ".envrc"),
    {"kind": "append", "path": 'tasks."app:setup".exec', "value": "make setup"},
    {"kind": "set", "path": "options.mine.enable", "expression": "lib.mkOption { default = false; }"},
]
CALM = {"calm.nix": "{ ... }: { env.CALM = true; }\n", "calm/devenv.nix": "{ env.CALMER = true; }\n"}
NESTED = """\
{ pkgs, lib, config, inputs, ... }:

let
  cfg = config.services.redis;
  tools = with pkgs; [ jq ];
in
{
  imports = [ inputs.tools.devenvModules.default ./part.nix ];
  packages = [ pkgs.git ] ++ tools;
  env = { A = "a"; URL = "redis://${cfg.bind}:${toString cfg.port}"; };
  services = {
    postgres = {
      enable = true; # never off
      initialDatabases = [ { name = "app"; } ];
    };
    redis.enable = true;
  };
}
"""
MERGED = """\
{ pkgs, lib, config, inputs, ... }@args:
lib.mkMerge [
  { env.A = "a"; services.postgres.enable = true; }
  (lib.mkIf pkgs.stdenv.isLinux { packages = [ pkgs.git ]; })
  (import ./called.nix { inherit lib; })
]
"""
DECLARATIONS = {"plain": PLAIN, "winding": WINDING, "nested": NESTED, "merged": MERGED}


@pytest.mark.parametrize("protected", ["services.postgres.enable", "services.postgres"])
@pytest.mark.parametrize("text", DECLARATIONS.values(), ids=DECLARATIONS)
def test_ordinary_edits_pass(root: Path, text: str, protected: str) -> None:
    refusals = []
    for number, item in enumerate(ORDINARY):
        uses_tools = text is NESTED and item.get("name") == "tools"
        packages = protected == "services.postgres" and item.get("path") == "overlays" and text is not PLAIN
        folder = root / str(number)
        folder.mkdir()
        environment = project_of(folder, text, protected, **CALM)
        try:
            environment.change(parse_edits([item]), level="syntax", create=True)
        except PolicyRefused as error:
            if not uses_tools and not packages:
                refusals.append((item, error.message))
        except (CheckFailed, Refused):
            pass  # not an edit of this declaration
        environment.close()
    assert refusals == []


@pytest.mark.parametrize(
    "item",
    [
        *[item for item in ORDINARY if item.get("path") != "overlays"],
        {"kind": "set", "path": "services.redis.package", "expression": "pkgs.redis"},
    ],
)
def test_ordinary_edits_pass_where_packages_are_protected(root: Path, item: dict[str, Any]) -> None:
    environment = project_of(root, PLAIN, "packages", **CALM)
    assert environment.change(parse_edits([item]), level="syntax", create=True).published
    environment.close()


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "add_packages", "names": ["jq"]},
        {"kind": "remove_packages", "names": ["git"]},
        {"kind": "set", "path": "overlays", "expression": "[ (final: prev: { git = prev.hello; }) ]"},
        {"kind": "set", "path": "inputs.tools.overlays", "value": ["default"], "file": "devenv.yaml"},
        {"kind": "set", "path": "nixpkgs.cuda_support", "value": True, "file": "devenv.yaml"},
        {"kind": "set", "path": "packages", "expression": "[ ]", "file": "devenv.local.nix"},
        {"kind": "set", "path": "profiles.ci.module.packages", "expression": "[ pkgs.jq ]"},
        wrap("let pkgs = inputs.tools; in (", ")"),
    ],
)
def test_protected_packages_cannot_be_changed(root: Path, item: dict[str, Any]) -> None:
    environment = project_of(root, PLAIN, "packages")
    with pytest.raises(PolicyRefused):
        environment.change(parse_edits([item]), level="syntax", create=True)
    environment.close()


# What Nix says of it.


def pinned(make: Make, text: str, protected: str, files: dict[str, str] | None = None) -> Environment:
    return Environment(make(text, {"devkeel.toml": f'protected = ["{protected}"]\n', **(files or {})}), actor="test")


@pytest.mark.nix
@pytest.mark.parametrize("level", ["syntax", "schema", "evaluation", None])
def test_what_a_module_makes_of_another_option_counts(pinned_project: Make, level: str | None) -> None:
    environment = pinned(pinned_project, "packages = [ pkgs.git ];", "packages")
    with pytest.raises(PolicyRefused):
        environment.change(parse_edits([{"kind": "enable", "name": "go"}]), level=level)
    assert environment.change(parse_edits([{"kind": "set", "path": "env.A", "value": "x"}]), level=level).published
    environment.close()


@pytest.mark.nix
def test_an_option_that_is_read_may_change_where_the_value_stays(pinned_project: Make) -> None:
    text = 'services.redis.enable = config.name != "";\n  name = "1";'
    environment = pinned(pinned_project, text, "services.redis.enable")

    def set_to(**value: str) -> list[Any]:
        return parse_edits([{"kind": "set", "path": "name", **value}])

    assert environment.change(set_to(value="2"), level="syntax").published
    for wrong in ({"value": ""}, {"expression": 'if builtins.pathExists ./x then "" else "1"'}):
        with pytest.raises(PolicyRefused):
            environment.change(set_to(**wrong), level="syntax")
    environment.close()


@pytest.mark.nix
def test_a_declaration_that_nix_could_no_longer_evaluate_is_refused_at_every_level(pinned_project: Make) -> None:
    environment = pinned(pinned_project, "services.redis.enable = true;", "services.redis.enable")
    wrong = parse_edits([{"kind": "set", "path": "services.reddis.enable", "value": True}])
    with pytest.raises(PolicyRefused):
        environment.change(wrong, level="syntax")
    with pytest.raises(CheckFailed):
        environment.change(wrong)
    environment.close()


@pytest.mark.nix
def test_a_syntax_error_is_told_as_one(pinned_project: Make) -> None:
    environment = pinned(pinned_project, "services.redis.enable = true;", "services.redis.enable")
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([patch("= true;", "= true")]))
    assert caught.value.code == "syntax_error"
    environment.close()


@pytest.mark.nix
@pytest.mark.parametrize(
    ("glob", "changes"),
    [
        ("services.*.enable", True),
        ("services.*.port", False),
        ("services.re?is.**", True),
        ("nothing.*.there", False),
        ("env.B*", False),
    ],
)
def test_nix_is_asked_what_every_option_is_that_a_glob_fits(pinned_project: Make, glob: str, changes: bool) -> None:
    root = pinned_project('services.redis.enable = config.env.A == "a"; env.A = "a";')
    (root / "devkeel.toml").write_text(f'protected = ["{glob}"]\n')
    environment = Environment(root, actor="test")
    edits = parse_edits([{"kind": "set", "path": "env.A", "value": "b"}])
    if not changes:
        assert environment.change(edits, level="schema").published
        return
    with pytest.raises(PolicyRefused) as caught:
        environment.change(edits, level="schema")
    assert caught.value.seen == glob
