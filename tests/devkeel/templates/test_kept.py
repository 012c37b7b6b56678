"""Whether a file still says all that it said before is answered for each format, and in a bounded time."""

from __future__ import annotations

import pytest

from devkeel.templates.kept import lost


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.nix", "{ a = [ 1 ]; }", "{ a = [ 1 2 ]; }"),
        (
            "a.nix",
            "{ pkgs, ... }: { packages = with pkgs; [ a ]; }",
            "{ pkgs, ... }: { packages = with pkgs; [ a b ]; }",
        ),
        ("a.nix", "{ a = ''\n  x\n''; }", "{ a = ''\n  x\n  y\n''; }"),
        ("a.nix", "{ a.b = 1; }", "{ a = { b = 1; c = 2; }; }"),
        ("a.yaml", "a: [1]\nb: 2\n", "b: 2\na: [1, 3]\nc: 4\n"),
        ("a.toml", "a = [1]\n", "a = [1, 2]\nb = 3\n"),
        ("a.json", '{"a": 1}', '{"a": 1, "b": 2}'),
        (".gitignore", "a\nb\n", "a\nb\nc\n"),
    ],
)
def test_what_only_grew_has_lost_nothing(name: str, before: str, after: str) -> None:
    assert lost(name, before.encode(), after.encode()) is None


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.nix", '{ a = "x"; }', '{ a = "x-y"; }'),
        ("a.nix", "{ a = 1; }", "{ a = 12; }"),
        ("a.nix", "{ a = [ 1 2 ]; }", "{ a = [ 2 ]; }"),
        ("a.nix", "{ a = [ 1 ]; }", "{ b = [ 1 ]; }"),
        ("a.nix", "{ a = false; }", "{ a = true; }"),
        ("a.nix", "{ a = ''\n  x\n''; }", "{ a = ''\n  y\n''; }"),
        ("a.yaml", "a: 1\n", "a: 1.0\n"),
        ("a.yaml", "a: {b: c}\n", "a: {b: d}\n"),
        ("a.yaml", "a: &x b\nc: *x\n", "a: &x d\nc: *x\n"),
        ("a.toml", "a = 1\n", "a = true\n"),
        ("a.json", '{"a": [1]}', '{"a": []}'),
        (".gitignore", "a\nb\n", "a\n"),
    ],
)
def test_what_has_another_value_is_lost(name: str, before: str, after: str) -> None:
    assert lost(name, before.encode(), after.encode())


def test_aliases_are_compared_by_their_lines() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)), ""]
    text = "\n".join(lines).encode()
    assert lost("devenv.yaml", text, text + b"b: c\n") is None
