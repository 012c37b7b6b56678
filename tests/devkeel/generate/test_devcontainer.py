"""devcontainer.json from what is declared, in a file that a person may write in everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.source import jsonc

if TYPE_CHECKING:
    from pathlib import Path

DECLARED = """\
{ pkgs, lib, ... }:
{
  env.GREETING = "hello";
  env.API_TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  env.COMPUTED = "${pkgs.hello}";
  env.OF_HOST = "\\${localEnv:HOME}";
  services.postgres = { enable = true; port = 5433; };
  services.redis.port = lib.mkIf false 1;
  processes.web.ports.http.allocate = 8080;
}
"""
# The types that the reference gives to what is written here (devcontainers/spec, docs/specs/
# devcontainerjson-reference.md): no package of PyPI or npm carries the schema of the format.
TEXT, TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
SCHEMA = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "image": TEXT,
        "features": {"type": "object", "additionalProperties": {"type": ["object", "string", "boolean"]}},
        "containerEnv": {"type": "object", "additionalProperties": TEXT},
        "postCreateCommand": {"type": ["string", "array", "object"]},
        "forwardPorts": {"type": "array", "items": {"type": ["integer", "string"], "minimum": 0, "maximum": 65535}},
        "customizations": {
            "type": "object",
            "properties": {"vscode": {"type": "object", "properties": {"extensions": TEXTS}}},
        },
    },
}


@pytest.fixture
def project(tmp_path: Path) -> Environment:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "devenv.nix").write_text(DECLARED)
    return Environment(root, actor="test", executes=False)


def path_of(environment: Environment) -> Path:
    return environment.project.root / ".devcontainer" / "devcontainer.json"


def said(environment: Environment) -> dict[str, Any]:
    found: dict[str, Any] = jsonc.Document(path_of(environment).read_bytes()).root.value
    return found


def test_ports_and_variables_are_those_that_the_declaration_says_outright(project: Environment) -> None:
    (project.project.root / ".envrc").write_text("use devenv\n")
    result = project.generate("devcontainer")
    found = said(project)
    assert list(Draft202012Validator(SCHEMA).iter_errors(found)) == []
    assert found["containerEnv"] == {"GREETING": "hello"}
    assert found["forwardPorts"] == [5433, 8080]
    assert found["customizations"]["vscode"]["extensions"] == ["mkhl.direnv"]
    assert found["name"] == "shop"
    assert result.notes[0].startswith("API_TOKEN is left out")
    assert "ghp_" not in path_of(project).read_text()
    assert result.runs_on_enter
    assert not project.generate("devcontainer").changed
    json.loads(path_of(project).read_text())


@pytest.mark.parametrize("file", ["requirements.txt", "flake.nix", "environment.yml"])
def test_each_backend_has_a_container_that_is_valid(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("{ }\n" if file.endswith(".nix") else "")
    environment = Environment(tmp_path, actor="test", executes=False)
    environment.generate("devcontainer", {"python": "3.13", "ports": ["9000"]})
    assert list(Draft202012Validator(SCHEMA).iter_errors(said(environment))) == []
    assert said(environment)["forwardPorts"] == [9000]
    assert not environment.generate("devcontainer").changed


def test_what_a_person_wrote_stays_and_a_change_of_the_declaration_is_followed(project: Environment) -> None:
    path = path_of(project)
    path.parent.mkdir()
    path.write_text('// mine\n{\n  "build": { "dockerfile": "Dockerfile" }, // own\n  "forwardPorts": [3000],\n}\n')
    project.generate("devcontainer")
    found = said(project)
    assert "image" not in found
    assert found["forwardPorts"] == [3000, 5433, 8080]
    text = path.read_text()
    assert text.startswith('// mine\n{\n  "build": { "dockerfile": "Dockerfile" }, // own\n')
    path.write_text(text.replace('"GREETING": "hello"', '"MINE": "1", "GREETING": "hello"').replace(" 5433,", "", 1))
    assert not project.generate("devcontainer").changed
    declared = project.project.root / "devenv.nix"
    declared.write_text(DECLARED.replace("8080", "8081").replace('"hello"', '"bye"').replace("5433", "5434"))
    project.generate("devcontainer")
    found = said(project)
    assert found["containerEnv"] == {"MINE": "1", "GREETING": "bye"}
    assert found["forwardPorts"] == [3000, 5434, 8081]
    declared.write_text("{ }\n")
    project.generate("devcontainer")
    assert said(project)["containerEnv"] == {"MINE": "1"}
    assert said(project)["forwardPorts"] == [3000]


def test_a_value_that_was_changed_by_hand_is_refused_and_replaced_where_that_is_asked(project: Environment) -> None:
    project.generate("devcontainer")
    text = path_of(project).read_text()
    path_of(project).write_text(text.replace("devkeel apply", "make setup"))
    with pytest.raises(DevkeelError) as refused:
        project.generate("devcontainer")
    assert (refused.value.code, path_of(project).read_text()) == (
        "generated_part_edited",
        text.replace("devkeel apply", "make setup"),
    )
    project.generate("devcontainer", replace=True)
    assert path_of(project).read_text() == text


def test_a_command_of_a_person_is_not_replaced_unasked_and_can_be_left_alone(project: Environment) -> None:
    path_of(project).parent.mkdir()
    path_of(project).write_text('{"postCreateCommand": "make"}')
    with pytest.raises(DevkeelError) as refused:
        project.generate("devcontainer")
    assert refused.value.code == "not_generated"
    project.generate("devcontainer", {"apply": False})
    assert said(project)["postCreateCommand"] == "make"
    assert not project.generate("devcontainer").changed


def test_what_was_there_before_is_a_persons_and_never_taken_out(project: Environment) -> None:
    path = path_of(project)
    path.parent.mkdir()
    (project.project.root / ".envrc").write_text("use devenv\n")
    extensions = '"customizations": {"vscode": {"extensions": ["mkhl.direnv"]}}'
    path.write_text(f'{{"forwardPorts": [3000, 5433], "containerEnv": {{"GREETING": "hello"}}, {extensions}}}')
    project.generate("devcontainer", {"ports": ["3000"]})
    assert said(project)["forwardPorts"] == [3000, 5433, 8080]
    (project.project.root / "devenv.nix").write_text("{ }\n")
    (project.project.root / ".envrc").unlink()
    project.generate("devcontainer", {"ports": ["4000"]})
    found = said(project)
    assert found["forwardPorts"] == [3000, 5433, 4000]
    assert found["containerEnv"] == {"GREETING": "hello"}
    assert found["customizations"]["vscode"]["extensions"] == ["mkhl.direnv"]
    assert not project.generate("devcontainer").changed


@pytest.mark.parametrize(
    "record",
    [
        '"x"',
        '{"parameters": {"ports": ["abc"]}}',
        '{"parameters": {"ports": ["65536"]}}',
        '{"parameters": {"ports": 5}}',
        '{"parameters": {"python": "3.12; rm -rf /"}}',
        '{"parameters": {"image": {"x": 1}, "apply": []}}',
        '{"parameters": {"more": 1}}',
        '{"parameters": []}',
        '{"values": {"nojson": "x"}}',
        '{"values": {"5": "x"}}',
        '{"values": {"[]": "x"}}',
        '{"lists": {"[1]": ["a"]}}',
        '{"lists": {"{": ["a"]}}',
        '{"lists": {"[\\"a\\"]": 1}}',
    ],
)
def test_a_record_that_is_none_is_refused_with_its_place(project: Environment, record: str) -> None:
    path = path_of(project)
    path.parent.mkdir()
    path.write_text(f'{{"customizations": {{"devkeel": {record}}}}}')
    with pytest.raises(DevkeelError) as refused:
        project.generate("devcontainer")
    assert refused.value.code == "generated_part_edited"
    assert refused.value.place is not None


def written(environment: Environment, text: str) -> Path:
    path = path_of(environment)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_what_a_person_wrote_first_stays_when_the_declaration_no_longer_says_it(project: Environment) -> None:
    declared, envrc = project.project.root / "devenv.nix", project.project.root / ".envrc"
    declared.write_text('{ pkgs, ... }:\n{\n  env.A = "x";\n  env.B = "y";\n}\n')
    envrc.touch()
    mine = {"name": "shop", "forwardPorts": [3000], "containerEnv": {"A": "x"}}
    written(project, json.dumps({**mine, "customizations": {"vscode": {"extensions": ["mkhl.direnv"]}}}))
    project.generate("devcontainer", {"ports": ["3000", "9000"]})
    assert said(project)["containerEnv"] == {"A": "x", "B": "y"}
    assert not project.generate("devcontainer").changed
    declared.write_text("{ }\n")
    envrc.unlink()
    project.generate("devcontainer", {"ports": ["4000"]})
    found = said(project)
    assert {key: found[key] for key in mine} == {**mine, "forwardPorts": [3000, 4000]}
    assert found["customizations"]["vscode"]["extensions"] == ["mkhl.direnv"]


@pytest.mark.parametrize(
    "record",
    [
        5,
        [],
        {"parameters": {"ports": ["abc"]}},
        {"parameters": {"ports": ["70000"]}},
        {"parameters": {"ports": 5}},
        {"parameters": {"python": "3.12; rm -rf /"}},
        {"parameters": {"image": {"x": 1}, "apply": []}},
        {"parameters": {"unknown": "x"}},
        {"parameters": []},
        {"values": 5},
        {"values": {"nojson": "x"}},
        {"values": {"5": "x"}},
        {"values": {"[]": "x"}},
        {"values": {"{}": "x"}},
        {"values": {'[""]': "x"}},
        {"values": {'["containerEnv", 1]': "x"}},
        {"values": {'["containerEnv"]': "x"}},
        {"values": {'["containerEnv", "A", "B"]': "x"}},
        {"values": {'["build"]': "x"}},
        {"values": {'["name"]': 5}},
        {"values": {'["containerEnv", "\\n"]': "x"}},
        {"values": {"[" * 5000: "x"}},
        {"lists": {"[1]": ["a"]}},
        {"lists": {"{": ["a"]}},
        {"lists": {'["mounts"]': ["a"]}},
        {"lists": {'["forwardPorts"]': 5}},
        {"lists": {'["forwardPorts"]': [True]}},
        {"lists": {'["forwardPorts"]': [{"a": 1}]}},
    ],
)
@pytest.mark.parametrize("replace", [False, True])
def test_a_record_that_devkeel_does_not_write_is_refused_with_its_place(
    project: Environment, record: object, replace: bool
) -> None:
    text = json.dumps({"build": {}, "mounts": ["a"], "customizations": {"devkeel": record}}, indent=2)
    path = written(project, text)
    with pytest.raises(DevkeelError) as refused:
        project.generate("devcontainer", replace=replace)
    assert refused.value.code == "generated_part_edited"
    assert refused.value.place is not None
    assert refused.value.place.file == ".devcontainer/devcontainer.json"
    assert (refused.value.place.line or 0) > 5
    assert path.read_text() == text


def test_a_person_may_write_beside_the_record_and_take_parameters_back(project: Environment) -> None:
    project.generate("devcontainer", {"ports": ["9000"], "python": "3.13"})
    text = path_of(project).read_text().replace('"devkeel": {', '"devkeel": { "mine": 1, // own')
    written(project, text)
    project.generate("devcontainer", {"ports": ""})
    assert '"devkeel": { "mine": 1, // own' in path_of(project).read_text()
    record = said(project)["customizations"]["devkeel"]
    assert record["parameters"] == {"python": "3.13"}
    assert said(project)["forwardPorts"] == [5433, 8080]


def test_a_port_is_no_truth_and_no_fraction(project: Environment) -> None:
    written(project, '{"forwardPorts": [true, 8080.0, "db:1"]}')
    project.generate("devcontainer", {"ports": ["1"]})
    assert json.dumps(said(project)["forwardPorts"]) == '[true, 8080.0, "db:1", 1, 5433, 8080]'
