"""Inputs of devenv.yaml and of flake.nix are edited by the same edits: what is asked for, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Refused, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult

REV, OLD = "0123456789abcdef0123456789abcdef01234567", "f" * 40
YAML = """\
inputs:
  # packages
  nixpkgs:
    url: github:a/nixpkgs/main # of a
  tool:
    url: github:a/tool
    inputs:
      nixpkgs:
        follows: nixpkgs
"""
FLAKE = """\
{
  inputs = {
    # packages
    nixpkgs.url = "github:a/nixpkgs/main"; # of a
    tool = {
      url = "github:a/tool";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs = { self, nixpkgs, tool }: { x = nixpkgs; };
}
"""
FORMATS = {"devenv.yaml": YAML, "flake.nix": FLAKE}


@pytest.fixture(params=FORMATS)
def file(request: pytest.FixtureRequest, environment: Environment) -> Path:
    """Return the only file of a project that declares inputs."""
    path: Path = environment.project.root / request.param
    path.write_text(FORMATS[request.param])
    if path.name == "flake.nix":
        (environment.project.root / "devenv.nix").unlink()
    return path


def edit(environment: Environment, kind: str, name: str, **given: Any) -> ChangeResult:
    return environment.change(parse_edits([{"kind": kind, "name": name, **given}]), level="schema")


def refusal(environment: Environment, kind: str, name: str, **given: Any) -> str:
    with pytest.raises(Refused) as caught:
        edit(environment, kind, name, **given)
    return caught.value.code


def changed(file: Path) -> list[str]:
    """Return the lines of the file that are not those of before, without their indent."""
    before = FORMATS[file.name].splitlines()
    return [line.strip() for line in file.read_text().splitlines() if line not in before]


def test_an_input_comes_and_goes_without_a_trace(environment: Environment, file: Path) -> None:
    edit(environment, "set_input", "new", url="github:a/new", follows=["nixpkgs"], settings={"flake": False})
    assert "github:a/new" in file.read_text()
    assert not edit(environment, "set_input", "new", url="github:a/new", follows=["nixpkgs"]).changed
    edit(environment, "remove_input", "new")
    assert file.read_text() == FORMATS[file.name]
    assert not edit(environment, "remove_input", "new").changed


def test_a_reference_is_changed_in_its_place(environment: Environment, file: Path) -> None:
    edit(environment, "set_input", "nixpkgs", to="next")
    assert len(changed(file)) == 1
    assert "github:a/nixpkgs/next" in changed(file)[0]
    assert changed(file)[0].endswith("# of a")


def test_a_pin_is_the_revision_in_the_reference_and_goes_again(environment: Environment, file: Path) -> None:
    edit(environment, "pin_input", "tool", to=REV)
    assert [line for line in changed(file) if f"github:a/tool/{REV}" in line] == changed(file)
    assert not edit(environment, "pin_input", "tool", to=REV).changed
    edit(environment, "unpin_input", "tool")
    assert file.read_text() == FORMATS[file.name]
    assert not edit(environment, "unpin_input", "tool").changed


def test_a_branch_that_a_pin_takes_the_place_of_is_said(environment: Environment, file: Path) -> None:
    assert "main" in "".join(edit(environment, "pin_input", "nixpkgs", to=REV).notes)
    edit(environment, "unpin_input", "nixpkgs", to="main")
    assert file.read_text() == FORMATS[file.name]


def test_a_pin_without_a_revision_takes_the_one_of_the_lock(environment: Environment, file: Path) -> None:
    assert refusal(environment, "pin_input", "tool") == "input_not_locked"
    nodes = {"root": {"inputs": {"tool": "tool_2"}}, "tool_2": {"locked": {"rev": OLD}}}
    lock = file.parent / {"devenv.yaml": "devenv.lock", "flake.nix": "flake.lock"}[file.name]
    held = {"root": {"inputs": {"tool": "tool_2"}}, "tool_2": {"locked": {"type": "path", "narHash": "sha256-"}}}
    lock.write_text(json.dumps({"nodes": held, "root": "root", "version": 7}))
    assert refusal(environment, "pin_input", "tool") == "unsupported_reference"
    lock.write_text(json.dumps({"nodes": nodes, "root": "root", "version": 7}))
    edit(environment, "pin_input", "tool")
    assert f"github:a/tool/{OLD}" in file.read_text()


def test_an_input_follows_another_and_no_more(environment: Environment, file: Path) -> None:
    edit(environment, "follow_input", "tool/systems/deep", to="tool/nixpkgs")
    assert "tool/nixpkgs" in file.read_text()
    edit(environment, "remove_input", "tool/systems/deep")
    edit(environment, "remove_input", "tool/systems")
    assert "systems" not in file.read_text()
    assert "github:a/tool" in file.read_text()
    edit(environment, "follow_input", "tool", to="nixpkgs/tool")
    assert "github:a/tool" not in file.read_text()
    edit(environment, "set_input", "tool", url="github:a/tool")
    assert "nixpkgs/tool" not in file.read_text()


def test_what_others_follow_stays(environment: Environment, file: Path) -> None:
    edit(environment, "set_input", "other", url="github:a/other")
    edit(environment, "follow_input", "tool/nixpkgs", to="other/deep")
    before = file.read_text()
    with pytest.raises(Refused) as caught:
        edit(environment, "remove_input", "other")
    assert caught.value.code == "in_use"
    assert caught.value.place is not None
    assert "other/deep" in before.splitlines()[(caught.value.place.line or 0) - 1]
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("kind", "name", "given", "code"),
    [
        ("pin_input", "absent", {"to": REV}, "unknown_input"),
        ("unpin_input", "absent", {}, "unknown_input"),
        ("set_input", "absent", {"to": "main"}, "unknown_input"),
        ("follow_input", "absent/x", {"to": "nixpkgs"}, "unknown_input"),
        ("set_input", "tool", {"to": "a b"}, "unsupported_reference"),
    ],
)
def test_what_cannot_be_is_refused(
    environment: Environment, file: Path, kind: str, name: str, given: dict[str, str], code: str
) -> None:
    assert refusal(environment, kind, name, **given) == code
    assert file.read_text() == FORMATS[file.name]


def test_a_flake_follows_no_input_that_it_lacks(environment: Environment) -> None:
    (environment.project.root / "flake.nix").write_text(FLAKE)
    (environment.project.root / "devenv.nix").unlink()
    assert refusal(environment, "follow_input", "tool/x", to="absent") == "unknown_input"
    assert refusal(environment, "set_input", "tool", follows=["absent"]) == "unknown_input"
    assert edit(environment, "follow_input", "tool/x", to="").changed


def test_an_input_that_the_outputs_use_stays_with_its_lines(environment: Environment) -> None:
    (environment.project.root / "flake.nix").write_text(FLAKE.replace("{ x = nixpkgs; }", "{\n    x = tool;\n  }"))
    (environment.project.root / "devenv.nix").unlink()
    with pytest.raises(Refused) as caught:
        edit(environment, "remove_input", "tool")
    assert caught.value.code == "in_use"
    assert str(caught.value.place) == "flake.nix:12:9"


# Which file an input goes into that none has, by what is there.
HOMES = {
    "devenv's own": ({"devenv.nix": "{ }"}, "devenv.yaml"),
    "both": ({"devenv.nix": "{ }", "devenv.yaml": "", "flake.nix": FLAKE}, "devenv.yaml"),
    "a flake that is something else": ({"devenv.nix": "{ }", "flake.nix": FLAKE}, "devenv.yaml"),
    "devenv in a flake": ({"devenv.nix": "{ }", "flake.nix": FLAKE.replace("tool", "devenv")}, "flake.nix"),
    "a flake alone": ({"flake.nix": FLAKE}, "flake.nix"),
}


@pytest.mark.parametrize("name", HOMES)
def test_an_input_goes_where_the_environment_takes_it_from(environment: Environment, name: str) -> None:
    files, home = HOMES[name]
    (environment.project.root / "devenv.nix").unlink()
    for file, text in files.items():
        (environment.project.root / file).write_text(text)
    assert edit(environment, "set_input", "new", url="github:a/new").files == (home,)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "pin_input", "name": "a", "to": "main"},
        {"kind": "follow_input", "name": "a", "to": "a"},
        {"kind": "follow_input", "name": "a", "to": "a/b"},
        {"kind": "set_input", "name": "a"},
        {"kind": "set_input", "name": "a/b", "url": "github:a/b"},
        {"kind": "set_input", "name": "a", "url": "github:a/b", "to": "main"},
        {"kind": "set_input", "name": "a", "settings": {"inputs": True}},
    ],
)
def test_what_means_nothing_is_malformed(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_edits([given])
    assert caught.value.code == "bad_edit"


WHOLE = {
    "attributes": ('{ type = "github"; owner = "a"; repo = "tool"; flake = false; }', "flake = false;"),
    "attributes of Git": ('{ type = "git"; url = "https://a.example/t"; ref = "main"; }', ""),
    "both": ('{ url = "github:a/tool"; follows = "nixpkgs"; }', ""),
}


@pytest.mark.parametrize("shape", WHOLE)
def test_another_reference_takes_the_place_of_all_that_the_old_one_is_made_of(
    environment: Environment, shape: str
) -> None:
    source, kept = WHOLE[shape]
    flake = environment.project.root / "flake.nix"
    (environment.project.root / "devenv.nix").unlink()
    text = f'{{ inputs.nixpkgs.url = "n"; inputs.tool = {source}; outputs = {{ ... }}: {{ }}; }}\n'
    for kind, given, written in (
        ("set_input", {"url": "github:b/tool"}, 'url = "github:b/tool";'),
        ("follow_input", {"to": "nixpkgs"}, 'follows = "nixpkgs";'),
    ):
        flake.write_text(text)
        edit(environment, kind, "tool", **given)
        found = flake.read_text().partition("inputs.tool = { ")[2].partition(" }")[0]
        assert {part.strip() for part in found.split(";")} == {part.strip() for part in f"{written}{kept}".split(";")}


@pytest.mark.parametrize("kind", ["pin_input", "unpin_input"])
def test_a_reference_in_attributes_is_not_changed_in_part(environment: Environment, kind: str) -> None:
    flake = environment.project.root / "flake.nix"
    (environment.project.root / "devenv.nix").unlink()
    flake.write_text('{ inputs.tool = { type = "git"; url = "https://a.example/t"; }; outputs = _: { }; }\n')
    given = {"to": REV} if kind == "pin_input" else {}
    assert refusal(environment, kind, "tool", **given) == "unsupported_reference"


def test_a_name_in_quotes_is_removed(environment: Environment) -> None:
    flake = environment.project.root / "flake.nix"
    (environment.project.root / "devenv.nix").unlink()
    flake.write_text('{\n  inputs."hls-2.9".url = "github:a/hls";\n  outputs = _: { };\n}\n')
    edit(environment, "remove_input", "hls-2.9")
    assert flake.read_text() == "{\n  outputs = _: { };\n}\n"


ALONE = {
    "other keys": "imports:\n- ./a\n",
    "no line break at the end": "imports:\n- ./a",
    "blank lines between, and none at the end": "impure: true\n\nimports:\n- ./a",
    "a comment at the end": "impure: true\n# not set: imports\n",
}


@pytest.mark.parametrize("text", ALONE)
def test_the_key_of_the_inputs_comes_and_goes_with_them(environment: Environment, text: str) -> None:
    file = environment.project.root / "devenv.yaml"
    file.write_text(ALONE[text])
    edit(environment, "set_input", "new", url="github:a/new")
    edit(environment, "remove_input", "new")
    assert file.read_text() == ALONE[text]


def test_the_key_of_the_inputs_stays_with_a_remark_above_it(environment: Environment) -> None:
    file = environment.project.root / "devenv.yaml"
    file.write_text("impure: true\n# from our mirror\ninputs:\n  new:\n    url: github:a/new\n")
    edit(environment, "remove_input", "new")
    assert file.read_text() == "impure: true\n# from our mirror\ninputs: {}\n"


PARTS = """\
{
  inputs.nixpkgs.url = "github:a/nixpkgs";
  inputs.tool.url = "github:a/tool";
  outputs = inputs: inputs.parts.lib.mkFlake { inherit inputs; } { imports = [ ./nix ]; };
}
"""


@pytest.mark.parametrize(
    ("use", "refused"),
    [
        ("inputs.tool.x", True),
        ("inputs'.tool.x", True),
        ("with inputs; [ tool.x ]", True),
        ("let inherit (inputs) tool; in tool.x", True),
        ("inputs.tool-two.x", False),
        ('"inputs.tool.x"', False),
        ("let tool = 1; in with inputs; tool", False),
    ],
)
def test_an_input_that_another_file_of_the_flake_uses_stays(environment: Environment, use: str, refused: bool) -> None:
    root = environment.project.root
    (root / "devenv.nix").unlink()
    (root / "flake.nix").write_text(PARTS)
    (root / "nix").mkdir()
    (root / "nix/default.nix").write_text("{ imports = [ ./shell.nix ]; }\n")
    (root / "nix/shell.nix").write_text(f"{{ inputs, inputs', ... }}:\n{{ x = {use}; }}\n")
    if refused:
        with pytest.raises(Refused) as caught:
            edit(environment, "remove_input", "tool")
        assert caught.value.code == "in_use"
        assert caught.value.place is not None
        assert (caught.value.place.file, caught.value.place.line) == ("nix/shell.nix", 2)
    else:
        edit(environment, "remove_input", "tool")
        assert "inputs.tool" not in (root / "flake.nix").read_text()
