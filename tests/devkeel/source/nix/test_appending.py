"""Appending where the value is an expression: only to what is certainly a list, or into what certainly takes one."""

from __future__ import annotations

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

GL = nix.Expression("pkgs.libGL")


def module(value: str) -> bytes:
    return f"{{ pkgs, lib, config, more, c, f, ... }}:\n{{\n  env.X = {value};\n}}\n".encode()


def appended(value: str, *, listed: bool = False, first: bool = False) -> str:
    verb = nix.prepend if first else nix.append
    edited = verb(module(value), "env.X", GL, listed=listed)
    return edited.data.decode().split("\n")[2].removeprefix("  env.X = ").removesuffix(";")


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("lib.makeLibraryPath [ pkgs.zlib ]", "lib.makeLibraryPath [ pkgs.zlib pkgs.libGL ]"),
        ("pkgs.lib.makeLibraryPath (with pkgs; [ zlib ])", "pkgs.lib.makeLibraryPath (with pkgs; [ zlib pkgs.libGL ])"),
        ("lib.makeLibraryPath more", "lib.makeLibraryPath (more ++ [ pkgs.libGL ])"),
        ("lib.makeLibraryPath (f more)", "lib.makeLibraryPath (f more ++ [ pkgs.libGL ])"),
        ("lib.strings.makeBinPath [ ]", "lib.strings.makeBinPath [ pkgs.libGL ]"),
        ('lib.makeSearchPath "share" [ pkgs.a ]', 'lib.makeSearchPath "share" [ pkgs.a pkgs.libGL ]'),
        ('builtins.concatStringsSep ":" [ "a" ]', 'builtins.concatStringsSep ":" [ "a" pkgs.libGL ]'),
        ("with lib; makeLibraryPath [ ]", "with lib; makeLibraryPath [ pkgs.libGL ]"),
        ("map f [ ]", "map f [ ] ++ [ pkgs.libGL ]"),
        ("builtins.filter f more", "builtins.filter f more ++ [ pkgs.libGL ]"),
        ('lib.splitString ":" more', 'lib.splitString ":" more ++ [ pkgs.libGL ]'),
        ("if c then [ 1 ] else [ 2 ]", "(if c then [ 1 ] else [ 2 ]) ++ [ pkgs.libGL ]"),
    ],
)
def test_it_goes_into_a_list(value: str, result: str) -> None:
    assert appended(value) == result


@pytest.mark.parametrize(
    "value",
    [
        "more",
        "f [ 1 ]",
        "import ./x.nix",
        "config.x or [ ]",
        "if c then [ 1 ] else more",
        "lib.mkForce more",
        "let q = f 1; in q",
        'lib.optionalString c "x"',
    ],
)
def test_where_the_text_does_not_show_a_list_the_type_of_the_option_decides(value: str) -> None:
    with pytest.raises(Refused) as caught:
        appended(value)
    assert caught.value.code == "opaque_value"
    assert "++ [ pkgs.libGL ]" in appended(value, listed=True)
    assert "[ pkgs.libGL ] ++" in appended(value, listed=True, first=True)


@pytest.mark.parametrize(
    "value",
    [
        '"a"',
        '"a" + more',
        '"${lib.makeLibraryPath [ pkgs.zlib ]}:x"',
        "1",
        "null",
        "./x",
        "{ }",
        "a: [ a ]",
        "c // c",
        "!c",
    ],
)
def test_what_is_no_list_gets_no_element_whatever_its_type(value: str) -> None:
    for listed in (False, True):
        with pytest.raises(Refused) as caught:
            appended(value, listed=listed)
        assert caught.value.code == "opaque_value"


def test_a_function_of_the_files_own_is_not_the_one_of_nixpkgs() -> None:
    source = module("makeLibraryPath [ pkgs.zlib ]").replace(b"{\n", b"let makeLibraryPath = f; in {\n", 1)
    with pytest.raises(Refused) as caught:
        nix.append(source, "env.X", GL)
    assert caught.value.code == "opaque_value"


def test_text_among_the_packages_of_a_search_path_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        nix.append(module("lib.makeLibraryPath [ pkgs.zlib ]"), "env.X", "/opt/lib")
    assert caught.value.code == "opaque_value"


def test_what_a_search_path_is_made_of_can_be_removed_again() -> None:
    source = module("lib.makeLibraryPath [ pkgs.zlib ]")
    added = nix.append(source, "env.X", GL).data
    assert not nix.append(added, "env.X", GL).changed
    assert nix.remove(added, "env.X", GL).data == source


def test_a_set_gets_no_element_and_no_line() -> None:
    for verb in (nix.append, nix.append_line):
        with pytest.raises(Refused) as caught:
            verb(b"{ ... }:\n{\n  env.A = 1;\n}\n", "env", "x")
        assert caught.value.code == "would_replace_set"
