"""What a change did, in words: by comparing what files declare, and by their lines where that is not read."""

from __future__ import annotations

import json

import pytest

from devkeel.history.differences import Difference, differences, in_words, reads
from devkeel.history.things import things_of

MODULE = """{ pkgs, ... }:
{
  packages = [ pkgs.git pkgs.jq ];
  services.redis.port = 6379;
  env.GREETING = "hello";
}
"""


def words(file: str, before: str | None, after: str | None) -> list[str]:
    both = (None if text is None else text.encode() for text in (before, after))
    return [line.removeprefix(f"{file}: ") for line in in_words(differences([(file, *both)]))]


def test_packages_and_options_of_a_module_are_named() -> None:
    after = MODULE.replace("pkgs.jq", "pkgs.htop").replace("6379", "6380").replace('  env.GREETING = "hello";\n', "")
    assert set(words("devenv.nix", MODULE, after)) == {
        "-jq",
        "+htop",
        "option services.redis.port 6379 -> 6380",
        "-option env.GREETING = hello",
    }


def test_the_same_said_otherwise_is_lines_alone() -> None:
    after = MODULE.replace("services.redis.port = 6379;", "services.redis = { port = 6379; };")
    assert words("devenv.nix", MODULE, after) == ["+1 -1 lines"]
    assert words("devenv.nix", MODULE, MODULE + "# a comment\n") == ["+1 -0 lines"]
    assert words("devenv.nix", MODULE, MODULE.replace("\n", "\r\n")) == ["line ends"]


def test_a_condition_is_a_part_of_what_is_said() -> None:
    after = MODULE.replace("= 6379;", "= lib.mkIf pkgs.stdenv.isLinux 6379;")
    assert words("devenv.nix", MODULE, after) == ["option services.redis.port 6379 -> 6379 if pkgs.stdenv.isLinux"]


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("devenv.yaml", "inputs:\n  a:\n    url: x\n", "inputs:\n  a:\n    url: y\n", ["input a x -> y"]),
        ("sub/devenv.yaml", "allowUnfree: true\n", "{}\n", ["-setting allowUnfree = true"]),
        ("devkeel.toml", "level = 'schema'\n", "level = 'build'\n", ["setting level schema -> build"]),
        (
            "devkeel.toml",
            "[rules]\npackages = { forbid = ['a'] }\n",
            "",
            ['-setting rules.packages.forbid = ["a"]'],
        ),
        ("flake.nix", '{ inputs.a.url = "x"; }', '{ inputs.a.url = "y"; }', ["input a x -> y"]),
        ("pyproject.toml", "[project]\ndependencies = ['a>=1', 'b']", "[project]\ndependencies = ['a>=2']", None),
        ("requirements.txt", "a==1 --hash=sha256:0\n", "a==2 --hash=sha256:1\n", None),
        ("requirements-dev.in", "a>=1\n-r other.in\n", "a>=2\n", ["library a >=1 -> >=2"]),
        ("package.json", '{"dependencies": {"@a/b": "1"}}', '{"dependencies": {"@a/b": "2"}}', ["library @a/b 1 -> 2"]),
        ("Cargo.toml", "[dependencies]\na = '1'\n", "[dependencies]\na = '2'\n", ["library a 1 -> 2"]),
        ("go.mod", "module m\n", "module m\nrequire x.org/a v1.0.0\n", ["+library x.org/a v1.0.0"]),
        ("Gemfile", "gem 'a'\n", "gem 'a'\ngem 'b', '~> 2'\n", ["+library b '~> 2'"]),
        ("environment.yml", "dependencies: [python=3.12, {pip: [a]}]\n", "dependencies: [python=3.13]\n", None),
        ("notes.md", "a\n", "b\n", ["+1 -1 lines"]),
        ("devenv.nix", None, "{ packages = [ pkgs.jq ]; }", ["+jq"]),
        ("devenv.nix", "{ packages = [ pkgs.jq ]; }", None, ["-jq"]),
    ],
)
def test_each_format_names_its_things(file: str, before: str | None, after: str | None, told: list[str] | None) -> None:
    found = words(file, before, after)
    assert found == told if told is not None else "a" in str(found)
    assert found


def test_what_a_lock_pins_is_told_with_both_versions() -> None:
    def lock(revision: str) -> str:
        node = {"locked": {"type": "github", "owner": "o", "repo": "r", "rev": revision * 40, "lastModified": 1}}
        root = {"inputs": {"nixpkgs": "nixpkgs"}}
        return json.dumps({"nodes": {"nixpkgs": node, "root": root}, "root": "root", "version": 7})

    [line] = words("devenv.lock", lock("a"), lock("b"))
    assert line.startswith("nixpkgs aaaaaaa")
    assert "-> bbbbbbb" in line


@pytest.mark.parametrize(
    "file", ["devenv.nix", "devenv.yaml", "devkeel.toml", "pyproject.toml", "package.json", "x.nix"]
)
@pytest.mark.parametrize("text", ["{", "\xff\x00", "[" * 5000, "a: [", '{"a": ', "= 1", "- 1", "[]", "1", ""])
def test_what_does_not_parse_is_told_by_its_lines(file: str, text: str) -> None:
    assert things_of(file, text.encode("latin-1")) in (None, {})
    found = differences([(file, b"x\n", text.encode("latin-1"))])
    assert [item.kind for item in found] == ["lines"]


def test_secrets_are_not_told() -> None:
    secret = "ghp_" + "Ab1" * 12
    after = MODULE.replace('"hello"', '"hello"').replace(
        "env.GREETING", f'env.GITHUB_TOKEN = "{secret}";\n  env.GREETING'
    )
    assert words("devenv.nix", MODULE, after)
    assert secret not in str(words("devenv.nix", MODULE, after))


@pytest.mark.parametrize(
    ("kind", "name", "about", "is_about"),
    [
        ("option", "services.redis.port", "services.redis", True),
        ("option", "services.redis", "services.redis.port", True),
        ("option", "services.redis.port", "redis", True),
        ("option", "services.redisson", "services.redis", False),
        ("option", "env.REDIS", "redis", False),
        ("package", "redis", "redis", True),
        ("package", "redis", "pkgs.redis", True),
        ("package", "redis", "services.redis", False),
        ("library", "Foo.Bar_baz", "foo-bar-baz", True),
        ("lock", "nixpkgs", "nixpkgs", True),
        ("lines", "+1 -1 lines", "+1 -1 lines", False),
        ("lines", "+1 -1 lines", "devenv.nix", True),
        ("lines", "+1 -1 lines", "sub", True),
        ("lines", "+1 -1 lines", "sub/devenv.nix", True),
        ("lines", "+1 -1 lines", "su", False),
    ],
)
def test_a_difference_is_about_its_file_its_name_and_what_is_above_and_below(
    kind: str, name: str, about: str, is_about: bool
) -> None:
    assert reads(Difference("sub/devenv.nix", kind, name), about) == is_about  # type: ignore[arg-type]
