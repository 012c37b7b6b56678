"""What is said to have happened is what happened: in part, not at all, or by another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.environments.coverage import left_out
from devkeel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Path]

MODULE = b"""{ pkgs, ... }:
{
  packages = [ pkgs.git pkgs.jq ];
  languages.python.enable = true;
  languages.rust.enable = true;
  services.postgres.enable = true;
  env.A = "a";
  scripts.x.exec = "true";
}
"""


@pytest.mark.parametrize("backend", ["venv", "conda", "flake"])
def test_another_backend_leaves_out_what_devenv_nix_declares(backend: str) -> None:
    told = left_out(backend, {"devenv.nix": MODULE})
    assert told == ("packages git, jq", "languages.rust", "services.postgres", "env", "scripts")


@pytest.mark.parametrize(
    ("backend", "files"),
    [
        ("devenv", {"devenv.nix": MODULE}),
        ("venv", {"pyproject.toml": b""}),
        ("venv", {"devenv.nix": b"{ languages.python.enable = true; languages.python.venv.enable = true; }\n"}),
        ("flake", {"devenv.nix": MODULE, "flake.nix": b"{ inputs.devenv.url = 1; }"}),
    ],
)
def test_what_a_backend_realises_is_not_left_out(backend: str, files: dict[str, bytes]) -> None:
    assert left_out(backend, files) == ()


def test_an_environment_of_another_backend_is_told_as_a_part_of_the_declaration(root: Path) -> None:
    (root / "devenv.nix").write_bytes(MODULE)
    (root / "requirements.txt").write_text("")
    environment = Environment(root, actor="test", backend="venv")
    job = environment.apply()
    assert job.wait(120)
    result = environment.result(job)
    assert "services.postgres" in result.left_out
    assert any("services.postgres" in note for note in result.notes)
    stages = environment.inspect().stages
    assert stages is not None
    assert not stages.current
    assert stages.partial == result.left_out
    assert any("leaves out" in sentence for sentence in stages.differs)
    environment.close()


def test_without_a_lock_no_program_can_check(root: Path) -> None:
    environment = Environment(root, actor="test")
    found = environment.inspect()
    assert found.levels == ("syntax", "schema")
    assert [item.level for item in found.skipped] == ["evaluation", "build"]
    environment.close()


@pytest.mark.nix
def test_with_its_inputs_there_a_declaration_can_be_evaluated(pinned_project: Make) -> None:
    environment = Environment(pinned_project("packages = [ ];"), actor="test")
    assert environment.inspect().levels == ("syntax", "schema", "evaluation", "build")
    environment.close()


@pytest.mark.parametrize(("code", "state"), [(0, "succeeded"), (3, "failed")])
def test_a_job_whose_command_fails_has_failed(tmp_path: Path, code: int, state: str) -> None:
    (tmp_path / "requirements.txt").write_text("")
    environment = Environment(tmp_path.resolve(), actor="test")
    applied = environment.apply()
    assert applied.wait(120)
    environment.result(applied)
    job = environment.run(("sh", "-c", f"exit {code}"))
    assert job.wait(60)
    assert environment.result(job).exit_code == code
    environment.keep_job(job)
    assert environment.job(job.id).state == state
    assert next(item["state"] for item in environment.jobs().jobs if item["id"] == job.id) == state
    environment.close()


@pytest.mark.parametrize("verb", ["apply", "named"])
def test_a_backend_that_is_none_is_a_usage_error_with_those_there_are(root: Path, verb: str) -> None:
    environment = Environment(root, actor="test", backend="nonsense" if verb == "apply" else None)
    named = environment.environments
    with pytest.raises(UsageError) as caught:
        environment.apply() if verb == "apply" else named().create("x", backend="nonsense")
    assert caught.value.code == "unknown_backend"
    assert caught.value.alternatives == ("devenv", "flake", "conda", "venv")
    environment.close()
