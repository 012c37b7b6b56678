"""Two values of one option: an error where nixpkgs' module system refuses them, and never where it takes them.

The verdicts of `evalModules` are asked for where DEVKEEL_REAL_MODULES names a folder with a checkout of nixpkgs.lib.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.catalogue.merging import conflict
from devkeel.catalogue.types import parse_type
from devkeel.checks.conflicts import check_conflicts
from devkeel.checks.modules import World
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed
from devkeel.source import nix

if TYPE_CHECKING:
    from devkeel.api import Environment

MODULES = os.environ.get("DEVKEEL_REAL_MODULES")
NIX = shutil.which("nix-instantiate")

# A type by its phrase, as nixpkgs has it, and values of it and beside it.
TYPES = {
    "boolean": "types.bool",
    "signed integer": "types.int",
    "16 bit unsigned integer; between 0 and 65535 (both inclusive)": "types.port",
    "floating point number": "types.float",
    "string": "types.str",
    "non-empty string": "types.nonEmptyStr",
    'strings concatenated with "\\n"': "types.lines",
    'strings concatenated with ","': "types.commas",
    "absolute path": "types.path",
    "list of string": "types.listOf types.str",
    "attribute set of string": "types.attrsOf types.str",
    'one of "a", "b"': 'types.enum [ "a" "b" ]',
    "null or string": "types.nullOr types.str",
    "null or boolean": "types.nullOr types.bool",
    'null or strings concatenated with "\\n"': "types.nullOr types.lines",
    "string or list of string": "types.either types.str (types.listOf types.str)",
    "boolean or signed integer or string": "types.oneOf [ types.bool types.int types.str ]",
    "null or string or absolute path": "types.nullOr (types.either types.str types.path)",
    "anything": "types.anything",
    "unspecified value": "types.unspecified",
    "submodule": "types.submodule { options.a = lib.mkOption { type = types.str; }; }",
}
VALUES: list[Any] = [True, False, 1, 2, 1.5, 2.5, "a", "b", "/a", "/b", None, ["a"], ["b"], {"a": "a"}, {"a": "b"}, {}]


def pairs() -> list[tuple[str, Any, Any]]:
    found = [(phrase, *pair) for phrase in TYPES for pair in itertools.product(VALUES, VALUES)]
    # A text with a slash is a module to a submodule, and there is none.
    return [case for case in found if case[0] != "submodule" or not {"/a", "/b"} & {*map(str, case[1:])}]


# Of those that are of the type, the pairs that nixpkgs' evalModules refuses (2026-06): all that differ.
REFUSED = {
    "boolean": [(True, False)],
    "signed integer": [(1, 2)],
    "floating point number": [(1.5, 2.5)],
    "string": [("a", "b")],
    'one of "a", "b"': [("a", "b")],
    "null or string": [("a", "b"), (None, "a")],
    "string or list of string": [("a", "b"), ("a", ["a"])],
    "boolean or signed integer or string": [(True, False), (1, "a")],
    "anything": [("a", "b"), (1, "a"), (True, 1)],
}
TAKEN = {
    "boolean": [(True, True)],
    "string": [("a", "a")],
    'strings concatenated with "\\n"': [("a", "b")],
    'null or strings concatenated with "\\n"': [("a", "b")],
    "list of string": [(["a"], ["b"])],
    "attribute set of string": [({"a": "a"}, {"b": "b"})],
    "null or string": [(None, None)],
    "string or list of string": [(["a"], ["b"])],
    "submodule": [({"a": "a"}, {})],
    "unspecified value": [("a", "b")],
    "anything": [("a", "a"), ({}, {})],
}


@pytest.mark.parametrize(
    ("phrase", "one", "other", "refused"),
    [
        *((phrase, *pair, True) for phrase, found in REFUSED.items() for pair in found),
        *((phrase, *pair, False) for phrase, found in TAKEN.items() for pair in found),
    ],
)
def test_a_type_takes_two_values_or_is_certain_to_refuse_them(phrase: str, one: Any, other: Any, refused: bool) -> None:
    assert conflict(parse_type(phrase), one, other) is refused
    assert conflict(parse_type(phrase), other, one) is refused


@pytest.mark.nix
@pytest.mark.skipif(not MODULES, reason="DEVKEEL_REAL_MODULES is not set")
def test_nothing_that_the_module_system_takes_is_called_a_conflict() -> None:
    cases = pairs()
    asked = "\n".join(
        f"(ok ({TYPES[phrase]}) ({nix.print_value(one)}) ({nix.print_value(other)}))" for phrase, one, other in cases
    )
    text = f"""
      let lib = import {MODULES}/nixpkgs.lib/lib; inherit (lib) types;
      ok = type: one: other: (builtins.tryEval (builtins.deepSeq (lib.evalModules {{ modules = [
        {{ options.x = lib.mkOption {{ inherit type; }}; }} {{ x = one; }} {{ x = other; }}
      ]; }}).config.x true)).success;
      in [ {asked} ]"""
    verdicts = evaluated(text)
    wrong = [
        case for case, taken in zip(cases, verdicts, strict=True) if taken and conflict(parse_type(case[0]), *case[1:])
    ]
    assert not wrong
    missed = [
        case
        for case, taken in zip(cases, verdicts, strict=True)
        if not taken
        and all(parse_type(case[0]).accepts(value) for value in case[1:])
        and not conflict(parse_type(case[0]), *case[1:])
    ]
    assert {case[0] for case in missed} <= {"unspecified value", "anything", "attribute set of string", "submodule"}


def evaluated(text: str) -> list[bool]:
    assert NIX is not None
    argv = [NIX, "--eval", "--strict", "--json", "-"]
    found = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]
    verdicts: list[bool] = json.loads(found.stdout)
    return verdicts


# What two files say of env.A beside `{ env.A = "1"; }`, and whether the module system refuses it.
MAIN = "{ pkgs, lib, ... }:\n{\n  imports = [ ./other.nix ];\n  %s\n}\n"
OTHER = "{ pkgs, lib, config, ... }:\n%s\n"
PYTHON = "languages.python.package"
DECLARATIONS: dict[str, tuple[str, str, bool]] = {
    "two plain ones": ('env.A = "1";', '{ env.A = "2"; }', True),
    "two equal ones": ('env.A = "1";', '{ env.A = "1"; }', False),
    "in a set": ('env = { A = "1"; };', '{ env = { A = "2"; B = "3"; }; }', True),
    "of a let's body": ('env.A = "1";', 'let x = 1; in { env.A = "2"; }', True),
    "under config": ('env.A = "1";', '{ config.env.A = "2"; }', True),
    "two elements of one mkMerge": ("", 'lib.mkMerge [ { env.A = "1"; } { env.A = "2"; } ]', True),
    "an attribute that is there twice": ("", '{ env.A = "1"; env.A = "2"; }', False),
    "a default": ('env.A = "1";', '{ env.A = lib.mkDefault "2"; }', False),
    "two defaults": ('env.A = lib.mkDefault "1";', '{ env.A = lib.mkDefault "2"; }', True),
    "two defaults below a plain one": (
        'env = lib.mkMerge [ { A = "1"; } { A = lib.mkDefault "2"; } ];',
        '{ env.A = lib.mkDefault "3"; }',
        False,
    ),
    "a forced one": ('env.A = "1";', '{ env.A = lib.mkForce "2"; }', False),
    "two forced ones": ('env.A = lib.mkForce "1";', '{ env.A = lib.mkForce "2"; }', True),
    "forced by a number": ('env.A = lib.mkForce "1";', '{ env.A = lib.mkOverride 50 "2"; }', True),
    "a stronger number": ('env.A = lib.mkForce "1";', '{ env.A = lib.mkOverride 49 "2"; }', False),
    "a forced default": ('env.A = "1";', '{ env.A = lib.mkForce (lib.mkDefault "2"); }', False),
    "under a condition": ('env.A = "1";', '{ env.A = lib.mkIf false "2"; }', False),
    "a set under a condition": ('env.A = "1";', 'lib.mkIf false { env.A = "2"; }', False),
    "a condition within mkMerge": ('env.A = "1";', 'lib.mkMerge [ (lib.mkIf false { env.A = "2"; }) ]', False),
    "a set that is forced": ('env.A = "1";', '{ env = lib.mkForce { A = "2"; }; }', False),
    "a set that is a default": ('env.A = "1";', '{ env = lib.mkDefault { A = "2"; }; }', False),
    "what is overshadowed": ("", '{ env = { A = "1"; } // { A = "2"; }; }', False),
    "what is overshadowed above": ('env.A = "2";', '{ env.A = "1"; } // { env.A = "2"; }', False),
    "what a let has and nothing uses": ('env.A = "1";', 'let x = { env.A = "2"; }; in { }', False),
    "what is computed": ('env.A = "1";', '{ env.A = "${config.env.B or "1"}"; }', False),
    "lines": ('enterShell = "a";', '{ enterShell = "b"; }', False),
    "lists": ('cachix.pull = [ "a" ];', '{ cachix.pull = [ "b" ]; }', False),
    "a switch": ("services.redis.enable = true;", "{ services.redis.enable = false; }", True),
    "a number": ("services.redis.port = 1;", "{ services.redis.port = 2; }", True),
    "null and a text": ("languages.python.version = null;", '{ languages.python.version = "3.12"; }', True),
    "a text and a list": ('dotenv.filename = ".env";', '{ dotenv.filename = [ ".a" ]; }', True),
    "two packages": (f"{PYTHON} = pkgs.python311;", f"{{ {PYTHON} = pkgs.python312; }}", True),
    "the same package twice": (f"{PYTHON} = pkgs.python311;", f"{{ {PYTHON} = pkgs.python311; }}", True),
    "packages that functions make": (
        f"{PYTHON} = pkgs.python311.withPackages (p: [ ]);",
        f"{{ {PYTHON} = pkgs.python311.override {{ }}; }}",
        True,
    ),
    "two forced packages": (f"{PYTHON} = lib.mkForce pkgs.a;", f"{{ {PYTHON} = lib.mkForce pkgs.b; }}", True),
    "a default package": (f"{PYTHON} = lib.mkDefault pkgs.a;", f"{{ {PYTHON} = pkgs.b; }}", False),
    "a forced package": (f"{PYTHON} = pkgs.a;", f"{{ {PYTHON} = lib.mkForce pkgs.b; }}", False),
    "a package under a condition": (f"{PYTHON} = pkgs.a;", f"{{ {PYTHON} = lib.mkIf false pkgs.b; }}", False),
    "a package with a computed priority": (
        f"{PYTHON} = pkgs.a;",
        f"let weak = lib.mkDefault; in {{ {PYTHON} = weak pkgs.b; }}",
        False,
    ),
    "packages of a list": ("packages = [ pkgs.a ];", "{ packages = [ pkgs.b ]; }", False),
    "a profile": ('env.A = "1";', '{ profiles.x.module.env.A = "2"; }', False),
    "an option of the project's own": (
        'my.x = "1";',
        '{ options.my.x = lib.mkOption { type = lib.types.lines; }; config.my.x = "2"; }',
        False,
    ),
    "a file that is imported under a condition": (
        'env.A = "1"; } // { imports = lib.optional false ./other.nix;',
        '{ env.A = "2"; }',
        False,
    ),
}


def found(files: dict[str, str]) -> list[str]:
    subject = Candidate.of({name: text.encode() for name, text in files.items()})
    return [item.code for item in check_conflicts(subject, World.of(subject))]


@pytest.mark.parametrize("name", DECLARATIONS)
def test_two_values_are_a_finding_where_they_are_certain_to_clash(name: str) -> None:
    main, other, refused = DECLARATIONS[name]
    assert found({"devenv.nix": MAIN % main, "other.nix": OTHER % other}) == ["conflicting_definitions"] * refused


def test_what_was_not_read_may_force_a_value_so_that_the_finding_is_a_warning() -> None:
    main = '{ inputs, ... }: { imports = [ inputs.x.y ]; env.A = "1"; }'
    subject = Candidate.of({"devenv.nix": main.encode(), "devenv.local.nix": b'{ env.A = "2"; }'})
    assert [item.severity for item in check_conflicts(subject, World.of(subject))] == ["warning"]


@pytest.mark.nix
@pytest.mark.skipif(not MODULES, reason="DEVKEEL_REAL_MODULES is not set")
def test_the_module_system_refuses_what_is_found_and_nothing_else() -> None:
    options = """{ options = {
        env = lib.mkOption {
          default = { };
          type = types.submodule { freeformType = types.lazyAttrsOf types.anything; };
        };
        enterShell = lib.mkOption { type = types.lines; default = ""; };
        cachix.pull = lib.mkOption { type = types.listOf types.str; default = [ ]; };
        languages.python.package = lib.mkOption { type = types.package; default = pkgs.a; };
        packages = lib.mkOption { type = types.listOf types.package; default = [ ]; };
        services.redis.enable = lib.mkOption { type = types.bool; default = false; };
        services.redis.port = lib.mkOption { type = types.port; default = 1; };
        languages.python.version = lib.mkOption { type = types.nullOr types.str; default = null; };
        dotenv.filename = lib.mkOption { type = types.either types.str (types.listOf types.str); default = ".env"; };
        profiles = lib.mkOption { type = types.unspecified; default = { }; };
      }; }"""
    asked = "\n".join(
        f"(ok [ ({(MAIN % main).replace('imports = [ ./other.nix ];', '')}) ({OTHER % other}) ])"
        for name, (main, other, _) in DECLARATIONS.items()
        if "imported under" not in name and "twice" not in name
    )
    text = f"""
      let lib = import {MODULES}/nixpkgs.lib/lib; inherit (lib) types; options = {options};
      made = name: {{ inherit name; type = "derivation"; outPath = "/nix/store/${{name}}"; }};
      python = name: made name // {{ withPackages = _: made "${{name}}-with"; override = _: made "${{name}}-other"; }};
      pkgs = lib.genAttrs [ "a" "b" ] made // lib.genAttrs [ "python311" "python312" ] python;
      ok = modules: (builtins.tryEval (builtins.deepSeq (lib.evalModules {{
        specialArgs = {{ inherit pkgs; }}; modules = [ options ] ++ modules; }}).config true)).success;
      in [ {asked} ]"""
    names = [name for name in DECLARATIONS if "imported under" not in name and "twice" not in name]
    wrong = [name for name, taken in zip(names, evaluated(text), strict=True) if taken is DECLARATIONS[name][2]]
    assert not wrong


def test_an_edit_that_adds_a_conflict_is_refused_with_the_ways_out_and_an_old_one_is_not_in_the_way(
    environment: Environment,
) -> None:
    root = environment.project.root
    root.joinpath("devenv.nix").write_text('{ pkgs, ... }:\n{\n  env.A = "1";\n}\n')
    root.joinpath("devenv.local.nix").write_text("{ }\n")
    change = {"kind": "set", "path": "env.A", "value": "2", "file": "devenv.local.nix"}
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([change]), level="schema")
    (item,) = caught.value.diagnostics
    assert item.code == "conflicting_definitions"
    for way in item.suggestions:
        assert environment.change(parse_edits([way]), level="schema", dry_run=True).changed
    root.joinpath("devenv.local.nix").write_text('{ env.A = "2"; }\n')
    result = environment.change(parse_edits([{"kind": "add_packages", "names": ["jq"]}]), level="schema")
    assert result.published
    assert [each.code for each in result.checks.diagnostics] == ["conflicting_definitions"]
