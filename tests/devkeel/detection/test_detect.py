"""A proposal is an ordinary dry run: nothing is written, and publishing it is one operation that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.detection import detect as detection
from devkeel.detection.readers import javascript
from devkeel.detection.registry import READERS
from devkeel.detection.signs import signs
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {
    "package.json": '{"main": "a.js", "scripts": {"test": "jest"}}',
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    ".nvmrc": "20\n",
    ".tool-versions": "jq 1.7\n",
}
DECLARED = "{ pkgs, ... }:\n{\n  packages = [ pkgs.jq ];\n  languages.javascript.enable = false;\n}\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def names(edits: list[dict[str, Any]]) -> list[str]:
    return [str(edit.get("path") or edit.get("name") or edit["names"][0]) for edit in edits]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    found = Environment(tmp_path, actor="tests")
    yield found
    found.close()


def test_nothing_is_written_and_the_edits_are_published_unchanged_and_undone(
    environment: Environment, tmp_path: Path
) -> None:
    write(tmp_path, FILES)
    before = sorted(tmp_path.iterdir())
    found = environment.detect()
    assert sorted(tmp_path.iterdir()) == before
    assert found.backend == "devenv"
    assert found.change is not None
    assert "languages.javascript.pnpm.enable = true;" in found.change.diff
    assert found.change.dry_run
    edits = [item.edit for item in found.edits]
    assert "env.PATH" not in names(edits)
    result = environment.change(parse_edits(edits), create=True)
    assert result.diff == found.change.diff
    again = environment.detect()
    assert (again.edits, again.change) == ((), None)
    environment.undo()
    assert not (tmp_path / "devenv.nix").exists()


def test_what_is_declared_in_whatever_way_stays(environment: Environment, tmp_path: Path) -> None:
    write(tmp_path, FILES | {"devenv.nix": DECLARED, "go.mod": "module a\n"})
    found = environment.detect()
    edits = [item.edit for item in found.edits]
    assert "jq" not in names(edits)
    assert {"kind": "enable", "name": "languages.go"} in edits
    assert all(edit.get("name") != "languages.javascript" for edit in edits)
    assert found.change is not None
    assert "javascript.enable" not in "".join(line for line in found.change.diff.splitlines() if line[:1] in "+-")


def test_a_declaration_that_says_otherwise_stays_and_is_shown(environment: Environment, tmp_path: Path) -> None:
    declared = """{ pkgs, lib, ... }:
{
  languages.python = { enable = true; version = "3.11"; };
  languages.javascript = { enable = true; package = pkgs.nodejs_20; };
  services.redis.enable = false;
  services.postgres = lib.mkIf true { enable = true; package = pkgs.postgresql_15; };
}
"""
    compose = 'services:\n  db: {image: "postgres:16"}\n  redis: {image: "redis:7", ports: ["6380:6379"]}\n'
    files = {"devenv.nix": declared, ".python-version": "3.12\n", ".nvmrc": "20\n", "compose.yml": compose}
    write(tmp_path, files)
    found = environment.detect()
    assert found.edits == ()
    assert [(item.name, item.chosen, item.place.file, item.place.line) for item in found.disagreements] == [
        ("languages.python.version", "3.11", "devenv.nix", 3),
        ("services.postgres.package", "pkgs.postgresql_15", "devenv.nix", 6),
        ("services.redis.enable", "false", "devenv.nix", 5),
    ]
    assert not any("has the rest already" in note for note in found.notes)


def test_a_version_that_is_lacking_brings_its_input_and_no_other_does(environment: Environment, tmp_path: Path) -> None:
    write(tmp_path, {".python-version": "3.12\n", "requirements.txt": "flask\n"})
    write(tmp_path, {"devenv.nix": '{\n  languages.python.enable = true;\n  languages.python.version = "3.12";\n}\n'})
    assert names([item.edit for item in environment.detect().edits]) == [
        "languages.python.venv.enable",
        "languages.python.venv.requirements",
    ]
    write(tmp_path, {"devenv.nix": "{\n  languages.python.enable = true;\n}\n"})
    assert "nixpkgs-python" in names([item.edit for item in environment.detect().edits])


def test_what_conda_installs_is_named(environment: Environment, tmp_path: Path) -> None:
    write(tmp_path, {"environment.yml": "dependencies: [python=3.11, gdal, r-base=4.3, {pip: [papermill]}]\n"})
    found = environment.detect()
    assert "languages.r" in names([item.edit for item in found.edits])
    assert "environment.yml names gdal, papermill: conda installs them, and no edit here has it." in found.notes


def test_a_preview_with_direnv_is_what_is_written(environment: Environment, tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module a\n"})
    found = environment.detect(direnv=True)
    assert found.change is not None
    result = environment.change(parse_edits([item.edit for item in found.edits]), create=True, direnv=True)
    assert (result.files, result.diff) == (found.change.files, found.change.diff)
    assert ".envrc" in result.files


def test_no_second_manager_is_proposed_beside_one_that_is_declared(environment: Environment, tmp_path: Path) -> None:
    declared = "{\n  languages.javascript.enable = true;\n  languages.javascript.pnpm.enable = true;\n}\n"
    write(tmp_path, {"package.json": '{"main": "a.js"}', "devenv.nix": declared})
    assert environment.detect().edits == ()


def test_without_nix_the_backend_that_the_project_has_is_proposed_for(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection, "find_program", lambda _: None)
    pyproject = '[project]\nname = "a"\nversion = "0"\nrequires-python = ">=3.10"\n'
    write(tmp_path, {"pyproject.toml": pyproject, ".tool-versions": "python 3.12\nredis 7\n", "go.mod": "module a\n"})
    found = environment.detect()
    assert found.backend == "venv"
    assert [item.edit["settings"] for item in found.edits] == [{"version": "3.12"}]
    assert "languages.go" in [item.name for item in found.possible]
    assert any("devenv.nix" in note for note in found.notes)


def test_without_nix_and_without_any_declaration_it_says_what_cannot_be_built_here(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection, "find_program", lambda _: None)
    write(tmp_path, {"go.mod": "module a\n"})
    found = environment.detect()
    assert (found.backend, names([item.edit for item in found.edits])) == ("devenv", ["languages.go"])
    assert found.notes


def test_a_flake_is_left_as_it_is_unless_devenv_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"flake.nix": "{ outputs = _: { }; }\n", "go.mod": "module a\n"})
    own, named = (Environment(tmp_path, actor="tests", backend=name) for name in (None, "devenv"))
    found = own.detect()
    assert (found.backend, found.edits, found.change) == ("flake", (), None)
    assert "languages.go" in [item.name for item in found.possible]
    assert any("devenv.nix" in note for note in found.notes)
    assert names([item.edit for item in named.detect().edits]) == ["languages.go"]


def test_one_edit_that_is_refused_leaves_the_others(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"go.mod": "module a\n", "package.json": '{"main": "a.js"}'})

    def reading(self: object, file: Any) -> Iterator[Any]:
        del self
        yield file.clue("variable", "GOOD", 1, "certain", "it says so", value="1")
        yield file.clue("process", "we\nb", 1, "certain", "it says so", value="x")

    monkeypatch.setattr(javascript.JavaScriptManifests, "read", reading)
    found = environment.detect()
    assert names([item.edit for item in found.edits]) == ["languages.go", "env.GOOD"]
    assert any("left out" in note for note in found.notes)


def test_what_would_be_masked_on_its_way_out_is_no_edit(environment: Environment, tmp_path: Path) -> None:
    write(
        tmp_path,
        {".env": "APP_PEPPER=meadow-lantern-31\n", "Dockerfile": "FROM scratch\nENV A=meadow-lantern-31 B=2\n"},
    )
    found = environment.detect()
    assert names([item.edit for item in found.edits]) == ["env.B"]
    assert "env.A" in [item.name for item in found.possible]


def test_an_empty_repository_has_nothing_to_declare(environment: Environment) -> None:
    found = environment.detect()
    assert (found.edits, found.change, found.files) == ((), None, ())


def test_inspect_says_in_one_line_that_such_files_exist(environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as bare:
        environment.inspect()
    write(tmp_path, {"package.json": "{}", "Dockerfile": "FROM scratch\n", ".nvmrc": "20\n"})
    with pytest.raises(ProjectError) as caught:
        environment.inspect()
    assert caught.value.code == bare.value.code == "missing_file"
    assert caught.value.remedy is not None
    assert all(name in caught.value.remedy for name in ("package.json", "Dockerfile", ".nvmrc", "detect"))
    assert "detect" not in (bare.value.remedy or "")


def test_inspect_notes_them_beside_a_declaration_that_has_no_place_for_them(
    environment: Environment, tmp_path: Path
) -> None:
    write(tmp_path, {"requirements.txt": "flask\n"})
    assert not any("detect" in note for note in environment.inspect().notes)
    write(tmp_path, {"compose.yml": "services: {}\n"})
    assert any("compose.yml" in note and "detect" in note for note in environment.inspect().notes)
    write(tmp_path, {"devenv.nix": "{ }\n"})
    assert not any("detect" in note for note in environment.inspect().notes)


def test_the_names_that_inspect_knows_are_those_that_a_reader_reads(tmp_path: Path) -> None:
    known = {
        *("package.json", "pyproject.toml", "go.mod", "Gemfile", ".nvmrc", ".tool-versions", "Dockerfile"),
        *("compose.yml", "mise.toml", "pom.xml"),
    }
    write(tmp_path, dict.fromkeys(known, ""))
    found = signs(Environment(tmp_path, actor="tests").project)
    assert {*found} == known
    assert all(any(reader.matches(name) for reader in READERS) for name in found)


def test_a_link_out_of_the_project_hides_no_other_file(environment: Environment, tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM python:3.12\n"})
    (tmp_path / "requirements.txt").symlink_to("/etc/passwd")
    found = environment.detect()
    assert "requirements.txt" in {item.file for item in found.unread}
    assert "languages.python" in {item.name for item in found.possible}
    assert found.edits == ()
    assert any("leads to /etc/passwd" in note for note in found.notes)


def test_a_number_that_its_name_calls_secret_is_named_and_not_shown(environment: Environment, tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM python:3.12\nENV MY_PIN=88316611\nENV LED_PIN=12345\n"})
    found = environment.detect()
    assert "88316611" not in repr(found)
    assert "env.LED_PIN" in names([item.edit for item in found.edits])


def test_no_more_edits_are_tried_than_a_bound_and_the_rest_is_listed(environment: Environment, tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM scratch\n" + "".join(f"ENV A{at}=b\n" for at in range(300))})
    found = environment.detect()
    assert len(found.edits) == 200
    assert len({item.name for item in found.possible}) >= 100
    assert any("100 more edits" in note for note in found.notes)
    assert not any("left out" in note for note in found.notes)


def test_each_edit_that_is_refused_is_left_out_for_its_own_reason(environment: Environment, tmp_path: Path) -> None:
    services = "services:\n  db:\n    image: postgres:16\n  cache:\n    image: redis:7\n"
    write(tmp_path, FILES | {"compose.yaml": services})
    (tmp_path / "devkeel.toml").write_text('protected = ["services.postgres", "services.redis"]\n')
    found = environment.detect()
    left = names([item.edit for item in found.edits])
    assert "languages.javascript" in left
    assert not [name for name in left if name.startswith("services.")]
    notes = [note for note in found.notes if "is left out" in note]
    assert {note.split(".")[1].split()[0] for note in notes} == {"postgres", "redis"}
    assert found.change is not None
