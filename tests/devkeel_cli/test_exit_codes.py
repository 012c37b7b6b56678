"""The exit codes are a contract: each way of failing has its own, and none prints a traceback."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import Busy, StateError
from devkeel_cli import exits

from .conftest import process_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Shell


def raising(error: BaseException) -> Callable[..., Any]:
    def method(self: Environment, **options: Any) -> Any:
        raise error

    return method


def test_done_and_nothing_to_do_are_0(devkeel: Shell) -> None:
    assert devkeel("add", "ripgrep", "--level", "syntax").code == 0
    again = devkeel("add", "ripgrep", "--level", "syntax", "--json")
    assert again.code == 0
    assert not again.data["changed"]


@pytest.mark.parametrize("file", ["../x.nix", ".devkeel/x.nix"])
def test_refused_is_1(devkeel: Shell, file: str) -> None:
    assert devkeel("patch", file, "--old", "a", "--new", "b").code == 1


def test_a_missing_declaration_is_1(devkeel: Shell) -> None:
    devkeel.declaration.unlink()
    assert devkeel("inspect", "--json").code == 1
    assert devkeel("--root", "/nonexistent", "inspect").code == 1


@pytest.mark.parametrize(
    "line",
    [
        (),
        ("bogus",),
        ("add",),
        ("add", "git", "--bogus"),
        ("check", "--level", "deep"),
        ("history", "x"),
        ("history", "--limit", "0"),
        ("set", "a.b"),
        ("set", "a..b", "1"),
        ("set", "a.b", "--dry-rum"),
        ("set", "a.b", "{", "--json-value"),
        ("enable", "redis", "--setting", "=1"),
        ("completion", "csh"),
    ],
)
def test_wrong_usage_is_2(devkeel: Shell, line: tuple[str, ...]) -> None:
    outcome = devkeel(*line)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err


@pytest.mark.parametrize(("ended", "code"), [(0, 0), (7, 7), (-9, 137), (-15, 143), (-2, 130)])
def test_a_command_that_a_signal_ended_has_the_code_that_a_shell_gives_it(ended: int, code: int) -> None:
    assert exits.of_command(ended) == code


def test_a_check_that_finds_an_error_is_3(devkeel: Shell) -> None:
    devkeel.declaration.write_text("{ a = ; }\n")
    outcome = devkeel("check", "--level", "syntax", "--json")
    assert outcome.code == 3
    assert not outcome.data["ok"]


def test_an_edit_that_breaks_the_syntax_is_3(devkeel: Shell) -> None:
    outcome = devkeel("patch", "devenv.nix", "--old", '"8000"', "--new", '"8000', "--json")
    assert outcome.code == outcome.data["exit_code"] == 3
    assert outcome.data["error"]["diagnostics"]


def test_a_conflict_is_4(devkeel: Shell) -> None:
    assert devkeel("add", "ripgrep", "--expected-revision", "0" * 16).code == 4


def test_what_this_machine_cannot_do_is_5(devkeel: Shell) -> None:
    assert devkeel("check", "--level", "build").code == 5


@pytest.mark.parametrize(("error", "code"), [(Busy, 6), (StateError, 7)])
def test_busy_is_6_and_unusable_records_are_7(
    devkeel: Shell, monkeypatch: pytest.MonkeyPatch, error: type[Busy | StateError], code: int
) -> None:
    monkeypatch.setattr(Environment, "history", raising(error("some_code", "A sentence.")))
    outcome = devkeel("history", "--json")
    assert outcome.code == outcome.data["exit_code"] == code


def test_an_unforeseen_exception_is_70_and_one_sentence(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Environment, "history", raising(RuntimeError("detail")))
    outcome = devkeel("history")
    assert outcome.code == 70
    assert outcome.out == ""
    assert "detail" not in outcome.err


def test_debug_shows_the_traceback_of_an_unforeseen_exception(
    devkeel: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from devkeel_cli.run import run

    monkeypatch.setattr(Environment, "history", raising(RuntimeError("detail")))
    monkeypatch.setenv("DEVKEEL_DEBUG", "1")
    assert run(["history"]) == 70
    assert "detail" in capsys.readouterr().err


def test_interrupted_is_130(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Environment, "history", raising(KeyboardInterrupt()))
    assert devkeel("history").code == 130


def test_a_reader_that_goes_away_is_no_error_message(devkeel: Shell) -> None:
    command = [sys.executable, "-m", "devkeel_cli", "inspect"]
    environment = process_environment()
    with subprocess.Popen(
        command, cwd=devkeel.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


@pytest.mark.parametrize(
    "line", [("bogus", "--json"), ("add", "--json"), ("--root", "/nonexistent", "history", "--json")]
)
def test_with_json_every_failure_is_an_object_on_stdout(devkeel: Shell, line: tuple[str, ...]) -> None:
    outcome = devkeel(*line)
    assert outcome.err == ""
    assert outcome.data["exit_code"] == outcome.code
    assert {"code", "message"} <= outcome.data["error"].keys()


def without(devkeel: Shell, redirections: str, *line: str) -> subprocess.CompletedProcess[str]:
    """Run it in a shell that closes or redirects its streams."""
    argv = ["sh", "-c", f'exec "$@" {redirections}', "sh", sys.executable, "-m", "devkeel_cli", *line]
    return subprocess.run(
        argv, cwd=devkeel.root, env=process_environment(), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("line", [("inspect", "--json"), ("inspect",), ("bogus", "--json")])
def test_a_full_disk_under_the_output_is_told_without_a_traceback(devkeel: Shell, line: tuple[str, ...]) -> None:
    done = without(devkeel, ">/dev/full", *line)
    assert done.returncode == 70
    assert done.stderr.count("\n") == 1
    assert "could not be written" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(("line", "code"), [(("inspect", "--json"), 0), (("add", "ripgrep", "--level", "syntax"), 0)])
def test_closed_streams_cost_what_they_would_have_told(
    devkeel: Shell, closed: str, line: tuple[str, ...], code: int
) -> None:
    done = without(devkeel, closed, *line)
    assert (done.returncode, done.stderr) == (code, "")
    assert devkeel("history").code == 0
