"""Libraries of other languages: the manifest keeps its formatting."""

from __future__ import annotations

import json

import pytest

from devkeel.errors import DevkeelError, UsageError
from devkeel.libraries.languages.registry import LANGUAGES
from devkeel.libraries.planning import plan
from devkeel.libraries.request import Request
from devkeel.text.actions import do

PACKAGE = '{\n    "name": "x",\n    "dependencies": {\n        "a": "^1",\n        "z": "2"\n    }\n}'
CARGO = '[package]\nname = "a"\n\n[dependencies]\nserde = { version = "1", features = ["derive"] }\n'
GO = "module x\n\ngo 1.22\n\nrequire (\n\tgithub.com/a/b v1.0.0\n)\n"
GEMS = "source 'x'\ngem 'rack'\n"


def edited(language: str, manifest: str, text: str, *names: str, group: str | None = None, remove: bool = False) -> str:
    request = Request(language, names, group, remove=remove)
    found = plan(request, lambda name: text.encode() if name == manifest else None)
    return found.files.get(manifest, text.encode()).decode()


def test_a_package_goes_between_its_neighbours_where_they_are_sorted() -> None:
    wanted = PACKAGE.replace('        "z": "2"', '        "lodash": "^4",\n        "z": "2"')
    assert edited("javascript", "package.json", PACKAGE, "lodash@^4") == wanted


def test_a_package_goes_last_where_it_sorts_last() -> None:
    assert edited("js", "package.json", PACKAGE, "zz@1") == PACKAGE.replace('"2"\n', '"2",\n        "zz": "1"\n')


def test_a_scoped_package_gets_a_table_of_its_own() -> None:
    found = edited("javascript", "package.json", PACKAGE, "@types/node@22", group="dev")
    assert json.loads(found)["devDependencies"] == {"@types/node": "22"}
    assert found.startswith(PACKAGE[:-2])


@pytest.mark.parametrize("name", ["a", "z"])
def test_a_package_is_removed_with_its_comma(name: str) -> None:
    found = edited("javascript", "package.json", PACKAGE, name, remove=True)
    rest = {"a": "^1", "z": "2"}
    rest.pop(name)
    assert json.loads(found)["dependencies"] == rest
    assert found.count("\n") == PACKAGE.count("\n") - 1


def test_a_table_that_is_not_there_yet_goes_last() -> None:
    text = '{\n  "name": "x",\n  "scripts": {"a": "b"}\n}\n'
    wanted = '{\n  "name": "x",\n  "scripts": {"a": "b"},\n  "dependencies": {\n    "b": "2"\n  }\n}\n'
    assert edited("js", "package.json", text, "b@2") == wanted


def test_of_two_keys_the_last_counts_as_it_does_for_npm() -> None:
    text = '{"scripts": {"a": "1", "a": "2"}, "dependencies": {"b": "1", "c": "1", "b": "1"}}'
    assert edited("js", "package.json", text, "b@2") == text.replace('"b": "1"}', '"b": "2"}')
    assert edited("js", "package.json", text, "d@2") == text.replace('"b": "1"}', '"b": "1", "d": "2"}')
    with pytest.raises(DevkeelError):
        edited("js", "package.json", text, "b", remove=True)


@pytest.mark.parametrize(
    ("text", "code"), [("{", "syntax_error"), ('{"dependencies": []}', "opaque_value"), ("[]", "opaque_value")]
)
def test_what_is_no_manifest_is_refused_with_the_call_that_repairs_it(text: str, code: str) -> None:
    with pytest.raises(DevkeelError) as caught:
        edited("js", "package.json", text, "b@2")
    assert (caught.value.code, do("patch") in str(caught.value.remedy)) == (code, True)


def test_a_table_on_one_line_stays_on_one_line() -> None:
    text = '{"name": "x", "dependencies": {"a": "1"}}\n'
    assert edited("js", "package.json", text, "b@2") == '{"name": "x", "dependencies": {"a": "1", "b": "2"}}\n'
    # npm uninstall leaves no empty section.
    assert edited("js", "package.json", text, "a", remove=True) == '{"name": "x"}\n'


def test_the_same_key_elsewhere_is_not_touched() -> None:
    text = '{\n  "config": {\n    "a": "1"\n  },\n  "dependencies": {\n    "a": "1"\n  }\n}\n'
    found = json.loads(edited("js", "package.json", text, "a@2"))
    assert found == {"config": {"a": "1"}, "dependencies": {"a": "2"}}


@pytest.mark.parametrize("value", ["3", '"serde"', "[]"])
def test_dependencies_that_are_no_table_are_refused(value: str) -> None:
    with pytest.raises(DevkeelError) as caught:
        edited("rust", "Cargo.toml", f"dependencies = {value}\n", "tokio")
    assert caught.value.code == "opaque_value"


def test_a_crate_keeps_its_features() -> None:
    found = edited("rust", "Cargo.toml", CARGO, "serde@1.2", "anyhow@1")
    assert found == CARGO.replace('"1", features', '"1.2", features') + 'anyhow = "1"\n'
    assert edited("rust", "Cargo.toml", CARGO, "serde", remove=True).count("serde") == 0


def test_a_module_goes_into_the_block() -> None:
    found = edited("go", "go.mod", GO, "github.com/google/uuid@v1.6.0", "github.com/a/b@v1.1.0")
    assert found == GO.replace("v1.0.0\n", "v1.1.0\n\tgithub.com/google/uuid v1.6.0\n")
    # A block of which nothing is left goes, as `go mod edit` has it.
    assert edited("go", "go.mod", GO, "github.com/a/b", remove=True) == "module x\n\ngo 1.22\n"


def test_a_gem_gets_a_line() -> None:
    found = edited("ruby", "Gemfile", GEMS, "puma@~> 6", "rack@3.1")
    # In the quotes that the file has.
    assert found == "source 'x'\ngem 'rack', '3.1'\ngem 'puma', '~> 6'\n"
    assert edited("ruby", "Gemfile", GEMS, "rack", remove=True) == "source 'x'\n"


@pytest.mark.parametrize(
    ("language", "manifest", "text", "name"),
    [
        ("javascript", "package.json", PACKAGE, "../x"),
        ("javascript", "package.json", PACKAGE, 'a@"b"\n'),
        ("rust", "Cargo.toml", CARGO, "a b"),
        ("go", "go.mod", GO, "github.com/google/uuid"),
        ("go", "go.mod", GO, "x"),
        ("ruby", "Gemfile", GEMS, 'rack"; system("x")'),
    ],
)
def test_what_is_no_name_is_refused(language: str, manifest: str, text: str, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        edited(language, manifest, text, name)
    assert caught.value.code == "bad_library"


def test_an_unknown_language_names_those_that_are_known() -> None:
    with pytest.raises(UsageError) as caught:
        edited("haskell", "x.cabal", "", "lens")
    assert caught.value.code == "unknown_language"
    assert caught.value.alternatives == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_project_without_a_manifest_is_refused(language: str) -> None:
    with pytest.raises(DevkeelError) as caught:
        edited(language, "nothing", "", "github.com/a/b@v1.0.0" if language == "go" else "name")
    assert caught.value.code == "no_manifest"
