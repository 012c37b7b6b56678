"""Evidence becomes edits: what is sure, with its reasons; the closest file wins, and who says otherwise is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.detection.evidence import Clue
from devkeel.detection.gathering import gather
from devkeel.detection.proposal import Drawn, draw
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Place

if TYPE_CHECKING:
    from devkeel.detection.evidence import About, Certainty

    from .conftest import Making


def clue(about: About, name: str, file: str, certainty: Certainty = "certain", **more: Any) -> Clue:
    return Clue(about, name, Place(file, 1), certainty, "seen", "why", **more)


def edits(drawn: Drawn) -> list[dict[str, Any]]:
    found = [item.edit for item in drawn.edits]
    parse_edits(found)
    return found


def test_the_closest_file_says_the_version_and_the_others_are_shown(repository: Making) -> None:
    found = repository({".nvmrc": "20.11.1", "package.json": '{"main": "a.js", "engines": {"node": ">=22"}}'})
    drawn = draw(gather(found).clues, found.names)
    assert drawn.versions == {"javascript": "20.11.1"}
    assert {"kind": "set", "path": "languages.javascript.package", "expression": "pkgs.nodejs_20"} in edits(drawn)
    (shown,) = drawn.disagreements
    assert (shown.chosen, shown.place.file, shown.place.line) == ("20.11.1", ".nvmrc", 1)
    assert [(item.file, item.line) for item in shown.others] == [("package.json", 1)]


def test_a_matrix_is_its_newest_and_disagrees_with_nothing_that_is_in_it() -> None:
    workflow = ".github/workflows/ci.yml"
    matrix = [clue("language", "javascript", workflow, "likely", version=version) for version in ("18", "20", "22")]
    assert draw(matrix, ["a.js"]).versions == {"javascript": "22"}
    drawn = draw([*matrix, clue("language", "javascript", ".nvmrc", version="20")], ["a.js"])
    assert drawn.versions == {"javascript": "20"}
    assert not drawn.disagreements


def test_what_a_closer_file_does_not_let_in_is_of_another_part() -> None:
    found = [
        clue("language", "php", "composer.json", version="~8.2.0 || ~8.3.0"),
        clue("language", "php", "src/part/composer.json", version="8.1.0"),
        clue("language", "php", ".github/workflows/ci.yml", version="8.2"),
    ]
    drawn = draw(found, [])
    assert drawn.versions == {"php": "8.2"}
    assert [item.file for item in drawn.disagreements[0].others] == ["src/part/composer.json"]


def test_a_workflow_says_nothing_of_which_rust_is_developed_with() -> None:
    found = [clue("language", "rust", ".github/workflows/ci.yml", version=version) for version in ("1.70", "nightly")]
    assert draw([clue("language", "rust", "Cargo.toml"), *found], ["a.rs"]).versions == {}
    assert draw([clue("language", "rust", "Dockerfile", version="1.80"), *found], ["a.rs"]).versions == {"rust": "1.80"}


def test_a_language_that_only_images_and_workflows_name_wants_files_of_it() -> None:
    found = [clue("language", "python", ".github/workflows/lint.yml", "likely", version="3.12")]
    assert edits(draw(found, ["main.go"])) == []
    assert draw(found, ["main.go"]).possible[0].name == "languages.python"
    assert edits(draw(found, ["tool.py"]))[0]["name"] == "languages.python"


@pytest.mark.parametrize(
    ("name", "version", "file", "expected"),
    [
        ("python", "3.12", ".python-version", [{"settings": {"version": "3.12"}}, {"name": "nixpkgs-python"}]),
        ("ruby", "3.3.0", ".ruby-version", [{"settings": {"version": "3.3.0"}}, {"name": "nixpkgs-ruby"}]),
        ("go", "1.22.3", "go.mod", [{"settings": {"version": "1.22.3"}}, {"name": "go-overlay"}]),
        ("go", "1.25", "go.mod", [{"name": "languages.go"}, {"expression": "pkgs.go_1_25"}]),
        ("java", "21.0.2", ".java-version", [{"name": "languages.java"}, {"expression": "pkgs.jdk21"}]),
        ("php", "8.3.1", "composer.json", [{"settings": {"version": "8.3"}}]),
        ("php", "5.6", "composer.json", [{"settings": {"version": "5.6"}}, {"name": "phps"}]),
        ("dotnet", "8.0", "a.csproj", [{"name": "languages.dotnet"}, {"expression": "pkgs.dotnet-sdk_8"}]),
        ("elixir", "1.18.1", ".tool-versions", [{"name": "languages.elixir"}, {"expression": "pkgs.elixir_1_18"}]),
        (
            "rust",
            "1.78",
            ".tool-versions",
            [{"settings": {"channel": "stable", "version": "1.78.0"}}, {"name": "rust-overlay"}],
        ),
        (
            "rust",
            "1.78.0",
            "rust-toolchain.toml",
            [{"name": "languages.rust"}, {"expression": "./rust-toolchain.toml"}, {"name": "rust-overlay"}],
        ),
        ("javascript", "4", ".nvmrc", [{"name": "languages.javascript"}]),
    ],
)
def test_a_version_stands_where_devenv_has_it(
    name: str, version: str, file: str, expected: list[dict[str, Any]]
) -> None:
    drawn = draw([clue("language", name, file, version=version)], ["a"])
    found = edits(drawn)
    assert len(found) == len(expected)
    assert all(edit.items() >= part.items() for edit, part in zip(found, expected, strict=True))
    assert bool(drawn.notes) is (name == "javascript")


def test_a_service_has_its_version_its_port_and_its_settings() -> None:
    found = [
        clue("service", "postgres", "compose.yml", version="16", options={"initialDatabases": [{"name": "a"}]}),
        clue("port", "postgres", "compose.yml", value=5433),
        clue("service", "redis", "compose.yml"),
        clue("port", "redis", "compose.yml", value=6379),
    ]
    assert edits(draw(found, [])) == [
        {
            "kind": "enable",
            "name": "services.postgres",
            "settings": {"initialDatabases": [{"name": "a"}], "port": 5433},
        },
        {"kind": "set", "path": "services.postgres.package", "expression": "pkgs.postgresql_16"},
        {"kind": "enable", "name": "services.redis"},
    ]


def test_a_license_that_is_not_free_is_said_and_permitted_by_no_edit() -> None:
    drawn = draw([clue("service", "mongodb", "compose.yml"), clue("service", "redis", "compose.yml")], [])
    assert [edit["name"] for edit in edits(drawn)] == ["services.mongodb", "services.redis"]
    assert ["mongodb" in note for note in drawn.notes] == [True]


@pytest.mark.parametrize(
    ("files", "requirements", "noted"),
    [
        ({"requirements.txt": "flask\n"}, "./requirements.txt", False),
        (
            {"requirements/base.txt": "a\n", "requirements/dev.txt": "-r base.txt\nb\n"},
            "./requirements/base.txt",
            False,
        ),
        ({"requirements.txt": "-r base.txt\n"}, None, True),
        ({"requirements-dev.txt": "pytest\n"}, None, True),
        ({"uv.lock": ""}, None, True),
    ],
)
def test_what_installs_is_declared_or_said(
    repository: Making, files: dict[str, str], requirements: str | None, noted: bool
) -> None:
    drawn = draw(gather(repository(files)).clues, [*files])
    found = [item.edit["expression"] for item in drawn.edits if item.edit.get("path", "").endswith(".requirements")]
    assert found == ([requirements] if requirements else [])
    assert bool(drawn.notes) is noted


def test_settings_of_other_tools_are_no_project_of_python(repository: Making) -> None:
    assert not gather(repository({"setup.cfg": "[flake8]\nmax-line-length=100\n"})).clues
    assert gather(repository({"setup.cfg": "[metadata]\nname = a\n"})).clues


def test_a_database_that_is_reached_by_a_port_listens_and_what_else_its_container_has_is_said(
    repository: Making,
) -> None:
    text = """services:
  db:
    image: postgis/postgis:16
    ports: ["5433:5432"]
    environment: [POSTGRES_USER=orders, POSTGRES_DB=orders]
  traces: {image: "jaegertracing/all-in-one:1.6"}
"""
    drawn = draw(gather(repository({"compose.yml": text})).clues, [])
    (settings,) = (item.edit["settings"] for item in drawn.edits if item.edit.get("name") == "services.postgres")
    assert (settings["port"], settings["listen_addresses"]) == (5433, "127.0.0.1")
    assert [note.partition(":")[0] for note in drawn.notes if note.startswith("compose.yml")] == [
        "compose.yml names postgis",
        "compose.yml names orders",
        "compose.yml names jaegertracing/all-in-one",
    ]


def test_a_package_whose_license_is_not_free_is_said(repository: Making) -> None:
    drawn = draw(gather(repository({".tool-versions": "terragrunt 0.5\nterraform 1.9.0\n"})).clues, ["main.tf"])
    assert [note for note in drawn.notes if "not free" in note]


def test_what_is_only_possible_or_unknown_is_listed_apart() -> None:
    found = [
        clue("service", "postgres", "package.json", "possible"),
        clue("service", "sqlserver", "compose.yml"),
        clue("package", "no-such-package-anywhere", "Dockerfile"),
        clue("package", "jq", "Dockerfile", "likely"),
    ]
    drawn = draw(found, [])
    assert edits(drawn) == [{"kind": "add_packages", "names": ["jq"]}]
    assert {item.name for item in drawn.possible} == {
        "services.postgres",
        "services.sqlserver",
        "no-such-package-anywhere",
    }


def test_a_secret_value_is_left_out_and_its_name_kept() -> None:
    found = [
        clue("variable", "API_TOKEN", "compose.yml", value="hunter2-and-more-7"),
        clue("variable", "PORT", "Dockerfile", "likely", value=3000),
    ]
    drawn = draw(found, [])
    assert edits(drawn) == [{"kind": "set", "path": "env.PORT", "value": "3000"}]
    assert [item.name for item in drawn.possible] == ["API_TOKEN"]


@pytest.mark.parametrize(
    ("file", "name", "value"),
    [
        ("prod.Dockerfile", "LEVEL", "debug"),
        ("deploy/Dockerfile", "LEVEL", "debug"),
        ("review.Dockerfile", "LEVEL", "debug"),
        ("Dockerfile.worker", "LEVEL", "debug"),
        ("compose.production.yml", "LEVEL", "debug"),
        ("Dockerfile", "POSTGRES_HOST", "postgres"),
        ("Dockerfile", "REDIS_URL", "redis://redis:6379"),
        ("compose.yml", "KEY_BASE", "<%= x %>"),
        ("compose.yml", "LEVEL", "${LEVEL}"),
    ],
)
def test_a_variable_of_another_place_is_named_without_a_value(file: str, name: str, value: str) -> None:
    drawn = draw([clue("variable", name, file, "likely", value=value)], [])
    assert edits(drawn) == []
    assert [item.name for item in drawn.possible] == [name]


@pytest.mark.parametrize("value", ["http://localhost:3000/", "redis://127.0.0.1:6379", "postgres://a@localhost/b"])
def test_a_variable_about_this_machine_is_proposed(value: str) -> None:
    for file in ("Dockerfile", "Dockerfile.dev", "docker/Dockerfile", "compose.yml"):
        assert edits(draw([clue("variable", "A_URL", file, "likely", value=value)], []))


def test_tests_are_those_of_one_kind_of_file() -> None:
    found = [
        clue("test", "test", "package.json", "likely", value="npm test"),
        clue("test", "ci", ".github/workflows/ci.yml", "likely", value="npm run lint"),
        clue("test", "ci", ".github/workflows/ci.yml", "likely", value="npm test"),
    ]
    assert edits(draw(found, [])) == [{"kind": "set", "path": "enterTest", "value": "npm run lint\nnpm test\n"}]
    assert edits(draw(found[:1], [])) == [{"kind": "set", "path": "enterTest", "value": "npm test\n"}]


def test_each_edit_has_its_reasons_with_file_and_line(repository: Making) -> None:
    found = repository({"package.json": '{"main": "a.js"}', "pnpm-lock.yaml": ""})
    drawn = draw(gather(found).clues, found.names)
    assert [item.edit["name"] for item in drawn.edits] == ["languages.javascript"]
    assert drawn.edits[0].edit["settings"] == {"pnpm.enable": True}
    assert {item.file for item in drawn.edits[0].reasons} == {"package.json", "pnpm-lock.yaml"}


def test_a_procfile_says_what_runs_and_images_do_not_run_it_again(repository: Making) -> None:
    found = repository({"Procfile": "web: gunicorn app\nrelease: migrate\n", "Procfile.dev": "web: flask run\n"})
    clues = [*gather(found).clues, clue("process", "app", "Dockerfile", "likely", value="gunicorn app")]
    drawn = draw(clues, found.names)
    assert edits(drawn) == [{"kind": "set", "path": "processes.web.exec", "value": "flask run"}]
    assert [item.name for item in drawn.possible] == ["app"]


def test_a_command_with_a_secret_is_no_edit() -> None:
    found = [
        clue("process", "web", "compose.yml", "likely", value="serve --token ghp_0123456789abcdefghijABCDEFGHIJ012345"),
        clue("test", "t", "Makefile", "likely", value="PASSWORD=hunter2-and-more-7 make check"),
    ]
    assert edits(draw(found, [])) == []


@pytest.mark.parametrize(
    "version", ["9" * 5000, "^" * 200, "1." * 4000, "\u0663", "1.2.3\n4", "-1", "lts/" + "a" * 500]
)
def test_a_version_that_is_none_pins_nothing(version: str) -> None:
    found = [clue("language", name, "a", version=version) for name in ("python", "go", "rust", "javascript", "php")]
    drawn = draw(found, ["a"])
    edits(drawn)
    assert all(len(item) < 20 for item in drawn.versions.values())
