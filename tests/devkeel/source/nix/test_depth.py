"""Values of any depth are read without a crash, and do not stand in the way of an edit elsewhere."""

from __future__ import annotations

import pytest

from devkeel.errors import DevkeelError, Refused, UsageError
from devkeel.source import nix

N = 3_000
DEEP = {
    "lists": "[" * N + "]" * N,
    "parentheses": "(" * N + "1" + ")" * N,
    "sets": "{a=" * N + "1" + ";}" * N,
    "recursive sets": "rec {a=" * N + "1" + ";}" * N,
    "updates": "{}" + "//{}" * N,
    "concatenations": "[]" + "++[]" * N,
    "a call": "f" + " x" * N,
    "functions": "a:" * N + " 1",
    "negations": "!" * N + "true",
    "names": "x" + " .a" * N,
    "merges": "lib.mkMerge [(" * 300 + "{}" + ")]" * 300,
    "forces": "lib.mkForce (" * N + "1" + ")" * N,
    "scopes": "with lib; " * N + "1",
    "conditions": "if true then 1 else " * N + "1",
    "texts": '"${' * N + "lib" + '}"' * N,
    "lets": "let a = " * 300 + "1" + "; in a" * 300,
}
BROKEN = {"lists": "[" * N, "sets": "{a=" * N, "all": "[{a=(" * N, "closed": "]" * N, "text": '"' + "${" * N}


def module(value: str) -> bytes:
    return f"{{ pkgs, lib, f, x, ... }}:\n{{\n  packages = [ pkgs.git ];\n  deep = {value};\n}}\n".encode()


@pytest.mark.parametrize("name", DEEP)
def test_an_edit_beside_a_deep_value_works(name: str) -> None:
    source = module(DEEP[name])
    edited = nix.set(nix.add_packages(source, "jq").data, "services.redis.enable", True)
    assert edited.data == source.replace(b"pkgs.git", b"pkgs.git pkgs.jq").replace(
        b";\n}\n", b";\n  services.redis.enable = true;\n}\n"
    )
    assert nix.Document(source).problems == []


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize(
    "run",
    [
        lambda source: nix.append(source, "deep", 1),
        lambda source: nix.remove(source, "deep", 1),
        lambda source: nix.set(source, "deep.b", 1),
        lambda source: nix.set(source, "deep", 1),
        lambda source: nix.unset(source, "deep"),
        lambda source: nix.rename(source, "deep", "other"),
        lambda source: nix.append_line(source, "deep", "a"),
        lambda source: nix.get(source, "deep"),
    ],
)
def test_an_edit_of_a_deep_value_works_or_is_refused(name: str, run: object) -> None:
    assert callable(run)
    try:
        run(module(DEEP[name]))
    except DevkeelError as error:
        assert error.remedy
    except KeyError:
        assert name == "merges"  # of nothing but empty sets


def test_a_long_chain_is_edited_up_to_the_limit_and_refused_beyond_it() -> None:
    short = module(" ++ ".join(["[ 1 ]"] * 10))
    assert b"++ [ 1 ] ++ [ 1 2 ];" in nix.append(short, "deep", 2).data
    with pytest.raises(Refused) as caught:
        nix.append(module(" ++ ".join(["[ 1 ]"] * 5000)), "deep", 2)
    assert caught.value.code == "too_deep"


@pytest.mark.parametrize("name", BROKEN)
def test_deep_broken_input_is_a_syntax_error(name: str) -> None:
    source = module(BROKEN[name])
    assert nix.brokenness(source) > 0
    with pytest.raises(Refused) as caught:
        nix.set(source, "a", 1)
    assert caught.value.code == "syntax_error"


def nested(depth: int, *, sets: bool) -> nix.Value:
    value: nix.Value = 1
    for _ in range(depth):
        value = {"a": value} if sets else [value]
    return value


@pytest.mark.parametrize("sets", [True, False])
def test_values_have_a_depth_that_can_be_written_and_read(sets: bool) -> None:
    value = nested(30, sets=sets)
    source = nix.set(b"{ }", "deep", value).data
    assert nix.get(source, "deep") == value
    for run in (nix.set, nix.append, nix.remove):
        with pytest.raises(UsageError) as caught:
            run(b"{ deep = [ ]; }", "deep", nested(5000, sets=sets))
        assert caught.value.code == "bad_value"


@pytest.mark.parametrize(
    "value",
    [10**5000, -(10**5000), [10**5000], 5e-324, float("inf"), {"a": float("nan")}, {"\0": 1}, [{"a\ud800": 1}]],
    ids=range(8),
)
def test_what_nix_cannot_hold_is_a_bad_value(value: nix.Value) -> None:
    with pytest.raises(UsageError) as caught:
        nix.set(b"{ }", "a", value)
    assert caught.value.code == "bad_value"


def test_names_that_stand_for_one_another_many_times_are_followed_once() -> None:
    names = "".join(f"a{index} = a{index + 1} ++ a{index + 1}; " for index in range(60))
    edited = nix.append(f"{{ x, ... }}: let {names}a60 = [ 1 ]; in {{ deep = a0; }}".encode(), "deep", 1, 2)
    assert b"a0 = a1 ++ a1 ++ [ 2 ];" in edited.data
    assert nix.append(b"{ ... }: let a = a ++ a; in { deep = a; }", "deep", 1).changed


@pytest.mark.parametrize("function", ["flatten", "concatLists", "mkMerge"])
def test_lists_of_lists_of_any_depth_are_read_as_far_as_the_limit(function: str) -> None:
    source = module(f"lib.{function} {'[ ' * 3000}x{' ]' * 3000}")
    assert nix.append(source, "deep", 1).changed


RUNS = {
    "minus": "-" * 50_000 + "1",
    "plus": "1+" * 50_000 + "1",
    "names": "a+" * 50_000 + "1",
    "path": "x" + ".a" * 5_000,
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_code_without_white_space_is_refused_wherever_it_comes_from(name: str) -> None:
    source = module(RUNS[name])
    assert [item.code for item in nix.Document(source).problems] == ["too_deep"]
    run = nix.Expression(RUNS[name])
    for data, value in ((source, 1), (b"{ x, a, ... }: { a = 1; }", run)):
        with pytest.raises((Refused, UsageError)) as caught:
            nix.set(data, "a", value)
        assert caught.value.code == "too_deep"


@pytest.mark.parametrize(
    "value",
    [
        '"' + "a+-" * 2_000 + '"',
        "''\n    " + "a+-" * 2_000 + "\n  ''",
        "./" + "a.b-" * 500,
        "1 # " + "-" * 3_000 + "\n",
        "1 /* " + "-+" * 3_000 + " */",
        "rec { " + "a-" * 1_000 + "b = 1; }",
        " + ".join(["1"] * 2_000),
    ],
)
def test_a_long_text_path_comment_or_name_is_as_good_as_a_short_one(value: str) -> None:
    source = module(value)
    assert nix.Document(source).problems == []
    edited = nix.add_packages(source, "jq")
    assert edited.data == source.replace(b"pkgs.git", b"pkgs.git pkgs.jq")


@pytest.mark.parametrize("pair", ["()", "[]", "{}"])
def test_an_expression_is_taken_up_to_the_limit_of_its_depth(pair: str) -> None:
    opening, closing = ("{ a = ", "; }") if pair == "{}" else pair
    for depth, taken in ((200, True), (201, False)):
        value = nix.Expression(f"f ({opening * (depth - 1)}1{closing * (depth - 1)})")
        if taken:
            assert nix.set(b"{ f, ... }: { }", "a", value).changed
            continue
        with pytest.raises(UsageError) as caught:
            nix.set(b"{ f, ... }: { }", "a", value)
        assert caught.value.code == "too_deep"
    assert nix.set(b"{ f, ... }: { }", "a", nix.Expression('f "' + "([" * 300 + '"')).changed
