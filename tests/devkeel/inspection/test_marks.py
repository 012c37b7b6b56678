"""Marks are other ones when something of their part has changed, whoever did it, and the same when it was looked at."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.environments.names import home_of
from devkeel.errors import DevkeelError
from devkeel.runtime.jobs import Jobs, JobSpec
from devkeel.state.files import make_directory, write_record

from ..processes.conftest import LONG, until  # noqa: TID252  (the tests are no installed package)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..processes.conftest import World  # noqa: TID252

PARTS = {"history", "declaration", "environments", "jobs", "processes", "gates", "proposals"}


def add(environment: Environment, name: str) -> None:
    environment.change(parse_edits([{"kind": "add_packages", "names": [name]}]), level="syntax")


def changed(environment: Environment, act: Callable[[], object]) -> set[str]:
    """Return the parts whose marks another process finds changed by an act."""
    before = environment.marks().versions
    act()
    with_fresh_eyes = Environment(environment.project.root, actor="page")
    after = with_fresh_eyes.marks().versions
    with_fresh_eyes.close()
    assert after.keys() == before.keys() == PARTS
    return {name for name in after if after[name] != before[name]}


def test_an_operation_shows_in_the_history_and_in_what_is_declared(environment: Environment) -> None:
    assert changed(environment, lambda: add(environment, "jq")) == {"history", "declaration"}
    assert changed(environment, lambda: add(environment, "fd")) == {"history", "declaration"}
    assert changed(environment, environment.undo) == {"history", "declaration"}


@pytest.mark.parametrize(
    "name",
    [
        "devenv.nix",
        "devenv.yaml",
        "devenv.lock",
        "flake.lock",
        "uv.lock",
        "pyproject.toml",
        "Procfile",
        ".env",
        ".envrc",
    ],
)
def test_an_edit_of_somebody_else_shows_in_what_is_declared_alone(environment: Environment, name: str) -> None:
    add(environment, "jq")
    file = environment.project.root / name
    assert changed(environment, lambda: file.write_text("{ }\n")) == {"declaration"}
    assert changed(environment, lambda: file.write_text("{ }  \n")) == {"declaration"}
    assert changed(environment, file.unlink) == {"declaration"}


def test_settings_show_in_the_gates_too(environment: Environment) -> None:
    file = environment.project.root / "devkeel.toml"
    assert changed(environment, lambda: file.write_text('roles = "no table"\n')) == {"declaration", "gates"}


def test_an_imported_file_shows_and_its_directory_is_watched(environment: Environment) -> None:
    root = environment.project.root
    (root / "nix").mkdir()
    (root / "devenv.nix").write_text("{ imports = [ ./nix/db.nix ]; }\n")
    (root / "nix" / "db.nix").write_text("{ }\n")
    assert changed(environment, lambda: (root / "nix" / "db.nix").write_text("{ a = 1; }\n")) == {"declaration"}
    assert root / "nix" in environment.marks().places


def test_what_belongs_to_no_part_changes_nothing(environment: Environment) -> None:
    root = environment.project.root
    add(environment, "jq")

    def work() -> None:
        (root / "README.md").write_text("x")
        (root / "src").mkdir()
        (root / ".devkeel" / "notes").write_text("x")

    assert changed(environment, work) == set()


def test_a_refused_attempt_shows_in_the_history(environment: Environment) -> None:
    add(environment, "jq")

    def refused() -> None:
        with pytest.raises(DevkeelError):
            environment.change(parse_edits([{"kind": "set", "path": "services..x", "value": True}]), level="syntax")

    assert changed(environment, refused) <= {"history"}


def test_looking_changes_nothing_and_makes_nothing(environment: Environment) -> None:
    assert set(environment.marks().versions) == PARTS
    assert not (environment.project.root / ".devkeel").exists()
    add(environment, "jq")

    def look() -> None:
        for actor in ("one", "other"):
            other = Environment(environment.project.root, actor=actor)
            other.inspect()
            other.history()
            other.operation(1)
            other.jobs()
            other.processes()
            other.gate_history()
            other.environments().all()
            other.close()

    look()
    assert changed(environment, look) == set()


def test_a_job_shows_from_its_beginning_to_its_end(environment: Environment) -> None:
    state = environment.project.state
    jobs = Jobs(state)
    job = None

    def begin() -> None:
        nonlocal job
        job = jobs.start(JobSpec("command", "sleep"), lambda job: job.pause(600))
        jobs.keep(job)

    assert changed(environment, begin) == {"jobs"}
    assert environment.marks().lively
    assert changed(environment, jobs.close) == {"jobs"}
    assert not environment.marks().lively


def test_a_job_whose_process_was_killed_shows_though_nobody_wrote_that(environment: Environment) -> None:
    state = environment.project.state
    with subprocess.Popen(["sleep", "600"]) as owner:

        def begin() -> None:
            make_directory(state, "jobs")
            write_record(state / "jobs" / "0a.json", {"state": "running", "owner": {"pid": owner.pid}})

        def kill() -> None:
            owner.kill()
            owner.wait()

        assert changed(environment, begin) == {"jobs"}
        assert environment.marks().lively
        assert changed(environment, kill) == {"jobs"}


def test_an_environment_that_is_made_shows(environment: Environment) -> None:
    home = home_of(environment.project, "ci")

    def make() -> None:
        make_directory(environment.project.state, "envs", "ci", "g-1")
        home.switch(home.path / "g-1", {"x": 1})

    assert changed(environment, make) == {"environments"}
    other = make_directory(environment.project.state) / "active.json"
    assert changed(environment, lambda: write_record(other, {"name": "other"})) == {"environments"}
    assert changed(environment, home.remove) == {"environments"}


def test_results_of_gates_and_proposals_show(environment: Environment) -> None:
    state = environment.project.state
    make_directory(state, "proposals")
    assert changed(environment, lambda: write_record(state / "gates.json", {"version": 1})) == {"gates"}
    assert changed(environment, lambda: write_record(state / "proposals" / "a.json", {})) == {"proposals"}
    assert changed(environment, (state / "proposals" / "a.json").unlink) == {"proposals"}


def test_records_that_are_removed_and_begun_anew_show_and_are_watched_anew(environment: Environment) -> None:
    state = environment.project.state
    add(environment, "jq")
    assert state in environment.marks().places
    environment.close()
    assert "history" in changed(environment, lambda: shutil.rmtree(state))
    assert state not in environment.marks().places
    assert "history" in changed(environment, lambda: add(environment, "fd"))
    assert state in environment.marks().places


def test_more_records_than_devkeel_makes_cost_no_more_than_their_directory(environment: Environment) -> None:
    folder = make_directory(environment.project.state, "proposals")
    for number in range(600):
        (folder / f"{number:032x}.json").write_text("{}")
    assert changed(environment, lambda: (folder / "a.json").write_text("{}")) == {"proposals"}
    assert changed(environment, (folder / "a.json").unlink) == {"proposals"}
    assert not environment.marks().lively


def test_a_link_in_the_records_is_not_followed(environment: Environment, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    state = environment.project.state
    make_directory(state)
    (state / "jobs").symlink_to(elsewhere)
    assert changed(environment, lambda: (elsewhere / "a.json").write_text("{}")) == set()
    assert state / "jobs" not in environment.marks().places


def test_a_declaration_that_cannot_be_read_shows(environment: Environment) -> None:
    file = environment.project.root / "devenv.nix"
    file.unlink()
    assert "declaration" in changed(environment, file.mkdir)


def test_a_database_that_is_in_use_by_another_process_is_neither_opened_nor_waited_for(
    environment: Environment,
) -> None:
    add(environment, "jq")
    with sqlite3.connect(environment.project.state / "state.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert environment.marks().versions.keys() == PARTS
        other.execute("ROLLBACK")
    other.close()


@pytest.mark.nix
def test_what_processes_do_shows_also_where_no_file_tells(world: Callable[..., World]) -> None:
    here = world(f'processes.a.exec = "{LONG}"; processes.b.exec = "{LONG}";')
    assert not here.environment.marks().lively
    assert "processes" in changed(here.environment, lambda: here.manage("start"))
    assert here.environment.marks().lively
    assert changed(here.environment, lambda: None) == set()
    assert "processes" in changed(here.environment, lambda: here.manage("restart", "b"))
    # Nobody writes a record of this: the process ends by itself.
    before = here.environment.marks().versions["processes"]
    here.manage("stop", "b")
    until(lambda: here.environment.marks().versions["processes"] != before)
    assert "processes" in changed(here.environment, lambda: here.manage("stop"))
    assert not here.environment.marks().lively
