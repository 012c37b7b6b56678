"""An input from a directory, for one call: what is built and applied has it, and no file says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import SYSTEM, derivation, nix, unique

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.nix_cli.overrides import as_overrides

if TYPE_CHECKING:
    from pathlib import Path

FLAKE = """\
{
  inputs.tool.url = "path:@tool@";
  outputs = { self, tool }: {
    packages.@system@.default = tool.packages.@system@.default;
    devShells.@system@.default = derivation {
      name = "shell";
      system = "@system@";
      builder = "/bin/bash";
      args = [ "-c" ": > $out" ];
      outputs = [ "out" ];
      PATH = "${tool.packages.@system@.default}/bin";
    };
  };
}
"""


def tool(folder: Path, says: str) -> Path:
    folder.mkdir()
    script = rf"mkdir -p $out/bin; printf '#!/bin/sh\necho {says}\n' > $out/bin/tool; chmod +x $out/bin/tool"
    made = derivation(script, unique("tool"))
    (folder / "flake.nix").write_text(f"{{ outputs = {{ self }}: {{ packages.{SYSTEM}.default = {made}; }}; }}\n")
    return folder


@pytest.fixture
def project(tmp_path: Path, nix_machine: Path) -> Path:
    """A flake that takes a tool from a repository, here a directory, and beside it a tool that is worked on."""
    assert nix_machine.is_dir()
    root = tmp_path / "project"
    root.mkdir()
    text = FLAKE.replace("@tool@", str(tool(tmp_path / "tool", "pinned"))).replace("@system@", SYSTEM)
    (root / "flake.nix").write_text(text)
    nix("flake", "lock", str(root))
    tool(tmp_path / "mine", "mine")
    return root


def done(environment: Environment, job: Any) -> Any:
    assert job.wait(120)
    return environment.result(job)


@pytest.mark.nix
def test_what_is_built_and_applied_has_it_and_no_file_says_so(project: Path) -> None:
    before = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    environment = Environment(project, actor="test")
    other = environment.overriding({"tool": "../mine"}, project)

    built = done(other, other.build())
    assert f"tool from {project.parent}/mine" in built.notes[0]
    assert built.outputs[0].path != done(environment, environment.build()).outputs[0].path

    applied = done(other, other.apply())
    assert f"tool from {project.parent}/mine" in applied.notes[0]
    assert done(other, environment.run(("tool",))).stdout == "mine\n"
    status = environment.inspect().stages
    assert status is not None
    assert not status.current
    assert any("another tool than is declared" in item for item in status.differs)

    assert done(environment, environment.apply()).notes == ()
    assert done(environment, environment.run(("tool",))).stdout == "pinned\n"
    status = environment.inspect().stages
    assert status is not None
    assert status.current
    assert {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()} == before
    assert environment.history().operations == ()


@pytest.mark.nix
def test_an_input_that_is_not_declared_is_named(project: Path) -> None:
    other = Environment(project, actor="test").overriding({"tols": "../mine"}, project)
    with pytest.raises(DevkeelError) as refused:
        done(other, other.build())
    assert (refused.value.code, refused.value.alternatives) == ("bad_override", ("tool",))


@pytest.mark.parametrize("name", ["a b", "a%20b", "a#b", "a?b"])
def test_a_path_that_a_reference_would_read_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "flake.nix").write_text("{ outputs = _: { }; }\n")
    with pytest.raises(DevkeelError) as refused:
        as_overrides({"tool": name}, tmp_path)
    assert refused.value.code == "bad_override"


def test_a_directory_without_a_flake_is_none(tmp_path: Path) -> None:
    with pytest.raises(DevkeelError) as refused:
        as_overrides({"tool": "nowhere"}, tmp_path)
    assert refused.value.code == "bad_override"


def test_only_a_flake_takes_an_input_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "flake").mkdir()
    (tmp_path / "flake" / "flake.nix").write_text("{ outputs = _: { }; }\n")
    other = Environment(tmp_path, actor="test").overriding({"tool": "flake"}, tmp_path)
    with pytest.raises(DevkeelError) as refused:
        done(other, other.apply())
    assert refused.value.code == "backend_cannot"
