"""Rules of the editor that are about one thing each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import ProjectError, Refused, UsageError
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable


def module(body: str, head: str = "{ pkgs, lib, ... }:\n") -> bytes:
    return f"{head}{{\n{body}\n}}\n".encode()


def body(edited: nix.Edited) -> str:
    lines = edited.data.decode().split("\n")
    return "\n".join(lines[2:-2])


@pytest.mark.parametrize(
    ("written", "added"),
    [
        (
            "(pkgs.python3.withPackages (ps: [ ps.numpy ]))",
            "(pkgs.python3.withPackages (ps: [ ps.numpy ps.requests ]))",
        ),
        (
            "(pkgs.python3.withPackages (p: with p; [ numpy ]))",
            "(pkgs.python3.withPackages (p: with p; [ numpy requests ]))",
        ),
        ("(pkgs.python3.withPackages (ps: [ ]))", "(pkgs.python3.withPackages (ps: [ ps.requests ]))"),
    ],
)
def test_packages_go_inside_with_packages_in_its_own_spelling(written: str, added: str) -> None:
    source = module(f"  packages = [ pkgs.git {written} ];")
    edited = nix.add_packages(source, "requests", inside="python3")
    assert body(edited) == f"  packages = [ pkgs.git {added} ];"
    assert not nix.add_packages(edited.data, "requests", inside="python3").changed
    assert "requests" not in body(nix.remove_packages(edited.data, "requests", inside="python3"))


def test_without_such_a_package_the_explicit_way_is_offered() -> None:
    with pytest.raises(Refused) as caught:
        nix.add_packages(module("  packages = [ ];"), "requests", inside="python3")
    assert caught.value.code == "not_found"
    assert "withPackages" in (caught.value.remedy or "")


def test_a_name_that_something_else_binds_is_written_with_its_prefix() -> None:
    source = module("  packages = with pkgs; [ jq ];", "{ pkgs, git, ... }:\n")
    assert body(nix.add_packages(source, "git")) == "  packages = with pkgs; [ jq pkgs.git ];"


def test_a_long_line_becomes_one_element_a_line() -> None:
    names = [f"package-number-{number}" for number in range(6)]
    edited = nix.add_packages(module(f"  packages = [ {' '.join('pkgs.' + name for name in names[:-1])} ];"), names[-1])
    assert body(edited).split("\n") == ["  packages = [", *(f"    pkgs.{name}" for name in names), "  ];"]


def test_a_sorted_list_of_packages_stays_sorted_and_other_lists_are_appended_to() -> None:
    rows = "\n".join(f"    pkgs.{name}" for name in ("curl", "git", "jq", "wget"))
    edited = nix.add_packages(module(f"  packages = [\n{rows}\n  ];"), "hello")
    assert nix.package_names(edited.data) == ["curl", "git", "hello", "jq", "wget"]
    source = module('  a = [\n    "a"\n    "b"\n    "c"\n    "d"\n  ];')
    assert nix.get(nix.append(source, "a", "aa").data, "a") == ["a", "b", "c", "d", "aa"]


def test_the_index_says_value_condition_and_comment_of_each_definition() -> None:
    source = module(
        '  # https://devenv.sh/basics/\n  # who it greets\n  env.GREET = "x"; # loudly\n'
        "  services = lib.mkMerge [\n    { redis.enable = true; }\n    (lib.mkIf pkgs.stdenv.isLinux { a.enable = false; })\n  ];\n"
        "  env.TOOL = lib.mkForce pkgs.hello;"
    )
    document = nix.Document(source)
    found = {nix.format_path(item.path): item for item in document.definitions}
    assert list(found) == ["env.GREET", "services.redis.enable", "services.a.enable", "env.TOOL"]
    assert document.value(found["env.GREET"]) == "x"
    assert document.comment(found["env.GREET"]) == "who it greets\nloudly"
    assert found["services.a.enable"].conditions == ("pkgs.stdenv.isLinux",)
    assert document.value(found["env.TOOL"]) == nix.Expression("lib.mkForce pkgs.hello")
    assert nix.get(source, "services.redis") == {"enable": True}
    with pytest.raises(KeyError):
        nix.get(source, "services.mysql")


@pytest.mark.parametrize(
    ("operand", "path", "expected"),
    [
        (
            '{ A = "1"; } // lib.optionalAttrs x { B = "2"; }',
            "env.C",
            '{ A = "1"; C = "v"; } // lib.optionalAttrs x { B = "2"; }',
        ),
        ('base // { A = "1"; }', "env.C", 'base // { A = "1"; C = "v"; }'),
        ('base // { A = "1"; }', "env.A", 'base // { A = "v"; }'),
        ('{ A = "1"; } // { A = "2"; }', "env.A", '{ A = "1"; } // { A = "v"; }'),
    ],
)
def test_an_update_is_edited_in_the_operand_that_wins(operand: str, path: str, expected: str) -> None:
    head = "{ lib, ... }:\nlet x = true; base = { }; in\n"
    edited = nix.set(f"{head}{{\n  env = {operand};\n}}\n".encode(), path, "v")
    assert edited.data.decode() == f"{head}{{\n  env = {expected};\n}}\n"


@pytest.mark.parametrize(
    ("spelling", "path"),
    [
        ("a.b=", "a.b"),
        ("a . b =", "a.b"),
        ("a.\n  b\n  =", "a.b"),
        ("a /* = */ . b =", "a.b"),
        ("a.b # = 2;\n  =", "a.b"),
        ('"a"."b" =', "a.b"),
        ('a."b.c = " =', 'a."b.c = "'),
        ('a."b\\"c" =', 'a."b\\"c"'),
        ('a.${"b"} =', "a.b"),
        ("a'.b-c_ =", "a'.b-c_"),
    ],
)
def test_a_path_is_read_in_every_spelling(spelling: str, path: str) -> None:
    definitions = nix.Document(f"{{\n  z = 0;\n  {spelling} 1;\n}}\n".encode()).definitions
    assert [nix.format_path(item.path) for item in definitions] == ["z", nix.format_path(nix.parse_path(path))]


_SETS = "let a = { x.exec = 1; }; b = { y.exec = 2; }; used = { }; c = true; in"


@pytest.mark.parametrize(
    ("chain", "path", "added"),
    [
        ("a // b", "scripts.n.exec", '// { n.exec = "v"; }'),
        ("(a // b)", "scripts.n.exec", '// { n.exec = "v"; }'),
        ("b // lib.optionalAttrs c a", "scripts.n.exec", '// { n.exec = "v"; }'),
        ("lib.mkDefault (a // b)", "scripts.n.exec", '// { n.exec = "v"; }'),
        ("a // b", "scripts.n", '// { n = "v"; }'),
    ],
)
def test_a_new_name_goes_behind_an_update_of_sets_that_are_written_elsewhere(chain: str, path: str, added: str) -> None:
    source = f"{{ lib, ... }}:\n{_SETS}\n{{\n  scripts = {chain};\n}}\n"
    edited = nix.set(source.encode(), path, "v")
    bare = chain.rstrip(")")
    assert edited.data.decode() == source.replace(f"{chain};", f"{bare} {added}{chain[len(bare) :]};")


def test_a_name_of_several_lines_behind_an_update_has_lines_of_its_own() -> None:
    source = f"{_SETS}\r\n{{\r\n  scripts = a // b; # both\r\n}}\r\n".encode()
    edited = nix.set(source, "scripts.n", {"exec": "v"})
    added = b'// {\r\n    n = {\r\n      exec = "v";\r\n    };\r\n  };'
    assert edited.data == source.replace(b"// b;", b"// b " + added)


@pytest.mark.parametrize(
    "chain",
    [
        "a // used",  # used twice: something unknown to an edit
        "a // f b",
        "a // { ${c} = 1; }",
        "a // lib.optionalAttrs c { n.package = 1; }",
        "a // lib.mapAttrs f b",
        "lib.mkIf c (a // b)",
        "a // (if c then b else { })",
        "a // (let d = { }; in d)",
    ],
)
def test_a_new_name_is_refused_where_an_operand_may_have_it(chain: str) -> None:
    source = f"{{ lib, f, ... }}:\n{_SETS}\n{{\n  scripts = {chain};\n  env = used;\n  tasks = used;\n}}\n"
    with pytest.raises(Refused):
        nix.set(source.encode(), "scripts.n.exec", "v")


REFUSALS: dict[str, tuple[bytes, Callable[[bytes], nix.Edited], str]] = {
    "an update with something unknown on the right": (
        module("  env = { } // f x;"),
        lambda d: nix.set(d, "env.A", "v"),
        "opaque_value",
    ),
    "an update that may hide a set on the left": (
        module("  services = f x // { };"),
        lambda d: nix.set(d, "services.a.b", "v"),
        "opaque_value",
    ),
    "a key that is set conditionally on the right": (
        module("  env = { } // lib.optionalAttrs c { A = 1; };"),
        lambda d: nix.set(d, "env.A", "v"),
        "opaque_value",
    ),
    "a file that does not parse": (b"{ a = 1", lambda d: nix.set(d, "a", 2), "syntax_error"),
    "no file at all": (b"", lambda d: nix.set(d, "a", 2), "syntax_error"),
    "a function call as the file": (b"f x", lambda d: nix.set(d, "a", 2), "not_a_module"),
    "a flake-parts module": (b"{ perSystem = { }; }", lambda d: nix.set(d, "a", 2), "flake_parts"),
    "a flake-parts module without perSystem": (
        module("  imports = [ ];\n  flake.x = 1;"),
        lambda d: nix.add_packages(d, "jq"),
        "flake_parts",
    ),
    "a flake-parts module with systems": (
        module('  systems = [ "x86_64-linux" ];\n  imports = [ ];'),
        lambda d: nix.set(d, "a", 2),
        "flake_parts",
    ),
    "a set behind a call": (module("  services = f { };"), lambda d: nix.set(d, "services.a", 1), "opaque_value"),
    "an inherit": (module("  inherit (x) services;"), lambda d: nix.set(d, "services.a", 1), "inherited"),
    "an inherited value itself": (module("  inherit (x) name;"), lambda d: nix.set(d, "name", "a"), "inherited"),
    "a computed name": (module("  services.${n}.a = 1;"), lambda d: nix.set(d, "services.b.a", 1), "computed_name"),
    "a set under a condition": (
        module("  services = lib.mkIf c { };"),
        lambda d: nix.set(d, "services.a", 1),
        "conditional",
    ),
    "a list under a condition": (
        module("  packages = lib.mkIf c [ ];"),
        lambda d: nix.add_packages(d, "jq"),
        "conditional",
    ),
    "two places": (b"{ lib }: lib.mkMerge [ { a = 1; } { a = 2; } ]", lambda d: nix.set(d, "a", 3), "ambiguous"),
    "a set that would be lost": (module("  a.b = 1;"), lambda d: nix.set(d, "a", 1), "would_replace_set"),
    "a function of the file that is called like one of lib": (
        b"{ lib, ... }: let mkForce = x: { c = x; }; in { a = mkForce { b = 1; }; }",
        lambda d: nix.set(d, "a.b", 2),
        "opaque_value",
    ),
    "a lib of the file's own": (
        b"let lib = { mkForce = x: { c = x; }; }; in { a = lib.mkForce { b = 1; }; }",
        lambda d: nix.set(d, "a.b", 2),
        "opaque_value",
    ),
    "a name that rec would capture": (b"rec { a = b; }", lambda d: nix.set(d, "b", 1), "captured_name"),
    "a shared set": (b"let s = { a = 1; }; in { x = s; y = s; }", lambda d: nix.set(d, "x.b", 1), "shared_name"),
    "a shared list": (b"let s = [ 1 2 ]; in { x = s; y = s; }", lambda d: nix.remove(d, "x", 1), "shared_name"),
    "a text as a list": (module('  a = "x";'), lambda d: nix.append(d, "a", 1), "opaque_value"),
    "an unknown variable": (module(""), lambda d: nix.set(d, "a", nix.Expression("nowhere")), "undefined_variable"),
    "a use that would lose its rec name": (b"rec { a = 1; b = a; }", lambda d: nix.unset(d, "a"), "undefined_variable"),
    "a new path that is taken": (module("  a = 1;\n  b = 2;"), lambda d: nix.rename(d, "a", "b"), "already_defined"),
    "a rename out of its set": (module("  a = { b = 1; };"), lambda d: nix.rename(d, "a.b", "c.d"), "cannot_rename"),
    "a comment that is not there": (module("  a = 1;"), lambda d: nix.uncomment(d, "b"), "not_found"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_not_certain_is_refused_with_a_reason_a_place_and_another_way(name: str) -> None:
    source, run, code = REFUSALS[name]
    with pytest.raises(Refused) as caught:
        run(source)
    assert caught.value.code == code
    assert caught.value.place is not None
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (lambda d: nix.set(d, "a b", 1), "bad_option_path"),
        (lambda d: nix.set(d, "a.'b", 1), "bad_option_path"),
        (lambda d: nix.set(d, 'a."${x}"', 1), "bad_option_path"),
        (lambda d: nix.set(d, "a", "\0"), "bad_value"),
        (lambda d: nix.set(d, "a", "\ud800"), "bad_value"),
        (lambda d: nix.set(d, "a", 2**63), "bad_value"),
        (lambda d: nix.set(d, "a", float("nan")), "bad_value"),
        (lambda d: nix.set(d, "a", {"b\0": 1}), "bad_value"),
        (lambda d: nix.set(d, "a", 5e-324), "bad_value"),
        (lambda d: nix.set(d, 'a."\ud800"', 1), "bad_option_path"),
        (lambda d: nix.rename(d, "a", '"\ud800"'), "bad_option_path"),
        (lambda d: nix.append(d, "a", {"\ud800": 1}), "bad_value"),
        (lambda d: nix.append_line(d, "enterShell", "\ud800"), "bad_value"),
        (lambda d: nix.append_line(d, "enterShell", "a\0"), "bad_value"),
        (lambda d: nix.add_arguments(d, "a b"), "bad_argument"),
        (lambda d: nix.add_arguments(d, "\ud800"), "bad_argument"),
        (lambda d: nix.add_packages(d, "\ud800"), "bad_package_name"),
        (lambda d: nix.add_imports(d, "./\ud800"), "bad_expression"),
        (lambda d: nix.set(d, "a", nix.Expression("")), "bad_expression"),
        (lambda d: nix.set(d, "a", nix.Expression("1 == 2 == 3")), "bad_expression"),
        (lambda d: nix.set(d, "a", nix.Expression("./a/")), "bad_expression"),
        (lambda d: nix.set(d, "a", nix.Expression("1 +")), "bad_expression"),
        (lambda d: nix.set(d, "a", nix.Expression("x\0")), "bad_expression"),
        (lambda d: nix.add_packages(d, "a b"), "bad_package_name"),
        (lambda d: nix.add_packages(d, '"; x = "'), "bad_package_name"),
        (lambda d: nix.add_packages(d, "${x}"), "bad_package_name"),
    ],
)
def test_what_is_malformed_is_a_usage_error(run: Callable[[bytes], Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(module("  b = 1;"))
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_name_that_needs_quotes_is_offered_with_them() -> None:
    with pytest.raises(UsageError) as caught:
        nix.parse_path("tasks.app:setup.exec")
    assert caught.value.alternatives == ('tasks."app:setup".exec',)


def test_bytes_that_are_not_utf8_are_refused_with_the_offset_s_place() -> None:
    with pytest.raises(ProjectError) as caught:
        nix.set(b'{\n  a = "\xff";\n}', "b", 1)
    assert caught.value.code == "not_utf8"
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 8)


def test_a_byte_order_mark_stays() -> None:
    source = b"\xef\xbb\xbf" + module("  a = 1;")
    edited = nix.set(source, "b", 2)
    assert edited.data.startswith(b"\xef\xbb\xbf{ pkgs")
    assert nix.get(edited.data, "b") == 2


def test_a_file_that_is_no_module_keeps_config_and_imports_as_plain_names() -> None:
    document = nix.Document(b"{\n  config = { a = 1; };\n}\n", module=False)
    assert nix.get(document, "config.a") == 1
    assert nix.set(document, "b", 2).data == b"{\n  config = { a = 1; };\n  b = 2;\n}\n"


def test_what_stands_beside_config_and_is_no_setting_is_none() -> None:
    # nixpkgs, lib/modules.nix, `unifyModuleSyntax`
    source = b"{ lib, ... }:\n{\n  freeformType = lib.types.attrs;\n  config.a = 1;\n}\n"
    assert nix.get(source, "a") == 1
    assert nix.set(source, "b", 2).data.startswith(b"{ lib, ... }:\n{\n  freeformType = lib.types.attrs;\n")
    assert nix.Document(source).raw_path(("freeformType",)) == ("freeformType",)


def test_removing_takes_the_comment_that_belongs_to_the_thing_and_nothing_else() -> None:
    source = module(
        "  # https://devenv.sh/env/\n  env.A = 1;\n\n  # about B\n  # and more\n  env.B = 2; # beside\n\n"
        "  # about both\n  env.C = 3;\n  env.D = 4;\n  # the end"
    )
    assert "about B" not in body(nix.unset(source, "env.B"))
    assert "beside" not in body(nix.unset(source, "env.B"))
    assert "\n\n\n" not in body(nix.unset(source, "env.B"))
    assert "https://devenv.sh/env/" in body(nix.unset(source, "env.A"))
    assert "about both" in body(nix.unset(source, "env.C"))
    assert "the end" in body(nix.unset(source, "env.D"))


def test_unsetting_the_last_attribute_keeps_the_authors_set() -> None:
    assert nix.get(nix.unset(module("  env = {\n    A = 1;\n  };"), "env.A").data, "env") == {}


def test_a_set_replaces_a_set_attribute_by_attribute() -> None:
    source = module("  env = {\n    A = 1; # keep\n    B = 2;\n  };\n  env.C.d = 3;")
    edited = nix.set(source, "env", {"A": 1, "C": 4, "E": {"f": [True]}})
    assert nix.get(edited.data, "env") == {"A": 1, "C": 4, "E": {"f": [True]}}
    assert "A = 1; # keep" in body(edited)


def test_commenting_out_and_in_gives_the_first_bytes_back() -> None:
    source = module("  a.b = 1;\n\n  processes.web = {\n    exec = ''\n      x\n\n      y\n    '';\n  };\n\n  c = 2;")
    out = nix.comment_out(source, "processes.web")
    with pytest.raises(KeyError):
        nix.get(out.data, "processes")
    assert nix.uncomment(out.data, "processes.web").data == source


def test_conditions_are_told_when_they_decide_about_an_edit() -> None:
    edited = nix.set(module("  a = lib.mkIf c 1;".replace("c 1", "pkgs.x 1")), "a", 2)
    assert nix.get(edited.data, "a") == 2
    assert len(edited.notes) == 1


def test_a_list_under_a_condition_stays_and_an_unconditional_one_is_made_where_there_is_a_place() -> None:
    conditional = b"{ pkgs, lib, ... }: {\n  config = lib.mkIf pkgs.x {\n    packages = [ pkgs.git ];\n  };\n}\n"
    with pytest.raises(Refused) as caught:
        nix.add_packages(conditional, "jq")
    assert caught.value.code == "conditional"
    merged = b"{ pkgs, lib, ... }: lib.mkMerge [\n  {\n    a = 1;\n  }\n  (lib.mkIf pkgs.x { packages = [ pkgs.git ]; })\n]\n"
    edited = nix.add_packages(merged, "jq")
    assert b"packages = [ pkgs.jq ];" in edited.data
    assert b"(lib.mkIf pkgs.x { packages = [ pkgs.git ]; })" in edited.data
    lines = merged.replace(b"packages = [ pkgs.git ]", b'enterShell = "a"')
    assert b'enterShell = "a"' in nix.append_line(lines, "enterShell", "b").data


def test_arguments_come_in_the_heads_own_style() -> None:
    assert nix.add_arguments(b"{ pkgs }: { }", "lib").data == b"{ pkgs, lib }: { }"
    assert nix.add_arguments(b"{ ... }: { }", "lib", "pkgs").data == b"{ lib, pkgs, ... }: { }"
    assert nix.add_arguments(b"{ }: { }", "lib").data == b"{ lib }: { }"
    assert not nix.add_arguments(b"{ pkgs, lib }: { }", "lib").changed


def test_a_package_of_an_input_with_a_keyword_in_its_name_is_quoted() -> None:
    edited = nix.add_packages(module("  packages = [ ];", "{ pkgs, inputs, ... }:\n"), "inputs.if.then")
    assert body(edited) == '  packages = [ inputs."if"."then" ];'
    assert nix.Document(edited.data).problems == []


@pytest.mark.parametrize(
    ("before", "call"),
    [
        ("{ lib, ... }:", "lib.mkForce"),
        ("{ pkgs, ... }:", "pkgs.lib.mkForce"),
        ("{ lib, ... }: with lib;", "mkForce"),
        ("{ lib, ... }: let inherit (lib) mkForce; in", "mkForce"),
        ("{ lib, ... }: let mkForce = lib.mkForce; in", "mkForce"),
        ("{ pkgs, ... }: let inherit (pkgs) lib; in", "lib.mkForce"),
    ],
)
def test_lib_is_known_however_it_is_reached(before: str, call: str) -> None:
    edited = nix.set(f"{before} {{ a = {call} {{ b = 1; }}; }}".encode(), "a.b", 2)
    assert edited.data.decode() == f"{before} {{ a = {call} {{ b = 2; }}; }}"


@pytest.mark.parametrize(
    "value",
    [
        "lib.filter (p: p != pkgs.jq) [ pkgs.git pkgs.jq ]",
        "lib.subtractLists [ pkgs.jq ] [ pkgs.git pkgs.jq ]",
        "builtins.map f [ pkgs.git pkgs.jq ]",
        "(without [ pkgs.jq ]) ++ [ pkgs.git ]",
        "(if builtins.elem pkgs.jq [ pkgs.jq ] then f [ pkgs.jq ] else [ ])",
        "[ pkgs.jq ] ++ without [ pkgs.jq ]",
    ],
)
def test_an_element_is_not_removed_where_it_may_mean_something_else(value: str) -> None:
    source = module(f"  packages = {value};", "{ pkgs, lib, f, without, ... }:\n")
    with pytest.raises(Refused) as caught:
        nix.remove_packages(source, "jq")
    assert caught.value.code == "opaque_value"
    assert caught.value.place is not None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("if c then [ pkgs.jq pkgs.git ] else [ pkgs.jq ]", "if c then [ pkgs.git ] else [ ]"),
        ("if elem [ pkgs.jq ] then [ pkgs.jq ] else [ ]", "if elem [ pkgs.jq ] then [ ] else [ ]"),
        ("[ pkgs.git ] ++ lib.optional c pkgs.jq", "[ pkgs.git ]"),
        ("lib.optional c pkgs.jq ++ [ pkgs.git ]", "[ pkgs.git ]"),
        ("lib.optional c pkgs.jq", "[ ]"),
        ("lib.optional c pkgs.jq ++ lib.optional elem pkgs.jq", "[ ] ++ [ ]"),
        ("lib.flatten [ pkgs.git [ pkgs.jq [ pkgs.jq pkgs.a ] ] ]", "lib.flatten [ pkgs.git [ [ pkgs.a ] ] ]"),
        ("lib.concatLists [ [ pkgs.git ] [ pkgs.jq pkgs.a ] ]", "lib.concatLists [ [ pkgs.git ] [ pkgs.a ] ]"),
        ("lib.unique ([ pkgs.jq pkgs.a ] ++ c)", "lib.unique ([ pkgs.a ] ++ c)"),
        ("lib.mkIf c (lib.mkBefore [ pkgs.jq pkgs.a ])", "lib.mkIf c (lib.mkBefore [ pkgs.a ])"),
        ("lib.mkMerge [ [ pkgs.jq pkgs.a ] (lib.mkIf c [ pkgs.jq ]) ]", "lib.mkMerge [ [ pkgs.a ] (lib.mkIf c [ ]) ]"),
        ("with pkgs; lib.optionals c [ jq git ]", "with pkgs; lib.optionals c [ git ]"),
    ],
)
def test_an_element_is_removed_from_every_list_that_counts(value: str, expected: str) -> None:
    head = "{ pkgs, lib, c, elem, ... }:\n"
    assert body(nix.remove_packages(module(f"  packages = {value};", head), "jq")) == f"  packages = {expected};"


def test_what_cannot_be_looked_into_is_told_where_nothing_was_found_to_remove() -> None:
    edited = nix.remove_packages(module("  packages = pkgs.tools ++ [ ];"), "jq")
    assert not edited.changed
    assert "pkgs.tools" in edited.notes[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[ ] ++ lib.optionals c [ pkgs.jq ]", "[ pkgs.jq ] ++ lib.optionals c [ pkgs.jq ]"),
        ("[ ] ++ lib.optional c pkgs.jq", "[ pkgs.jq ] ++ lib.optional c pkgs.jq"),
        ("if c then [ pkgs.jq ] else [ ]", "(if c then [ pkgs.jq ] else [ ]) ++ [ pkgs.jq ]"),
    ],
)
def test_an_element_that_is_there_under_a_condition_only_is_added_without_one(value: str, expected: str) -> None:
    edited = nix.add_packages(module(f"  packages = {value};", "{ pkgs, lib, c, ... }:\n"), "jq")
    assert body(edited) == f"  packages = {expected};"
    assert len(edited.notes) == 1


def test_what_a_list_is_reduced_by_does_not_count_as_there() -> None:
    source = module("  packages = lib.subtractLists [ pkgs.jq ] [ pkgs.git ];")
    added = "  packages = lib.subtractLists [ pkgs.jq ] [ pkgs.git ] ++ [ pkgs.jq ];"
    assert body(nix.add_packages(source, "jq")) == added


def test_an_element_of_another_unconditional_definition_is_there() -> None:
    source = b"{ pkgs, lib, ... }: lib.mkMerge [ { packages = [ pkgs.git ]; } { packages = [ pkgs.jq ]; } ]"
    edited = nix.add_packages(source, "jq")
    assert not edited.changed
    assert edited.notes


def test_an_element_is_appended_to_the_last_list_and_prepended_to_the_first() -> None:
    source = module("  a = [ 1 ] ++ [ 2 ] ++ lib.optionals c [ 4 ];", "{ lib, c, ... }:\n")
    assert body(nix.append(source, "a", 3)) == "  a = [ 1 ] ++ [ 2 3 ] ++ lib.optionals c [ 4 ];"
    assert body(nix.prepend(source, "a", 0)) == "  a = [ 0 1 ] ++ [ 2 ] ++ lib.optionals c [ 4 ];"
    named = module("  a = x;", "{ x, ... }:\n")
    assert body(nix.prepend(named, "a", 0, listed=True)) == "  a = [ 0 ] ++ x;"
    assert body(nix.append(named, "a", 0, listed=True)) == "  a = x ++ [ 0 ];"


@pytest.mark.parametrize(
    "value",
    [
        "let pkgs = other; in [ pkgs.git ]",
        "let pkgs = other; in with pkgs; [ git ]",
    ],
)
def test_pkgs_that_is_something_else_is_not_written(value: str) -> None:
    source = module(f"  packages = {value};", "{ other, ... }:\n")
    for run in (nix.add_packages, lambda data, name: nix.append(data, "packages", nix.Expression(f"pkgs.{name}"))):
        with pytest.raises(Refused) as caught:
            run(source, "jq")
        assert caught.value.code == "captured_name"
    for recursive in (b"{ o, ... }: rec { pkgs = o; packages = [ ]; }", b"{ o, ... }: rec { pkgs = o; }"):
        with pytest.raises(Refused) as caught:
            nix.add_packages(recursive, "jq")
        assert caught.value.code == "captured_name"


def test_a_let_round_the_module_may_choose_its_own_pkgs() -> None:
    source = module("  packages = [ pkgs.git ];", "{ inputs, ... }: let pkgs = import inputs.x { }; in\n")
    assert body(nix.add_packages(source, "jq")) == "  packages = [ pkgs.git pkgs.jq ];"


@pytest.mark.parametrize(
    ("value", "given", "expected"),
    [
        ("with pkgs; [ git ]", "pkgs.jq", "with pkgs; [ git jq ]"),
        ("with pkgs; [ git ]", "jq", "with pkgs; [ git jq ]"),
        ("[ pkgs.git ]", "pkgs.jq", "[ pkgs.git pkgs.jq ]"),
        ("with pkgs; [ git ]", "f pkgs.jq", "with pkgs; [ git (f pkgs.jq) ]"),
        ("with pkgs; [ git ]", "pkgs.git", "with pkgs; [ git ]"),
        ("[ pkgs.git ]", "pkgs.git", "[ pkgs.git ]"),
        ("[ own ]", "own", "[ own ]"),
    ],
)
def test_an_expression_for_packages_is_written_and_found_in_the_files_own_spelling(
    value: str, given: str, expected: str
) -> None:
    head = "{ pkgs, f, own, ... }:\n"
    edited = nix.append(module(f"  packages = {value};", head), "packages", nix.Expression(given))
    assert body(edited) == f"  packages = {expected};"
    assert edited.changed or edited.notes
    assert not nix.append(edited.data, "packages", nix.Expression(given)).changed
    removed = nix.remove(edited.data, "packages", nix.Expression(given))
    assert given.removeprefix("pkgs.") not in body(removed)


@pytest.mark.parametrize("run", [nix.append, nix.prepend, nix.remove])
def test_text_is_no_element_of_packages(run: Callable[..., nix.Edited]) -> None:
    with pytest.raises(UsageError) as caught:
        run(module("  packages = [ ];"), "packages", "jq")
    assert caught.value.code == "bad_value"
    assert do("add", names=["jq"]) in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("lib.mkForce true", "lib.mkForce true", "lib.mkForce true"),
        ("lib.mkForce true", "lib.mkForce\n  true", "lib.mkForce true"),
        ("lib.mkForce true", "lib.mkDefault false", "lib.mkDefault false"),
        ("lib.mkForce (f 1)", "f 1", "lib.mkForce (f 1)"),
        ("lib.mkForce (f 1)", "f 2", "lib.mkForce (f 2)"),
        ("lib.mkIf c 1", "lib.mkIf d 1", "lib.mkIf d 1"),
        ("1", "lib.mkIf c 1", "lib.mkIf c 1"),
        ('f "a  b"', 'f "a b"', 'f "a b"'),
        ("name", "name", "name"),
        ("name", "name + 1", "name + 1"),
        ("lib.mkForce name", "name + 1", "lib.mkForce (name + 1)"),
    ],
)
def test_an_expression_is_set_whole_where_it_has_wrappers_of_its_own(before: str, value: str, after: str) -> None:
    head = "{ lib, f, c, d, ... }: let name = 1; in\n"
    edited = nix.set(module(f"  a = {before};", head), "a", nix.Expression(value))
    assert body(edited) == f"  a = {after};"
    assert edited.changed == (before != after)
    again = nix.set(edited.data, "a", nix.Expression(value))
    assert not again.changed
    assert again.notes


def merged(inner: str, more: str = "") -> bytes:
    return f"{{ lib, c, ... }}: lib.mkMerge [\n  {{\n    x = 1;\n{more}  }}\n  (lib.mkIf c {{ a = {inner}; }})\n]\n".encode()


@pytest.mark.parametrize(
    ("conditional", "value", "written"),
    [("true", True, "true"), ("3", 3, "3"), ("lib.mkDefault false", True, "true"), ("lib.mkDefault [ ]", [1], "[ 1 ]")],
)
def test_an_unconditional_definition_stands_beside_a_conditional_one_that_gives_way(
    conditional: str, value: nix.Value, written: str
) -> None:
    edited = nix.set(merged(conditional), "a", value)
    assert edited.data == merged(conditional, f"    a = {written};\n")
    assert edited.notes


@pytest.mark.parametrize(
    ("conditional", "value", "changed"),
    [("false", True, "true"), ("lib.mkForce 2", 1, "lib.mkForce 1"), ('"x"', "y", '"y"'), ("[ 1 ]", [2], "[ 2 ]")],
)
def test_a_conditional_definition_that_would_conflict_is_changed_where_it_is_and_its_condition_told(
    conditional: str, value: nix.Value, changed: str
) -> None:
    edited = nix.set(merged(conditional), "a", value)
    assert edited.data == merged(changed)
    assert "condition c" in edited.notes[0]
    assert "unset" in edited.notes[0]


def test_whatever_is_already_so_is_told() -> None:
    source = module("  env = {\n    A = 1;\n  };\n  b = lib.mkIf true 2;\n  packages = [ pkgs.git ];")
    edits = [
        nix.set(source, "env", {"A": 1}),
        nix.set(source, "env.A", 1),
        nix.set(source, "b", 2),
        nix.add_packages(source, "git"),
        nix.add_arguments(source, "pkgs"),
        nix.unset(source, "c"),
    ]
    assert [edited.changed for edited in edits] == [False] * len(edits)
    assert all(edited.notes for edited in edits)


def test_an_expression_does_not_drop_attributes_of_a_set() -> None:
    source = module("  env = {\n    A = 1;\n    B.c = 2;\n  };")
    for expression in ("{ A = 1; }", "{ A = 1; B = { }; }", "{ A = 1; B = 3; }", "f { }"):
        with pytest.raises(Refused) as caught:
            nix.set(source, "env", nix.Expression(expression))
        assert caught.value.code == "would_replace_set"
    edited = nix.set(source, "env", nix.Expression("{ A = 2; B.c = 2; D = 3; }"))
    assert nix.get(edited.data, "env") == {"A": 2, "B": {"c": 2}, "D": 3}


CAPTURES: dict[str, tuple[str, Callable[[bytes], nix.Edited]]] = {
    "a new name that a value takes from a with": (
        "{ pkgs, ... }: rec { a = with pkgs; [ jq ]; }",
        lambda d: nix.set(d, "jq", 1),
    ),
    "a new name that an inner set inherits": (
        "{ jq, ... }: rec { a = { inherit jq; }; }",
        lambda d: nix.set(d, "jq", 1),
    ),
    "a new name that its own value means": ("{ x, ... }: rec { }", lambda d: nix.set(d, "x", nix.Expression("x.y"))),
    "a lost name that an argument has too": (
        "{ name, ... }: rec { name = 1; a = name; }",
        lambda d: nix.unset(d, "name"),
    ),
    "a lost name that a with may have": (
        "{ pkgs, ... }: rec { jq = 1; a = with pkgs; jq; }",
        lambda d: nix.unset(d, "jq"),
    ),
    "a lost name that every file has": ("rec { map = 1; a = map; }", lambda d: nix.unset(d, "map")),
    "a lost attribute of a name that stays": (
        "rec { env = { A = 1; B = 2; }; a = env.A; }",
        lambda d: nix.unset(d, "env.A"),
    ),
    "a name that is commented out": (
        "{ name, ... }: rec {\n  name = 1;\n  a = name;\n}",
        lambda d: nix.comment_out(d, "name"),
    ),
    "a name that is renamed": ("{ name, ... }: rec { name = 1; a = name; }", lambda d: nix.rename(d, "name", "b")),
    "a new name by renaming": ("{ name, ... }: rec { b = 1; a = name; }", lambda d: nix.rename(d, "b", "name")),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_what_other_values_of_a_rec_set_mean_is_not_changed_silently(name: str) -> None:
    source, run = CAPTURES[name]
    with pytest.raises(Refused) as caught:
        run(source.encode())
    assert caught.value.code == "captured_name"
    assert caught.value.place is not None


@pytest.mark.parametrize(
    ("source", "run"),
    [
        ("{ x, ... }: rec { a = x: x; b = let x = 1; in x; }", lambda d: nix.set(d, "x", 2)),
        ("{ x, ... }: rec { x = 1; a = 2; }", lambda d: nix.unset(d, "x")),
        ("{ x, ... }: rec { x = x.y; }", lambda d: nix.unset(d, "x")),
        ("rec { env.A = 1; env.B = 2; a = env.B; }", lambda d: nix.unset(d, "env.A")),
        ("{ x, ... }: rec { inherit x; }", lambda d: nix.unset(d, "x")),
        ("{ x, ... }: { x = 1; a = x; }", lambda d: nix.unset(d, "x")),
    ],
)
def test_a_name_that_means_the_same_as_before_is_no_capture(source: str, run: Callable[[bytes], nix.Edited]) -> None:
    assert run(source.encode()).changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  env.A = 1;\n  env.B = 2;\n\n  c = 3;", "  c = 3;"),
        ("  a = 1;\n\n  env.A = 1;\n\n  env.B = 2;\n\n  c = 3;", "  a = 1;\n\n  c = 3;"),
        ("  a = 1;\n\n  # about both\n  env.A = 1;\n  env.B = 2;\n\n  c = 3;", "  a = 1;\n\n  c = 3;"),
        ("  # about a group\n  env.A = 1;\n  c = 3;", "  # about a group\n  c = 3;"),
        ("  env.A = 1; # beside\n\n  c = 3;", "  c = 3;"),
        ("  c = 3; env.A = 1; # about both", "  c = 3; # about both"),
        ("\n  env.A = 1;\n", ""),
        ("  c = { env.A = 1; }; env.A = 1; env.B = 2;", "  c = { env.A = 1; };"),
    ],
)
def test_unsetting_leaves_no_blank_lines_and_no_comments_of_its_own(before: str, after: str) -> None:
    assert nix.unset(module(before), "env").data == module(after).replace(b"{\n\n}", b"{\n}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[ pkgs.git # vcs\n    pkgs.jq # json\n  ]", "[ pkgs.jq # json\n  ]"),
        ("[ pkgs.git # vcs\n    # next\n    pkgs.jq\n  ]", "[\n    # next\n    pkgs.jq\n  ]"),
        ("[ pkgs.git # vcs\n  ]", "[ ]"),
        ("[\n    pkgs.jq pkgs.git # both\n  ]", "[\n    pkgs.jq # both\n  ]"),
        ("[ pkgs.jq\n    pkgs.git ]", "[ pkgs.jq ]"),
        ("[ pkgs.git pkgs.git pkgs.jq ]", "[ pkgs.jq ]"),
        ("[ pkgs.jq pkgs.git pkgs.git ]", "[ pkgs.jq ]"),
        ("[\n    pkgs.git # vcs\n    pkgs.jq # json\n  ]", "[\n    pkgs.jq # json\n  ]"),
    ],
)
def test_an_element_goes_with_the_comment_that_is_its_own(before: str, after: str) -> None:
    assert body(nix.remove_packages(module(f"  packages = {before};"), "git")) == f"  packages = {after};"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[\n  ]", "[\n    pkgs.jq\n  ]"),
        ("[\n      ]", "[\n    pkgs.jq\n      ]"),
        ("[\n\n  ]", "[\n    pkgs.jq\n  ]"),
        ("[\n    pkgs.git \n  ]", "[\n    pkgs.git \n    pkgs.jq\n  ]"),
        ("[\n    # none yet\n  ]", "[\n    # none yet\n    pkgs.jq\n  ]"),
        ("[\n    pkgs.git # vcs\n\n  ]", "[\n    pkgs.git # vcs\n    pkgs.jq\n\n  ]"),
        (
            "[\n    pkgs.git\n\n    # later\n    # pkgs.a\n  ]",
            "[\n    pkgs.git\n    pkgs.jq\n\n    # later\n    # pkgs.a\n  ]",
        ),
        ("[\n    pkgs.git\n    # pkgs.a\n  ]", "[\n    pkgs.git\n    pkgs.jq\n    # pkgs.a\n  ]"),
    ],
)
def test_an_added_element_leaves_blank_lines_comments_and_brackets_where_they_are(before: str, after: str) -> None:
    assert body(nix.add_packages(module(f"  packages = {before};"), "jq")) == f"  packages = {after};"


def test_a_module_that_declares_a_flake_option_is_no_flake_parts_module() -> None:
    source = module("  options.flake = lib.mkOption { };\n  config.flake = 1;")
    assert nix.get(nix.set(source, "a", 2).data, "a") == 2


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "  services.a.enable = true;\n\n  services.b.enable = true;",
            "\n\n  services.redis.enable = true;\n  services.redis.port = 1;\n  services.redis.bind = ''\n    x\n    y\n  '';\n  services.redis.c = 2;",
        ),
        (
            "  a = 1;\n\n  b = 2;",
            "\n\n  services.redis.enable = true;\n  services.redis.port = 1;\n  services.redis.bind",
        ),
        (
            "  services = {\n    a.enable = true;\n\n    b.enable = true;\n  };",
            "\n\n    redis.enable = true;\n    redis.port = 1;\n    redis.bind = ''\n      x\n      y\n    '';\n    redis.c = 2;",
        ),
    ],
)
def test_settings_of_one_thing_stand_together(before: str, expected: str) -> None:
    values: list[tuple[str, nix.Value]] = [("enable", True), ("port", 1), ("bind", "x\ny\n"), ("c", 2)]
    edited = nix.sequence(module(before), [(f"services.redis.{name}", value) for name, value in values])
    assert expected in body(edited)


@pytest.mark.parametrize(
    ("head", "result"),
    [
        ("{ name }: { lib, ... }:\n", "{ name }: { lib, pkgs, ... }:\n"),
        ("flake: { inputs, ... }:\n", "flake: { inputs, pkgs, ... }:\n"),
        ("{ name }:\nlet\n  x = name;\nin\n_:\n", "{ name }:\nlet\n  x = name;\nin\n{ pkgs, ... }:\n"),
        ("{ name }: (args:\n", "{ name }: ({ pkgs, ... }:\n"),
    ],
)
def test_of_several_functions_the_last_one_has_the_modules_arguments(head: str, result: str) -> None:
    tail = "{\n  env.A = 1;\n}" + (")\n" if "(" in head else "\n")
    edited = nix.add_packages(f"{head}{tail}".encode(), "jq").data.decode()
    assert edited.startswith(result)
    assert "packages = [ pkgs.jq ];" in edited
