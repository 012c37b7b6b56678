"""What a start costs, the help, completion and colours."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel.catalogue.search import KINDS
from devkeel.checks import LEVELS
from devkeel_cli import exits
from devkeel_cli.arguments import options
from devkeel_cli.group import VERBS, cli

from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell

LOADED = """\
import sys
from devkeel_cli.run import run
code = run(sys.argv[1:])
print("\\nLOADED", *sorted(sys.modules))
sys.exit(code)
"""


def loaded_by(root: Path, *line: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *line],
        cwd=root,
        env=process_environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stdout.rpartition("\nLOADED ")[2].split())


@pytest.mark.parametrize(
    "line",
    [
        ("inspect",),
        ("add", "ripgrep", "--level", "syntax"),
        ("check", "--level", "syntax"),
        ("history",),
        ("serve", "--help"),
        ("completion", "bash"),
        ("--help",),
    ],
)
def test_no_verb_but_serve_loads_the_server(devkeel: Shell, line: tuple[str, ...]) -> None:
    loaded = loaded_by(devkeel.root, *line)
    assert not {name for name in loaded if name.split(".")[0] in {"mcp", "mcp_types", "devkeel_mcp", "anyio"}}


def test_the_help_page_loads_no_verb_and_no_library(devkeel: Shell) -> None:
    loaded = loaded_by(devkeel.root, "--help")
    assert not {name for name in loaded if name.startswith("devkeel_cli.verbs.")}
    assert not {"pydantic", "sqlite3", "tree_sitter", "devkeel.api"} & loaded


def test_a_verb_loads_no_other_verb(devkeel: Shell) -> None:
    loaded = loaded_by(devkeel.root, "history")
    assert {name for name in loaded if name.startswith("devkeel_cli.verbs.")} == {"devkeel_cli.verbs.history"}


def test_a_command_does_not_search_for_garbage_when_it_ends(devkeel: Shell) -> None:
    program = (
        "import atexit, gc, sys; from devkeel_cli.run import main; sys.argv = ['devkeel', 'inspect'];"
        "atexit.register(lambda: print(gc.get_freeze_count(), len(gc.get_objects())));"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=devkeel.root,
        env=process_environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    kept, searched = done.stdout.split()[-2:]
    assert int(searched) < 1_000 < int(kept)


@pytest.mark.parametrize("verb", VERBS)
def test_the_line_on_the_help_page_is_the_verbs_own(devkeel: Shell, verb: str) -> None:
    context = cli.make_context("devkeel", [verb, "--help"], resilient_parsing=True)
    command = cli.get_command(context, verb)
    assert command is not None
    assert command.get_short_help_str(limit=200) == VERBS[verb]
    assert command.name == verb
    outcome = devkeel(verb, "--help")
    assert outcome.code == 0


def test_the_help_page_documents_the_exit_codes(devkeel: Shell) -> None:
    outcome = devkeel("--help")
    assert outcome.code == 0
    documented = {int(line.split()[0]) for line in outcome.out.splitlines() if re.match(r"\s+\d+\s", line)}
    assert documented == {*range(8), exits.INTERNAL, 129, exits.INTERRUPTED, exits.PIPE_CLOSED, 143, exits.TIMED_OUT}


def test_the_levels_are_those_of_the_library() -> None:
    assert options.LEVELS == LEVELS


def test_the_kinds_of_a_search_are_those_of_the_library() -> None:
    assert options.SEARCH_KINDS == KINDS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(devkeel: Shell, shell: str) -> None:
    outcome = devkeel("completion", shell)
    assert outcome.code == 0
    assert "_DEVKEEL_COMPLETE" in outcome.out


def complete(shell: Shell, words: str) -> list[str]:
    count = str(len(words.split(" ")) - 1)
    done = shell.process(_DEVKEEL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_completion_offers_the_words_of_the_project(devkeel: Shell) -> None:
    (devkeel.root / "devkeel.toml").write_text(
        '[roles.helper]\npermissions = ["read"]\n[gates.stages.own]\ncoverage = 1\n'
    )
    offered = {
        "devkeel history ": "verify",
        "devkeel history he": "head",
        "devkeel policy set rules.packages.": "rules.packages.forbid",
        "devkeel policy unset roles.": "roles.helper.permissions",
        "devkeel policy explain add_": "add_packages",
        "devkeel --role ": "helper",
        "devkeel gate ": "own",
    }
    for words, word in offered.items():
        assert word in complete(devkeel, words), words
    (devkeel.root / "devkeel.toml").write_text("[broken\n")
    assert complete(devkeel, "devkeel --role ") == []
    assert "growth" in complete(devkeel, "devkeel gate ")


def test_completion_offers_verbs(devkeel: Shell) -> None:
    assert complete(devkeel, "devkeel un") == ["unset", "uncomment", "undo"]


def test_completion_offers_services_and_languages(devkeel: Shell) -> None:
    assert complete(devkeel, "devkeel enable redi") == ["redis"]
    assert "languages.python" in complete(devkeel, "devkeel disable languages.py")


def test_completion_offers_option_paths_a_segment_at_a_time(devkeel: Shell) -> None:
    assert "services.redis." in complete(devkeel, "devkeel set services.red")
    assert "services.redis.port" in complete(devkeel, "devkeel set services.redis.p")
    assert complete(devkeel, "devkeel set no.such.path") == []


def on_a_terminal(shell: Shell, **environment: str) -> bytes:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "devkeel_cli", "add", "ripgrep", "--dry-run", "--level", "syntax"]
    with os.fdopen(master, "rb", buffering=0) as reader:
        subprocess.run(
            command,
            cwd=shell.root,
            env=process_environment() | environment,
            check=True,
            stdout=slave,
            timeout=60,
        )
        os.close(slave)
        data = b""
        try:
            while chunk := reader.read(65536):
                data += chunk
        except OSError:  # EIO: the other end of the terminal is closed
            pass
        return data


def test_colours_only_on_a_terminal_that_takes_them_and_not_with_no_color(devkeel: Shell) -> None:
    assert b"\x1b[32m" in on_a_terminal(devkeel, TERM="xterm")
    assert b"\x1b[" not in on_a_terminal(devkeel, TERM="xterm", NO_COLOR="1")
    assert b"\x1b[" not in on_a_terminal(devkeel, TERM="dumb")
    assert "\x1b[" not in devkeel("add", "ripgrep", "--dry-run", "--level", "syntax").out


def test_what_a_file_says_cannot_drive_the_terminal(devkeel: Shell) -> None:
    devkeel.declaration.write_text('{\n  env.A = "\x1b]0;title\x07\x1b[2J\u202egnp"; # \x1b[31m\n}\n')
    for line in (("inspect",), ("add", "ripgrep", "--dry-run"), ("inspect", "--json")):
        outcome = devkeel(*line)
        assert not {"\x1b", "\x07", "\u202e"} & set(outcome.out + outcome.err)
