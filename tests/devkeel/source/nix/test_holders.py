"""Packages that hold packages: their lists are found wherever a file has them, and edited in their own spelling."""

from __future__ import annotations

import pytest

from devkeel.errors import Refused
from devkeel.source import nix
from devkeel.source.nix.read.holders import held, holder_of_file, holders_in
from devkeel.source.nix.write.holders import hold, release

PACKAGE = "languages.python.package"


def module(body: str, let: str = "") -> str:
    return f"{{ pkgs, lib, ... }}:\n{f'let {let} in ' if let else ''}{{ {body} }}\n"


# What makes an environment, the name that is added to it, and what stands there then.
LISTS = [
    ("pkgs.python3.withPackages (ps: [ ps.numpy ])", "[ ps.numpy ps.pandas ]", "python3"),
    ("pkgs.python3.withPackages (ps: with ps; [ numpy ])", "[ numpy pandas ]", "python3"),
    ("pkgs.python312.withPackages (p: [ p.numpy ])", "[ p.numpy p.pandas ]", "python312"),
    ("pkgs.python312.withPackages (p: (with p; [ numpy ]) ++ [ p.x ])", "[ numpy pandas ]) ++ [ p.x ]", "python312"),
    ("(pkgs.python3.override { }).withPackages (ps: [ ps.numpy ])", "[ ps.numpy ps.pandas ]", "python3"),
    (
        "(pkgs.python3.withPackages (ps: lib.optionals true [ ps.a ] ++ [ ps.numpy ]))",
        "[ ps.numpy ps.pandas ]",
        "python3",
    ),
    (
        "pkgs.python3.buildEnv.override { extraLibs = with pkgs.python3Packages; [ numpy ]; }",
        "[ numpy pandas ]",
        "python3",
    ),
    (
        "pkgs.python3.buildEnv.override { extraLibs = [ pkgs.python3Packages.numpy ]; }",
        "[ pkgs.python3Packages.numpy pkgs.python3Packages.pandas ]",
        "python3",
    ),
    ("pkgs.haskellPackages.ghcWithPackages (h: [ h.numpy ])", "[ h.numpy h.pandas ]", "haskellPackages"),
    ("pkgs.perl.withPackages (p: [ p.numpy ])", "[ p.numpy p.pandas ]", "perl"),
    ("pkgs.rWrapper.override { packages = with pkgs.rPackages; [ numpy ]; }", "[ numpy pandas ]", "rWrapper"),
]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("value", "wanted", "owner"), LISTS)
@pytest.mark.parametrize("form", ["option", "packages", "variable", "element"])
def test_a_list_is_found_and_edited_where_it_stands(value: str, wanted: str, owner: str, form: str) -> None:
    before = {
        "option": module(f"{PACKAGE} = {value};"),
        "packages": module(f"packages = [ ({value}) pkgs.git ];"),
        "variable": module(f"packages = [ env ]; {PACKAGE} = env;", f"env = {value};"),
        "element": module("packages = [ env pkgs.git ];", f"env = {value};"),
    }[form]
    added = nix.add_packages(before.encode(), "pandas", inside=owner)
    assert flat(wanted) in flat(added.data.decode())
    assert flat(added.data.decode()).replace(flat(wanted), "") == flat(before).replace(
        flat(
            wanted.replace(" pkgs.python3Packages.pandas", "")
            .replace(" ps.pandas", "")
            .replace(" p.pandas", "")
            .replace(" h.pandas", "")
            .replace(" pandas", "")
        ),
        "",
    )
    assert not nix.add_packages(added.data, "pandas", inside=owner).changed
    assert flat(nix.remove_packages(added.data, "pandas", inside=owner).data.decode()) == flat(before)
    [holder] = holders_in(nix.Document(before.encode()))
    known = {"option": PACKAGE, "packages": "packages", "variable": PACKAGE, "element": "packages"}[form]
    assert known in holder.options
    assert nix.add_packages(before.encode(), "pandas", inside=known).data == added.data
    if form in ("variable", "element"):
        assert nix.add_packages(before.encode(), "pandas", inside="env").data == added.data


def test_a_function_by_name_has_the_list() -> None:
    before = module(f"{PACKAGE} = pkgs.python3.withPackages libraries;", "libraries = ps: with ps; [ numpy ];")
    found = nix.add_packages(before.encode(), "pandas", inside="python3").data.decode()
    assert flat(found) == flat(before.replace("[ numpy ]", "[ numpy pandas ]"))


def test_a_python_behind_a_variable_is_meant_by_either_name() -> None:
    before = module(f"{PACKAGE} = python.withPackages (ps: [ ]);", "python = pkgs.python311.override { x = 1; };")
    for name in ("python", "python311", "pkgs.python311"):
        found = nix.add_packages(before.encode(), "pandas", inside=name).data.decode()
        assert flat(found) == flat(before.replace("[ ]", "[ ps.pandas ]"))


@pytest.mark.parametrize(
    "text", ["ps: [ ps.numpy ]\n", "ps: with ps; [ numpy ]\n", "# libraries\nps: with ps; [\n  numpy\n]\n"]
)
def test_a_file_may_be_the_function(text: str) -> None:
    document = nix.Document(text.encode(), "python.nix", module=False)
    holder = holder_of_file(document)
    assert holder is not None
    edited = hold(document, holder, ["pandas", "numpy"])
    assert len(edited.notes) == 1
    after = nix.Document(edited.data, "python.nix", module=False)
    again = holder_of_file(after)
    assert again is not None
    assert held(after, again) == ["numpy", "pandas"]
    assert release(after, again, ["pandas"]).data == text.encode()
    assert holder_of_file(nix.Document(b"{ }", "x.nix", module=False)) is None


def test_two_environments_are_not_guessed_between() -> None:
    one = "pkgs.python3.withPackages (ps: [ ps.numpy ])"
    before = module(f"packages = [ ({one}) ]; {PACKAGE} = {one};").encode()
    with pytest.raises(Refused) as caught:
        nix.add_packages(before, "pandas", inside="python3")
    assert caught.value.code == "ambiguous"
    for option in ("packages", PACKAGE):
        edited = nix.add_packages(before, "pandas", inside=option)
        value = str(nix.get(edited.data, option))
        assert "ps.pandas" in value
        assert edited.data.count(b"ps.pandas") == 1


def test_what_an_argument_may_mean_is_not_removed() -> None:
    before = module(f"{PACKAGE} = pkgs.python3.withPackages (ps: [ ps.a ] ++ lib.filter f [ ps.numpy ]);").encode()
    assert not nix.remove_packages(before, "numpy", inside="python3").changed


def test_what_is_none_is_no_holder() -> None:
    for value in (
        "pkgs.python3",
        "pkgs.git.override { packages = [ ]; }",
        "f.withPackages x",
        "withPackages (ps: [ ])",
    ):
        assert not holders_in(nix.Document(module(f"{PACKAGE} = {value};").encode()))


def test_what_is_overridden_is_the_package_that_it_is_made_of() -> None:
    for element in ("(numpy.override { x = 1; })", "(ps.numpy.overridePythonAttrs (old: { src = null; }))"):
        before = module(f"{PACKAGE} = pkgs.python3.withPackages (ps: with ps; [ {element} scipy ]);").encode()
        edited = nix.add_packages(before, "numpy", inside="python3")
        assert (edited.changed, len(edited.notes)) == (False, 1)
        removed = nix.remove_packages(before, "numpy", inside="python3").data
        assert b"numpy" not in removed
        assert b"[ scipy ]" in removed


def test_what_is_held_under_a_condition_only_is_added() -> None:
    before = module(f"{PACKAGE} = pkgs.python3.withPackages (p: with p; [ a ] ++ lib.optionals x [ numpy ]);").encode()
    edited = nix.add_packages(before, "numpy", inside="python3")
    assert "[ a numpy ] ++" in flat(edited.data.decode())
    assert len(edited.notes) == 1
    assert nix.remove_packages(edited.data, "numpy", inside="python3").data.count(b"numpy") == 0
