"""Rules of the editor that are about one thing each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import ProjectError, Refused, UsageError
from devkeel.source import nix

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
