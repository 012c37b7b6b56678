"""Which manifest a library goes into: the one that the declaration names, wherever among its files that stands."""

from __future__ import annotations

import json
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import DevkeelError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request
from devkeel.source import nix
from devkeel.text.actions import again

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REQUIREMENTS = "languages.python.venv.requirements"
PROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = []\n'


def planned(files: Mapping[str, str], *names: str, language: str = "python", **more: bool | str) -> LibraryPlan:
    declaration = {name: text.encode() for name, text in files.items() if name.endswith(".nix")}
    request = Request(language, names, declaration=declaration, **more)  # type: ignore[arg-type]
    return plan(request, lambda name: files[name].encode() if name in files else None)


def shell(requirements: str, *more: str) -> str:
    lines = ["languages.python.enable = true;", "languages.python.venv.enable = true;", *more]
    body = "".join(f"  {line}\n" for line in (*lines, f"{REQUIREMENTS} = {requirements};"))
    return f"{{ pkgs, lib, config, ... }}:\n{{\n{body}}}\n"


def text_after(requirements: str, *names: str, remove: bool = False) -> str:
    found = planned({"devenv.nix": shell(requirements)}, *names, remove=remove).files["devenv.nix"].decode()
    return found.partition(f"{REQUIREMENTS} = ")[2].removesuffix(";\n}\n")


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ('"idna"', "idna>=3", '"idna>=3"'),
        ("''idna''", "idna>=3", '"idna>=3"'),
        ('"idna"', "six", "''\n    idna\n    six\n  ''"),
        ('"idna\\nflask"', "idna>=3", "''\n    idna>=3\n    flask''"),
        ("''\n    idna\n    flask\n  ''", "six", "''\n    idna\n    flask\n    six\n  ''"),
        ("''\n    idna\n    flask''", "six", "''\n    idna\n    flask\n    six\n  ''"),
        ("''\n    idna\n    flask''", "idna>=3", "''\n    idna>=3\n    flask''"),
        ("''\n\tidna\n\tflask\n  ''", "six", "''\n\tidna\n\tflask\n\tsix\n  ''"),
        (
            "''\n    idna # x\n    # y\n    a \\\n      ; z\n  ''",
            "idna>3",
            "''\n    idna>3 # x\n    # y\n    a \\\n      ; z\n  ''",
        ),
        ("''\n    a\n    ${x}\n    b\n  ''", "b>1", "''\n    a\n    ${x}\n    b>1\n  ''"),
        ("''\n    a\n    ${x}\n  ''", "six", "''\n    a\n    ${x}\n    six\n  ''"),
        ('"a==${v}\\nb"', "six", '"a==${v}\\nb\\nsix\\n"'),
        ('"a==${v}\\nb\\n${w}"', "b>1", '"a==${v}\\nb>1\\n${w}"'),
        ('""', "six", "''\n    six\n  ''"),
        ("''\n  ''", "six", "''\n    six\n  ''"),
        ("lib.mkForce ''\n    a\n  ''", "six", "lib.mkForce ''\n    a\n    six\n  ''"),
    ],
)
def test_the_text_of_devenv_is_edited_as_a_requirements_file(before: str, name: str, after: str) -> None:
    assert text_after(before, name) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"idna"', '""'),
        ('"idna\\nflask"', '"flask"'),
        ("''\n    idna # x\n    flask\n  ''", "''\n    flask\n  ''"),
        ("''\n    ${x}\n    idna\n  ''", "''\n    ${x}\n  ''"),
    ],
)
def test_a_library_is_removed_from_the_text(before: str, after: str) -> None:
    assert text_after(before, "idna", remove=True) == after


def test_the_text_of_a_file_with_carriage_returns_keeps_them() -> None:
    text = shell("''\n    idna\n    flask\n  ''").replace("\n", "\r\n")
    found = planned({"devenv.nix": text}, "six", "idna>=3").files["devenv.nix"].decode()
    assert found == text.replace("    idna\r\n    flask\r\n", "    idna>=3\r\n    flask\r\n    six\r\n")


@pytest.mark.parametrize("text", ['"idna==${v}\\nb"', "''\n    idna==${v}\n    b\n  ''", "lib.foo ./a"])
def test_what_is_computed_is_refused(text: str) -> None:
    for remove in (False, True):
        with pytest.raises(DevkeelError) as caught:
            planned({"devenv.nix": shell(text)}, "idna", remove=remove)
        assert caught.value.code == "opaque_value"


@pytest.mark.parametrize(
    "value",
    [
        "./dev.txt",
        "(./dev.txt)",
        "builtins.readFile ./dev.txt",
        "lib.fileContents ./dev.txt",
        "lib.mkForce ./dev.txt",
        "lib.mkIf true ./dev.txt",
        "(builtins.readFile ./dev.txt) + (builtins.readFile ./requirements.txt)",
    ],
)
def test_the_file_that_devenv_names_is_edited(value: str) -> None:
    files = {"devenv.nix": shell(value), "dev.txt": "pytest\n", "requirements.txt": "idna\n"}
    found = planned(files, "urllib3")
    assert found.files == {"dev.txt": b"pytest\nurllib3\n"}
    assert any("devenv.nix:5" in note for note in found.notes)


def test_of_several_places_the_one_that_has_the_library_is_edited() -> None:
    value = "''\n    ${builtins.readFile ./dev.txt}\n    six\n  ''"
    files = {"devenv.nix": shell(value), "dev.txt": "pytest\n"}
    assert [*planned(files, "pytest>=7").files] == ["dev.txt"]
    assert [*planned(files, "six>=1").files] == ["devenv.nix"]
    assert [*planned(files, "idna").files] == ["devenv.nix"]
    with pytest.raises(DevkeelError) as caught:
        planned(files, "pytest", "six", remove=True)
    assert caught.value.code == "ambiguous"


def test_what_nothing_reads_is_not_edited() -> None:
    files = {"devenv.nix": shell("./dev.txt"), "dev.txt": "a\n", "pyproject.toml": PROJECT, "requirements.txt": "a\n"}
    found = planned(files, "idna")
    assert [*found.files] == ["dev.txt"]
    assert any("pyproject.toml" in note for note in found.notes)
    assert [*planned(files, "idna", group="test").files] == ["pyproject.toml"]
    synced = {**files, "devenv.nix": shell("./dev.txt", "languages.python.uv.sync.enable = true;")}
    found = planned(synced, "idna")
    assert [*found.files] == ["pyproject.toml"]
    assert any(REQUIREMENTS in note for note in found.notes)
    del synced["pyproject.toml"]
    with pytest.raises(DevkeelError) as caught:
        planned(synced, "idna")
    assert caught.value.code == "no_manifest"


def test_a_file_that_is_named_and_missing_begins_when_asked() -> None:
    files = {"devenv.nix": shell("./python/requirements.txt"), "requirements.txt": "a\n"}
    with pytest.raises(DevkeelError) as caught:
        planned(files, "idna")
    assert caught.value.code == "no_manifest"
    assert "python/requirements.txt" in caught.value.message
    assert again(create=True) in (caught.value.remedy or "")
    assert planned(files, "idna", create=True).files == {"python/requirements.txt": b"idna\n"}


@pytest.mark.parametrize("file", [None, "requirements-dev.txt", "pyproject.toml", "nix/python.nix"])
@pytest.mark.parametrize("way", ["add", "remove", "create"])
def test_only_what_can_begin_is_offered_where_no_manifest_is(file: str | None, way: str) -> None:
    request = Request("python", ("idna",), file=file, remove=way == "remove", create=way == "create")
    begins = way == "add" and file != "nix/python.nix"
    if way == "create" and file != "nix/python.nix":
        assert plan(request, lambda _: None).files
        return
    with pytest.raises(DevkeelError) as caught:
        plan(request, lambda _: None)
    assert caught.value.code == "no_manifest"
    assert (again(create=True) in (caught.value.remedy or "")) == begins


@pytest.mark.parametrize(
    "value", ['"./backend"', '"backend"', '"${config.devenv.root}/backend"', 'config.devenv.root + "/backend"']
)
@pytest.mark.parametrize("way", ["uv.sync", "poetry", "none"])
def test_the_directory_that_devenv_names_has_the_manifest(value: str, way: str) -> None:
    option = "" if way == "none" else f"  languages.python.{way}.enable = true;\n"
    text = f"{{ config, ... }}:\n{{\n  languages.python.directory = {value};\n{option}}}\n"
    files = {"devenv.nix": text, "backend/pyproject.toml": PROJECT, "pyproject.toml": PROJECT}
    assert "backend/pyproject.toml" in planned(files, "idna").files
    assert "pyproject.toml" not in planned(files, "idna").files
    del files["backend/pyproject.toml"]
    with pytest.raises(DevkeelError) as caught:
        planned(files, "idna")
    assert caught.value.code == "no_manifest"
    begun = planned(files, "idna", create=True).files["backend/pyproject.toml"]
    assert tomllib.loads(begun.decode())["project"]["dependencies"] == ["idna"]


def test_a_directory_that_is_computed_is_refused() -> None:
    text = "{ config, ... }:\n{\n  languages.python.directory = config.x;\n}\n"
    with pytest.raises(DevkeelError) as caught:
        planned({"devenv.nix": text, "pyproject.toml": PROJECT}, "idna")
    assert caught.value.code == "opaque_value"
    assert [*planned({"devenv.nix": text, "pyproject.toml": PROJECT}, "idna", file="pyproject.toml").files]


def test_another_language_has_its_directory_too() -> None:
    text = '{ ... }:\n{\n  languages.javascript.directory = "./web";\n}\n'
    files = {"devenv.nix": text, "web/package.json": "{}\n", "package.json": "{}\n"}
    assert [*planned(files, "lodash@^4", language="javascript").files] == ["web/package.json"]
    del files["web/package.json"]
    with pytest.raises(DevkeelError) as caught:
        planned(files, "lodash@^4", language="javascript")
    assert caught.value.code == "no_manifest"
    assert "web" in caught.value.message


def test_a_definition_counts_wherever_it_stands() -> None:
    imported = {
        "devenv.nix": "{ imports = [ ./nix/py.nix ]; }\n",
        "nix/py.nix": shell("./requirements.txt"),
        "nix/requirements.txt": "a\n",
        "requirements.txt": "a\n",
    }
    assert planned(imported, "idna").files["nix/requirements.txt"] == b"a\nidna\n"
    local = {"devenv.nix": "{ languages.python.enable = true; }\n", "devenv.local.nix": shell("''\n    a\n  ''")}
    assert nix.get(planned(local, "idna").files["devenv.local.nix"], REQUIREMENTS) == "a\nidna\n"
    inner = f"profiles.dev.module = {{\n    {REQUIREMENTS} = ''\n      a\n    '';\n  }};"
    profile = {"devenv.nix": f"{{ ... }}:\n{{\n  languages.python.enable = true;\n  {inner}\n}}\n"}
    found = planned(profile, "idna")
    assert "      a\n      idna\n    '';" in found.files["devenv.nix"].decode()
    assert any("profile dev" in note for note in found.notes)


def test_a_requirements_file_that_nothing_installs_from_is_named() -> None:
    text = "{ ... }:\n{\n  languages.python.enable = true;\n  languages.python.venv.enable = true;\n}\n"
    found = planned({"devenv.nix": text, "requirements.txt": "a\n"}, "idna").files["devenv.nix"]
    assert nix.get(found, REQUIREMENTS) == nix.Expression("./requirements.txt")
    reading = text.replace("}\n", '  enterShell = "pip install -r requirements.txt";\n}\n')
    assert "devenv.nix" not in planned({"devenv.nix": reading, "requirements.txt": "a\n"}, "idna").files


def test_a_group_that_uv_does_not_sync_is_said() -> None:
    text = "{ ... }:\n{\n  languages.python.enable = true;\n  languages.python.uv.sync.enable = true;\n}\n"
    files = {"devenv.nix": text, "pyproject.toml": PROJECT}
    assert any("sync.groups" in note for note in planned(files, "idna", group="docs").notes)
    assert not planned(files, "idna", group="dev").notes
    files["devenv.nix"] = text.replace("}\n", '  languages.python.uv.sync.groups = [ "docs" ];\n}\n')
    assert not planned(files, "idna", group="docs").notes


def test_a_requirements_file_has_no_groups() -> None:
    with pytest.raises(DevkeelError) as caught:
        planned({"requirements.txt": "a\n"}, "idna", group="dev")
    assert caught.value.code == "no_groups"
    assert "requirements-dev.txt" in (caught.value.remedy or "")


PYTHON = "{ pkgs, ... }:\n{\n  languages.python.package = pkgs.python3.withPackages (%s);\n}\n"


def test_the_python_of_the_environment_takes_libraries() -> None:
    files = {"devenv.nix": PYTHON % "ps: [ ps.numpy ]"}
    assert planned(files, "Pandas").files == {"devenv.nix": (PYTHON % "ps: [ ps.numpy ps.pandas ]").encode()}
    assert planned(files, "numpy", remove=True).files == {"devenv.nix": (PYTHON % "ps: [ ]").encode()}
    with pytest.raises(DevkeelError) as caught:
        planned(files, "pandas==1")
    assert caught.value.code == "no_versions"
    found = planned(files | {"pyproject.toml": PROJECT}, "pandas")
    assert [*found.files] == ["devenv.nix"]
    assert any("pyproject.toml" in note for note in found.notes)
    assert "pyproject.toml" in planned(files | {"pyproject.toml": PROJECT}, "pandas", file="pyproject.toml").files


def test_the_function_of_a_python_may_be_a_file_of_its_own() -> None:
    files = {
        "devenv.nix": "{ imports = [ ./nix/py.nix ]; }\n",
        "nix/py.nix": PYTHON % "import ./libraries.nix",
        "nix/libraries.nix": "ps: with ps; [ numpy ]\n",
    }
    assert planned(files, "pandas").files == {"nix/libraries.nix": b"ps: with ps; [ numpy pandas ]\n"}


def test_two_pythons_with_libraries_are_both_named() -> None:
    text = (PYTHON % "ps: [ ]").replace(
        "{\n  lang", "{\n  packages = [ (pkgs.python3.withPackages (ps: [ ])) ];\n  lang"
    )
    with pytest.raises(DevkeelError) as caught:
        planned({"devenv.nix": text}, "pandas")
    assert caught.value.code == "ambiguous"
    assert caught.value.alternatives == ("languages.python.package", "packages")


def test_a_line_that_goes_on_in_another_text_is_left_alone() -> None:
    files = {"devenv.nix": shell("''\n    flask\n    -r '' + ./more.txt"), "more.txt": "idna\n"}
    assert planned(files, "idna>=3").files == {"more.txt": b"idna>=3\n"}
    assert planned(files, "six").files == {"more.txt": b"idna\nsix\n"}
    with pytest.raises(DevkeelError) as caught:
        planned({"devenv.nix": shell('"flask" + "==1"')}, "flask")
    assert caught.value.code == "opaque_value"
    lines = {"devenv.nix": shell("''\n    flask\n  '' + \"six\"")}
    assert "    flask>1\n" in planned(lines, "flask>1").files["devenv.nix"].decode()
    assert '"six>1"' in planned(lines, "six>1").files["devenv.nix"].decode()


def test_a_switch_that_is_computed_stays() -> None:
    text = "{ config, ... }:\n{\n  languages.python.enable = config.x;\n}\n"
    found = planned({"devenv.nix": text, "requirements.txt": "a\n"}, "idna")
    assert "languages.python.enable = config.x;" in found.files["devenv.nix"].decode()
    off = text.replace("config.x", "false")
    found = planned({"devenv.nix": off, "requirements.txt": "a\n"}, "idna")
    assert nix.get(found.files["devenv.nix"], "languages.python.enable") is True


def test_beside_requirements_a_python_keeps_what_it_has() -> None:
    package = "languages.python.package = pkgs.python3.withPackages (ps: [ ps.numpy ]);"
    files = {"devenv.nix": shell("''\n    requests\n  ''", package)}
    found = planned(files, "flask")
    assert "    requests\n    flask\n" in found.files["devenv.nix"].decode()
    assert any("languages.python.package" in note for note in found.notes)
    assert not planned(files, "numpy").files
    assert "ps: [ ]" in planned(files, "numpy", remove=True).files["devenv.nix"].decode()
    assert "    requests\n    numpy>=2\n" in planned(files, "numpy>=2").files["devenv.nix"].decode()
    assert "''\n  ''" in planned(files, "requests", remove=True).files["devenv.nix"].decode()


def test_what_devenv_builds_from_a_directory_has_its_manifest_there() -> None:
    text = "{ config, ... }:\n{\n  packages = [ (config.languages.rust.import ./app { }) ];\n}\n"
    cargo = '[package]\nname = "a"\nversion = "1.0.0"\n'
    files = {"devenv.nix": text, "app/Cargo.toml": cargo}
    assert [*planned(files, "serde@1", language="rust").files] == ["app/Cargo.toml"]
    assert [*planned({**files, "Cargo.toml": cargo}, "serde@1", language="rust").files] == ["Cargo.toml"]
    two = text.replace("{ }) ]", "{ }) (config.languages.rust.import ./other { }) ]")
    with pytest.raises(DevkeelError) as caught:
        planned({**files, "devenv.nix": two}, "serde@1", language="rust")
    assert (caught.value.code, caught.value.alternatives) == ("ambiguous", ("app/Cargo.toml", "other/Cargo.toml"))
    python = {"devenv.nix": text.replace("rust", "python"), "app/pyproject.toml": PROJECT}
    built = planned(python, "idna").files
    assert "app/pyproject.toml" in built
    assert b"uv" not in built.get("devenv.nix", b"")


def test_what_a_named_file_is_compiled_from_is_edited() -> None:
    head = (
        "# This file was autogenerated by uv via the following command:\n#    uv pip compile %s -o requirements.txt\n"
    )
    files = {"devenv.nix": shell("./requirements.txt"), "requirements.in": "a\n"}
    files["requirements.txt"] = head % "requirements.in" + "a==1\n"
    assert planned(files, "idna").files == {"requirements.in": b"a\nidna\n"}
    files["requirements.txt"] = head % "other.in" + "a==1\n"
    with pytest.raises(DevkeelError) as caught:
        planned(files, "idna")
    assert caught.value.code == "compiled_requirements"


@pytest.mark.nix
@pytest.mark.parametrize(
    "text",
    [
        '"idna"',
        '"idna\\nflask # x"',
        "''idna''",
        "''\n    idna\n    flask''",
        "''\n    idna\n    flask; python_version < '3.9'\n  ''",
        "''\n\tidna\n\tflask\n  ''",
        "''\n    ${config.x}\n    idna\n  ''",
        '"idna\\n${config.x}"',
        '"idna\\n" + "flask"',
    ],
)
def test_nix_reads_the_text_as_asked(text: str, tmp_path: Path) -> None:
    def lines(source: bytes) -> list[str]:
        (tmp_path / "devenv.nix").write_bytes(source)
        module = f'import {tmp_path}/devenv.nix {{ pkgs = null; lib = null; config.x = "rich"; }}'
        argv = ["nix-instantiate", "--eval", "--json", "--expr", f"({module}).{REQUIREMENTS}"]
        done = subprocess.run(argv, check=True, capture_output=True, timeout=60)
        return [line.strip() for line in json.loads(done.stdout).split("\n") if line.strip()]

    before = lines(shell(text).encode())
    added = planned({"devenv.nix": shell(text)}, "six").files["devenv.nix"]
    assert sorted(lines(added)) == sorted([*before, "six"])
    changed = planned({"devenv.nix": shell(text)}, "idna>=3").files["devenv.nix"]
    assert lines(changed) == [line.replace("idna", "idna>=3") for line in before]
    removed = planned({"devenv.nix": shell(text)}, "idna", remove=True).files["devenv.nix"]
    assert lines(removed) == [line for line in before if line != "idna"]
