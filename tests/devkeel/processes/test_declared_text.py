"""The processes that a text names: enough to offer them, by the text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.processes.declared_text import NamedProcess, named_processes
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

NIX = """{ pkgs, ... }:
{
  processes.web = {
    exec = "serve";
    ports.http.allocate = 8000;
  };
  processes."two words".exec = "x";
  processes."a.b".exec = "x";
  services.redis.enable = true;
  services.postgres.enable = false;
  services.mysql = { enable = true; package = pkgs.mysql80; };
}
"""


def test_processes_and_services_are_named_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text(NIX)
    found = named_processes(Project(tmp_path))
    assert [(item.name, item.kind) for item in found] == [
        ("a.b", "process"),
        ("mysql", "service"),
        ("redis", "service"),
        ("two words", "process"),
        ("web", "process"),
    ]
    assert {item.name: item.line for item in found}["redis"] == 9
    assert {item.file for item in found} == {"devenv.nix"}


def test_a_procfile_names_its_processes_where_no_devenv_nix_is(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: serve\nworker: work\n")
    assert named_processes(Project(tmp_path)) == (
        NamedProcess("web", "process", "Procfile"),
        NamedProcess("worker", "process", "Procfile"),
    )
    (tmp_path / "devenv.nix").write_text("{ }\n")
    assert named_processes(Project(tmp_path)) == ()


def test_what_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    assert named_processes(Project(tmp_path)) == ()
    (tmp_path / "Procfile").write_text("no process\n")
    assert named_processes(Project(tmp_path)) == ()
    (tmp_path / "devenv.nix").write_text("{ processes.web")
    named_processes(Project(tmp_path))
    (tmp_path / "devenv.nix").write_bytes(b"\xff")
    assert named_processes(Project(tmp_path)) == ()
