"""What manifests and locks of each language say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.catalogue import find_option
from devkeel.detection.gathering import gather
from devkeel.detection.readers import other_languages

if TYPE_CHECKING:
    from .conftest import Making

POM = """<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <properties><java.version>{}</java.version></properties>
</project>
"""
CASES: list[tuple[str, dict[str, str], set[tuple[str, str, str | None]]]] = [
    ("uv", {"uv.lock": ""}, {("language", "python", None)}),
    (
        "python",
        {"pyproject.toml": '[project]\nname = "a"\nrequires-python = "~=3.11.0"\n'},
        {("language", "python", "~=3.11.0")},
    ),
    ("settings of a tool alone", {"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, set()),
    ("conda", {"environment.yml": "dependencies:\n  - python=3.11\n"}, {("language", "python", "3.11")}),
    ("pipenv", {"Pipfile": '[requires]\npython_version = "3.10"\n'}, {("language", "python", "3.10")}),
    ("a type alone", {"package.json": '{"type": "module"}'}, set()),
    (
        "engines",
        {"package.json": '{"main": "a.js", "engines": {"node": "20.x"}}'},
        {("language", "javascript", "20.x")},
    ),
    (
        "volta",
        {"package.json": '{"main": "a.js", "volta": {"node": "18.1.0"}}'},
        {("language", "javascript", "18.1.0")},
    ),
    ("go", {"go.mod": "module a\n\ngo 1.22 // x\n"}, {("language", "go", ">=1.22")}),
    ("go's toolchain", {"go.mod": "module a\n\ntoolchain go1.22.3\n"}, {("language", "go", ">=1.22.3")}),
    (
        "cargo",
        {"Cargo.toml": '[package]\nname = "a"\nrust-version = "1.74"\n\n[dependencies]\nopenssl = "0.10"\n'},
        {("language", "rust", ">=1.74"), ("package", "openssl", None), ("package", "pkg-config", None)},
    ),
    (
        "a library that is built along",
        {"Cargo.toml": '[package]\nname = "a"\n\n[dependencies]\nopenssl = { features = ["vendored"] }\n'},
        {("language", "rust", None)},
    ),
    ("rustup", {"rust-toolchain": "nightly-2024-05-01\n"}, {("language", "rust", "nightly-2024-05-01")}),
    (
        "ruby",
        {"Gemfile": 'ruby "~> 3.2.0"\ngem "pg"\n'},
        {("language", "ruby", "~> 3.2.0"), ("package", "postgresql", None)},
    ),
    ("a Ruby of a file", {"Gemfile": 'ruby file: ".ruby-version"\n'}, {("language", "ruby", None)}),
    ("maven", {"pom.xml": POM.format("21")}, {("language", "java", "21")}),
    ("maven's Java of old", {"pom.xml": POM.format("1.8")}, {("language", "java", "8")}),
    ("maven's variable", {"pom.xml": POM.format("${x}")}, {("language", "java", None)}),
    (
        "gradle",
        {"build.gradle": "// JavaLanguageVersion.of(8)\nsourceCompatibility = '1.8'\n"},
        {("language", "java", ">=8")},
    ),
    (
        "kotlin",
        {"build.gradle.kts": 'plugins { kotlin("jvm") version "2.0.0" }\nkotlin { jvmToolchain(21) }\n'},
        {("language", "java", "21"), ("language", "kotlin", None)},
    ),
    ("the Android part of another", {"android/build.gradle": "android {}\n"}, set()),
    ("composer", {"composer.json": '{"require": {"php": "8.3.*"}}'}, {("language", "php", "8.3.*")}),
    ("mix", {"mix.exs": '# elixir: "~> 1.0"\n[elixir: "~> 1.16"]\n'}, {("language", "elixir", "~> 1.16")}),
    (
        "dotnet",
        {"a/A.csproj": "<Project><TargetFrameworks>net48;net8.0</TargetFrameworks></Project>"},
        {("language", "dotnet", "8.0")},
    ),
    ("global.json", {"global.json": '{"sdk": {"version": "8.0.100"}}'}, {("language", "dotnet", "8.0.100")}),
    ("zig", {"build.zig.zon": '.{ .minimum_zig_version = "0.13.0" }'}, {("language", "zig", ">=0.13.0")}),
    ("cmake", {"CMakeLists.txt": "project(a)\n"}, {("language", "cplusplus", None), ("package", "cmake", None)}),
    ("cmake of a part", {"lib/CMakeLists.txt": "project(a)\n"}, set()),
    ("meson", {"meson.build": "project('a', 'c')\n"}, {("language", "c", None), ("package", "meson", None)}),
    ("haskell", {"a.cabal": ""}, {("language", "haskell", None)}),
    ("deno", {"deno.json": "{}", "tsconfig.json": "{}"}, {("language", "deno", None)}),
    ("elm", {"elm.json": "{}"}, {("language", "elm", None)}),
    ("julia", {"Project.toml": 'uuid = "1"'}, {("language", "julia", None)}),
    ("a Project.toml of something else", {"Project.toml": "a = 1"}, set()),
    ("terraform's files", {"main.tf": ""}, {("language", "terraform", None)}),
    ("terraform", {".terraform.lock.hcl": ""}, {("language", "terraform", None)}),
]


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_manifest_names_its_language_and_version(
    repository: Making, files: dict[str, str], expected: set[tuple[str, str, str | None]]
) -> None:
    gathered = gather(repository(files))
    found = [clue for clue in gathered.clues if clue.certainty != "possible"]
    assert not gathered.unread
    said = {(clue.about, clue.name, clue.version) for clue in found if clue.about in ("language", "package")}
    assert said >= expected
    assert {item[:2] for item in said} - {("package", "pipenv"), ("package", "ninja"), ("package", "pkg-config")} == {
        item[:2] for item in expected
    } - {("package", "pkg-config")}


@pytest.mark.parametrize(
    ("files", "option"),
    [
        ({"package.json": "{}", "pnpm-lock.yaml": ""}, "pnpm.enable"),
        ({"package.json": "{}", "bun.lockb": ""}, "bun.enable"),
        ({"package.json": '{"packageManager": "yarn@4.1.0"}', "package-lock.json": ""}, "yarn.enable"),
        ({"package.json": '{"scripts": {"build": "x"}}'}, "npm.enable"),
        ({"uv.lock": ""}, "uv.enable"),
        ({"requirements.txt": "flask\n"}, "venv.enable"),
        ({"requirements.txt": "flask\n", "uv.lock": ""}, "uv.enable"),
        ({"pyproject.toml": '[tool.poetry]\nname = "a"\n'}, "poetry.enable"),
        ({"Gemfile": ""}, "bundler.enable"),
        ({"pom.xml": POM.format("21")}, "maven.enable"),
    ],
)
def test_the_manager_of_libraries_is_switched_on_and_no_other(
    repository: Making, files: dict[str, str], option: str
) -> None:
    options: dict[str, Any] = {}
    for clue in gather(repository(files)).clues:
        options |= clue.options
    assert options == {option: True}


def test_a_client_library_is_a_possible_service_and_never_more(repository: Making) -> None:
    files = {
        "package.json": '{"dependencies": {"pg": "8"}}',
        "requirements.txt": "redis==5\n",
        "Gemfile": 'gem "mysql2"\n',
        "mix.exs": "{:postgrex, 1}\n",
    }
    found = [clue for clue in gather(repository(files)).clues if clue.about == "service"]
    assert {clue.name for clue in found} == {"postgres", "redis", "mysql"}
    assert {clue.certainty for clue in found} == {"possible"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", "[]"),
        ("package.json", "{"),
        ("pyproject.toml", "[project\n"),
        ("composer.json", '"x"'),
        ("pom.xml", '<!DOCTYPE x [<!ENTITY a "b">]><project/>'),
        ("pom.xml", "<project>"),
        ("mise.toml", "tools = "),
        ("global.json", "3"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_why(repository: Making, name: str, text: str) -> None:
    gathered = gather(repository({name: text, "go.mod": "module a\n"}))
    assert [item.file for item in gathered.unread] == [name]
    assert gathered.unread[0].why
    assert any(clue.name == "go" for clue in gathered.clues)


def test_each_language_of_a_manifest_is_one_that_devenv_has() -> None:
    known = {name for name, _ in (*other_languages._MANIFESTS.values(), *other_languages._ENDINGS.values())}
    assert {name for name in known if find_option(("languages", name, "enable")) is None} == set()
