"""The schema rung: what the catalogue of options says of a declaration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks import schema

if TYPE_CHECKING:
    from devkeel.errors import Diagnostic

ALL = {"devenv.yaml": b"inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n"}


def judged(body: str, head: str = "{ pkgs, lib, config, ... }:", **files: bytes) -> list[Diagnostic]:
    others = {name.replace("__", "."): data for name, data in files.items()}
    return schema.check(Candidate.of({"devenv.nix": f"{head}\n{{\n{body}\n}}\n".encode()} | ALL | others))


@pytest.mark.parametrize(
    "body",
    [
        "packages = with pkgs; [ git ];",
        "services.redis.enable = true;",
        "services.redis = { enable = lib.mkDefault true; port = 6380; };",
        "services.redis.port = lib.mkIf config.x 6380;",
        "services.redis.port = config.foo.port;",
        "services = lib.mkMerge [ { redis.enable = true; } (lib.mkIf config.y { postgres.enable = true; }) ];",
        'env = { A = "x"; B = 1; "C-D" = ./.; };',
        'env."A${config.x}" = 1;',
        '"a${config.x}".b = 1;',
        "${lib.toLower config.x}.b = 1;",
        'config."a${config.x}".b = 1;',
        'processes.web = { exec = "x"; ports.http.allocate = 8080; };',
        'tasks."a:b" = { exec = "x"; after = [ "c:d" ]; };',
        "languages.python.package = pkgs.python312;",
        "languages.rust = { enable = true; };",
        'services.postgres.initialDatabases = [ { name = "x"; } ];',
        "git-hooks.hooks.my-own = { };",
        "services.nginx.httpConfig = ''\n  x ${config.y}\n'';",
        "treefmt.config.programs.brand-new.enable = false;",
        "profiles.ci.module = { config, ... }: { nonsense = 1; };",
        "profiles.ci.module = { imports = [ ./x.nix ]; packages = [ ]; };",
        "services.redis = { };",
        'claude.code.agents.helper = { description = "x"; tools = [ "Read" ]; };',
        "_module.args.x = 1;",
        "config._module.freeformType = lib.types.attrsOf lib.types.anything;\nconfig.foo = 1;",
        "freeformType = lib.types.attrsOf lib.types.anything;\nfoo = 1;",
        'processes.a = { exec = "x"; _module.args.x = 1; };',
        "devcontainer.settings.customizations.vscode.settings.a = 1;",
        "services.couchdb.settings.couchdb.max_document_size = 1;",
        "profiles.ci.module = { config.services.redis.enable = true; };",
        'profiles.ci.module = { options.acme.enable = lib.mkEnableOption "x"; config.acme.enable = true; };',
        "profiles.ci.module = { imports = [ inputs.x.m ]; acme.enable = true; };",
        'assertions = [ { assertion = true; message = "x"; } ];',
    ],
)
def test_what_is_right_is_called_right(body: str) -> None:
    assert judged(body) == []


@pytest.mark.parametrize(
    ("body", "code", "line", "suggestion"),
    [
        ("services.rediss.enable = true;", "unknown_option", 3, ("rename", "services.redis")),
        (
            "services = {\n  redsi = {\n    enable = true;\n  };\n};",
            "unknown_option",
            5,
            ("rename", "services.redis"),
        ),
        (
            "languages = lib.mkIf true { pyhton.enable = true; };",
            "unknown_option",
            3,
            ("rename", "languages.python"),
        ),
        ('services.redis.enable = "true";', "wrong_type", 3, ("set", True)),
        ('services.redis.port = lib.mkDefault "6380";', "wrong_type", 3, ("set", 6380)),
        ("services.redis.port = 70000;", "wrong_value", 3, None),
        ('languages.rust.channel = "nihgtly";', "wrong_value", 3, ("set", "nightly")),
        ("services.redis = true;", "wrong_nesting", 3, ("rename", "services.redis.enable")),
        ("services.redis.enable.value = true;", "unknown_option", 3, ("rename", "services.redis.enable")),
        ('packages = "git";', "wrong_type", 3, ("set", None)),
        ('git-hooks.shellHook = "x";', "read_only_option", 3, None),
        ("redis.enable = true;", "renamed_option", 3, ("rename", "services.redis.enable")),
        (
            "profiles.ci.module.services.redsi.enable = true;",
            "unknown_option",
            3,
            ("rename", "profiles.ci.module.services.redis"),
        ),
        ('profiles.ci.module = { services.redis.port = "1"; };', "wrong_type", 3, ("set", 1)),
        ("services.postgres.initialDatabases = [ { name = 1; } ];", "wrong_type", 3, None),
        ('processes.web.exce = "x";', "unknown_option", 3, ("rename", "processes.web.exec")),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_right_edit(
    body: str, code: str, line: int, suggestion: tuple[str, object] | None
) -> None:
    found = judged(body)
    assert [item.code for item in found] == [code]
    assert found[0].place is not None
    assert (found[0].place.file, found[0].place.line) == ("devenv.nix", line)
    if suggestion is None:
        assert found[0].suggestions == ()
        return
    edit = found[0].suggestions[0]
    assert edit["kind"] == suggestion[0]
    assert edit.get("to", edit.get("value")) == suggestion[1]


def test_a_name_that_is_bound_by_let_and_used_as_a_value_is_looked_into() -> None:
    head = '{ pkgs, ... }:\nlet\n  redis = { enable = "yes"; };\nin'
    assert [item.code for item in judged("services.redis = redis;", head)] == ["wrong_type"]


def test_options_of_the_projects_own_are_known() -> None:
    module = b'{ lib, ... }: { options.acme.enable = lib.mkEnableOption "acme"; config.acme.enable = true; }'
    assert judged("imports = [ ./acme.nix ];\nacme.enable = true;", acme__nix=module) == []


def test_modules_from_elsewhere_make_an_unknown_option_a_warning_at_most() -> None:
    imports = "imports = [ inputs.acme.devenvModules.default ];"
    assert judged(f"{imports}\nacme.enable = true;") == []
    found = judged(f"{imports}\nservices.rediss.enable = true;")
    assert [(item.code, item.severity) for item in found] == [("unknown_option", "warning")]


def test_a_file_that_is_no_module_of_the_declaration_is_not_judged() -> None:
    assert judged("packages = [ ];", package__nix=b"{ stdenv }: { services.rediss.enable = 1; }") == []


def test_an_option_that_needs_an_input_says_which_and_how() -> None:
    found = judged('languages.python = { enable = true; version = "3.12"; };')
    assert [(item.code, item.severity) for item in found] == [("missing_input", "error")]
    assert found[0].suggestions[0] == {
        "kind": "set_input",
        "name": "nixpkgs-python",
        "url": "github:cachix/nixpkgs-python",
        "follows": ["nixpkgs"],
        "file": "devenv.yaml",
    }
    assert judged("languages.python = { enable = true; version = config.version; };") == []
    assert judged('languages.python = { enable = false; version = "3.12"; };') == []
    assert judged('languages.python.version = "3.12";') == []
    assert judged("git-hooks.enable = false;\ngit-hooks.hooks.black.enable = true;") == []
    assert judged("git-hooks.hooks.black.enable = false;") == []
    assert [item.code for item in judged("git-hooks.hooks.black.enable = true;")] == ["missing_input"]


def test_a_flake_has_its_inputs_elsewhere() -> None:
    files = {"devenv.nix": b'{ languages.python = { enable = true; version = "3.12"; }; }'}
    assert schema.check(Candidate.of(files, exists={"flake.nix"}.__contains__)) == []


def test_an_input_that_only_the_lock_has_serves() -> None:
    lock = b'{"nodes": {"n": {}, "root": {"inputs": {"nixpkgs-python": "n"}}}, "root": "root", "version": 7}'
    files = {"devenv.nix": b'{ languages.python = { enable = true; version = "3.12"; }; }'} | ALL
    assert [item.code for item in schema.check(Candidate.of(files, {"devenv.lock": lock}))] == ["lock_stale"]


@pytest.mark.parametrize(("modified", "severity"), [(1_700_000_000, "error"), (1_900_000_000, "warning")])
def test_a_devenv_that_is_newer_than_the_table_may_have_more_options(modified: int, severity: str) -> None:
    devenv = {"locked": {"lastModified": modified, "type": "github", "owner": "cachix", "repo": "devenv", "rev": "0"}}
    nodes = {"devenv": devenv, "root": {"inputs": {"devenv": "devenv"}}}
    lock = json.dumps({"nodes": nodes, "root": "root", "version": 7}).encode()
    found = schema.check(Candidate.of({"devenv.nix": b"{ services.rediss.enable = true; }"}, {"devenv.lock": lock}))
    assert [(item.code, item.severity) for item in found] == [("unknown_option", severity)]
    assert "devenv 2.2, built in" in found[0].message


def test_a_name_below_a_list_is_no_element_of_it() -> None:
    found = judged('services.postgres.initialDatabases.foo.name = "x";')
    assert [item.code for item in found] == ["unknown_option"]


def test_text_for_a_package_is_corrected_only_to_one_that_is_known() -> None:
    for name in ("nope-nope", "with", "a..b"):
        found = judged(f'packages = [ "{name}" ];')
        assert [(item.code, item.suggestions) for item in found] == [("wrong_type", ())]


def test_a_relative_text_is_no_import() -> None:
    assert [item.code for item in judged('imports = [ "./x.nix" ];')] == ["wrong_type"]


@pytest.mark.parametrize(
    "body",
    [
        "config = lib.optionalAttrs (options ? x) { x.y = 1; };",
        "config = lib.mkIf config.x { };",
        "config = import ./x.nix;",
        "profiles.a.module.config = lib.mkIf config.x { };",
    ],
)
def test_settings_that_are_computed_as_a_whole_are_no_option(body: str) -> None:
    assert judged(body, "{ lib, config, options, ... }:") == []


@pytest.mark.parametrize(
    ("body", "path", "to"),
    [
        ("postgres = { enable = true; port = 5433; };", "postgres", "services.postgres"),
        ("redis.enable = true;\nredis.port = 6380;", "redis", "services.redis"),
        ('caddy.virtualHosts."http://x".extraConfig = "y";', "caddy", "services.caddy"),
        ("hooks.gofmt.enable = true;", "hooks", "git-hooks.hooks"),
        ('services.scripts.a.exec = "x";', "services.scripts", "scripts"),
    ],
)
def test_a_group_that_was_left_out_is_named_once_for_all_that_stands_in_it(body: str, path: str, to: str) -> None:
    inputs = b"inputs:\n  git-hooks:\n    url: github:cachix/git-hooks.nix\n"
    (finding,) = [item for item in judged(body, devenv__yaml=inputs) if item.code == "unknown_option"]
    assert finding.suggestions[0] | {"file": ""} == {"kind": "rename", "path": path, "to": to, "file": ""}
