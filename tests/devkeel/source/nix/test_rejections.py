"""What Nix rejects while parsing although there is a tree for it: real Nix is the judge of every case."""

from __future__ import annotations

import subprocess
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.source import nix
from devkeel.source.path import KEYWORDS

if TYPE_CHECKING:
    from pathlib import Path

REJECTED = [
    "\ufeff{ a = 1; }",
    "\ufeff# a\n{ }",
    "\n\ufeff{ a = 1; }",
    "{ a =\f1; }",
    "{\va = 1; }",
    "{ a = 1; }\f",
    "{ a =\u00a01; }",
    "{ a =\u20031; }",
    "1 == 2 == 3",
    "1 != 2 == 3",
    "1 < 2 < 3",
    "1 <= 2 > 3",
    "a: a == !a == a",
    "nowhere",
    "__nowhere",
    "x: or",
    "9223372036854775808",
    "-9223372036854775808",
    "9" * 5000,
    "1.0e999",
    "1.0e-400",
    "5.0e-324",
    "./a/",
    "~/a/",
    "/a/b/",
    "a: ./a/${a}/",
    "a/b//c",
    "[ a//b ]",
    "./a//b",
    "let ${a} = 1; in 1",
    'let a = ""; "${a}" = 1; in 1',
    "a: { inherit ${a}; }",
    'a: { inherit "x${a}"; }',
    "let inherit nowhere; in 1",
    "{ a = 1; a = 2; }",
    "{ a = 1; a.b = 2; }",
    "{ a.b = 1; a = 2; }",
    "a: { inherit a; a = { }; }",
    "a: { inherit a a; }",
    "{ a = { b = 1; }; a.b = 2; }",
    "{ a = ({ b = 1; }); a.b = 2; }",
    "{ a.b.c = 1; a.b = { c = 2; }; }",
    "{ x = [ { y = { a = 1; a = 2; }; } ]; }",
    "let { a = 1; a = 2; body = a; }",
    "let a = 1; a = 2; in a",
    "{ a, a }: a",
    "{ a, ... }@a: a",
    "{ a, ..., }: a",
    "{ , }: 1",
    "let a = 1; in { inherit (a); b = nowhere; }",
]
PARSED = [
    "{ a = 1; # \ufeff \f \v \u00a0\n}",
    "{ a = \"\ufeff\f\v\"; b = ''\f\v\ufeff''; /* \f */ }",
    '{ a = "\f${"\v"}\f"; b = \'\'\n \f${"a"}\v\n\'\'; }',
    "1 == 2 -> 3 == 4 -> 5 == 6",
    "(1 == 2) == 3",
    "1 < 2 == 3 < 4",
    "a: b: c: a ? b ? c",
    "a: b: a//b",
    "a: b: a//b.c or a",
    "9223372036854775807",
    "-9223372036854775807",
    "007",
    "[ 0.5 .5 1. 1.e3 0.0e-999 1.7976931348623157e308 2.2250738585072014e-308 ]",
    "a: ./a/${a}",
    "a: ./${a}/b",
    "a: [ ./a ./a/b ~/a <a/b> http://x.y/ x:y ]",
    'let ${"a"} = 1; "b" = 2; a2.${"b"} = 3; in a + b',
    'a: { inherit ${"a"}; inherit (a) "b c"; }',
    "a: { inherit; inherit (a); b = 1; }",
    "{ a, }: a",
    "{\n  a, # x\n}:\na",
    "{ a, b, }: a",
    "let { a = 1; body = a; }",
    "{ a = { b = 1; }; a.c = 2; a = rec { d = 3; }; a = ({ e = 4; }); }",
    "{ a.b.c = 1; a.b = { d = 2; }; }",
    "a: { ${a} = 1; ${a + a} = 2; b.${a} = 1; b.c = 2; }",
    "a: { ${a} = { b = 1; }; c = { b = 1; }; }",
    "__add (__sub 1 2) (__currentTime + __storeDir + __nixPath)",
    "[ __curPos derivation builtins null true import __typeOf ]",
    "a: with a; also",
    "rec { a = b; b = with a; c; }",
    "a: rec { inherit a; b = a; }",
    "{ a ? b, b ? 1 }@c: c",
]
# Nix merges these since 2.20 or has them as a built-in name since, and older versions reject them.
PARSED_BY_NEWER = ["{ a = { b = { c = 1; }; }; a = { b = { d = 2; }; }; }", "__warn", "__getFlake", "__convertHash"]


def verdict(folder: Path, *sources: str) -> bool:
    paths = []
    for number, source in enumerate(sources):
        paths.append(folder / f"{number}.nix")
        paths[-1].write_bytes(source.encode("utf-8", "surrogateescape"))
    return subprocess.run(["nix-instantiate", "--parse", *paths], capture_output=True, check=False).returncode == 0


@pytest.mark.nix
@pytest.mark.parametrize("source", REJECTED)
def test_what_nix_rejects_is_a_problem(source: str, tmp_path: Path) -> None:
    assert not verdict(tmp_path, source)
    assert nix.Document(source.encode()).problems


@pytest.mark.parametrize("source", [*PARSED, *PARSED_BY_NEWER])
def test_what_nix_parses_is_no_problem(source: str) -> None:
    assert nix.Document(source.encode()).problems == []


@pytest.mark.nix
def test_nix_parses_what_is_said_to_be_no_problem(tmp_path: Path) -> None:
    assert verdict(tmp_path, *PARSED)


@pytest.mark.nix
def test_random_modules_and_their_parts_have_no_problem_that_nix_does_not_see(writing: Any, tmp_path: Path) -> None:
    random = Random(7)
    sources = []
    while len(sources) < 300:
        data, _ = writing.module(random)
        at = random.randrange(len(data))
        data = data[:at] + random.choice([b"", b" ", b"\n", b"a", b"x = 1; ", b"//", b"1 == "]) + data[at:]
        if not nix.Document(data).problems:
            sources.append(data.decode("utf-8", "surrogateescape"))
    assert verdict(tmp_path, *sources)


@pytest.mark.nix
@pytest.mark.parametrize("word", sorted(KEYWORDS - {"or"}))
@pytest.mark.parametrize(
    "source", ["{{ pkgs }}: pkgs.{}", "{{ a.{} = 1; }}", "{{ pkgs }}: {{ inherit (pkgs) {}; }}", "{{ }} ? {}"]
)
def test_a_keyword_is_no_name_of_an_attribute(source: str, word: str) -> None:
    text = source.format(word).encode()
    assert nix.Document(text).problems
    done = subprocess.run(("nix-instantiate", "--parse", "-"), input=text, capture_output=True, check=False)
    assert done.returncode
