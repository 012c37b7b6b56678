"""Tasks and the project's test on a machine with Nix alone."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.environments.run import RunResult

    Open = Callable[..., Environment]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]


@pytest.fixture
def opened(pinned_project: Callable[..., Path]) -> Iterator[Open]:
    """A function that makes a project from the body of its devenv.nix."""
    found: list[Environment] = []

    def make(text: str, files: dict[str, str] | None = None) -> Environment:
        found.append(Environment(pinned_project(text, files), actor="test"))
        return found[-1]

    yield make
    for item in found:
        item.close()


def ran(environment: Environment, **wanted: Any) -> RunResult:
    job = environment.run(**wanted)
    assert job.wait(120)
    result: RunResult = job.value()
    return result


def refusal(environment: Environment, **wanted: Any) -> DevkeelError:
    with pytest.raises(DevkeelError) as caught:
        ran(environment, **wanted)
    return caught.value


ORDERED = """
  env.OWN = "shell";
  tasks."app:last" = { exec = "echo last $OWN $MADE $(cat input)"; after = [ "app:make" "app:soft@completed" ]; };
  tasks."app:make" = { exec = "echo make; MADE='of  it'"; exports = [ "MADE" ]; env.MORE = "x"; };
  tasks."app:soft" = { exec = "echo soft; exit 3"; before = [ "app:make@completed" ]; };
  tasks."app:done" = { exec = "echo never"; status = "true"; before = [ "app:make" ]; };
  tasks."app:other" = { exec = "echo other"; };
"""


def test_a_task_runs_after_what_it_waits_for(opened: Open) -> None:
    result = ran(opened(ORDERED, {"input": "file"}), task="app:last")
    assert result.stdout.splitlines() == ["soft", "make", "last shell of it file"]
    assert "app:soft ended with 3." in result.stderr
    assert (result.exit_code, result.argv) == (0, ("task", "app:last"))


def test_a_namespace_names_all_of_its_tasks(opened: Open) -> None:
    result = ran(opened(ORDERED, {"input": ""}), task="app")
    assert {"other", "soft", "make"} <= set(result.stdout.split())
    assert result.exit_code == 3


def test_what_waits_for_a_task_that_failed_is_left_out_and_said(opened: Open) -> None:
    text = """
      tasks."app:first".exec = "exit 7";
      tasks."app:second" = { exec = "echo second"; after = [ "app:first" ]; };
      tasks."app:third" = { exec = "echo third"; after = [ "app:second" ]; };
    """
    result = ran(opened(text), task="app:third")
    assert (result.exit_code, result.stdout) == (7, "")
    assert "app:third was left out: it waits for app:second." in result.stderr


def test_a_task_runs_in_its_own_directory_else_where_it_was_called(opened: Open) -> None:
    here = opened('tasks."a:own" = { exec = "pwd"; cwd = "/usr"; }; tasks."a:none".exec = "pwd";', {"sub/file": ""})
    assert ran(here, task="a:own").stdout == "/usr\n"
    assert ran(here, task="a:none", cwd="sub").stdout == f"{here.project.root}/sub\n"


def test_its_input_is_handed_over(opened: Open) -> None:
    here = opened('tasks."a:b" = { exec = "echo $DEVENV_TASK_INPUT"; input.kind = "x"; };')
    assert ran(here, task="a:b").stdout == '{"kind": "x"}\n'


def test_a_misspelt_task_names_those_that_there_are(opened: Open) -> None:
    error = refusal(opened('tasks."app:build".exec = "true";'), task="app:biuld")
    assert (error.code, error.alternatives) == ("unknown_task", ("app:build",))


def test_a_task_that_waits_for_a_process_starts_none_by_itself(opened: Open) -> None:
    text = """
      processes.db = { exec = "sleep 60"; ports.main.allocate = 7005; };
      tasks."app:migrate" = { exec = "true"; after = [ "devenv:processes:db" ]; };
    """
    error = refusal(opened(text), task="app:migrate")
    assert (error.code, error.seen) == ("process_not_running", "db")


def test_the_test_runs_after_the_tasks_of_entering(opened: Open) -> None:
    text = """
      enterShell = "export HOOK=hook";
      tasks."app:prepare" = { exec = "echo prepared"; before = [ "devenv:enterTest" ]; };
      tasks."app:enter" = { exec = "echo entered"; before = [ "devenv:enterShell" ]; };
      enterTest = "echo tested $HOOK ${lib.boolToString config.devenv.isTesting}; false";
    """
    result = ran(opened(text), test=True)
    assert "prepared" in result.stdout.splitlines()
    assert result.stdout.splitlines()[-1] == "tested hook true"
    assert result.exit_code == 1


def test_the_command_runs_it_in_its_own_terminal(opened: Open) -> None:
    here = opened('tasks."a:b".exec = "read line; echo got $line";')
    called = here.call(task="a:b")
    found = subprocess.run(
        called.argv,
        cwd=called.place,
        env=dict(called.variables),
        input="text\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "got text\n"


def test_what_does_not_evaluate_is_the_declarations_fault(opened: Open) -> None:
    assert refusal(opened("services.reddis.enable = true;"), test=True).code == "unknown_option"
