"""What the hooks and the server are worth in the hosts themselves: README.md says how they are installed.

A model on a loopback port makes the calls; what it read afterwards, and what is on disk, is looked at.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from .acts import ACTS, DECLARATION, FINE
from .hosts import HOSTS, VARIABLE, WORKS, Host, Place, Seen, version_of
from .model import DONE
from .record import messages_of, prepared, refused_acts
from .recordings import RECORDED

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.hosts

PREFIX = "python3 -c 'import sys; print(sys.prefix)'"
# What a host is told to wait for a hook, and what else a run may take.
PATIENCE, SLACK = 5, 60


class Real(NamedTuple):
    """A host that is installed. make: another machine with it, and a project that devkeel was installed in."""

    name: str
    host: Host
    version: str
    make: Callable[[str], Place]

    def run(self, place: Place, *calls: Any) -> Seen:
        """Run it on these calls; it ends as it should."""
        seen = self.host.run(place, calls)
        assert seen.code == 0, seen.err
        assert DONE in seen.out
        assert len(seen.results) == len(calls)
        return seen


@pytest.fixture(scope="module", params=HOSTS)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Real:
    if not os.environ.get(VARIABLE):
        pytest.skip(f"{VARIABLE} is not set")
    installed, name = Path(os.environ[VARIABLE]).resolve(), request.param
    version = version_of(installed, HOSTS[name])
    if version is None:
        pytest.skip(f"{name} is not in {VARIABLE}")

    def make(label: str) -> Place:
        place = prepared(tmp_path_factory.mktemp(f"{name}-{label}").resolve(), installed, name)
        # What tells whether an install was run.
        for program in ("pip", "npm"):
            stand_in = place.bin / program
            stand_in.write_text(f'#!/bin/sh\necho "$0 $*" >> {place.home}/ran\n')
            stand_in.chmod(0o755)
        return place

    return Real(name, HOSTS[name], version, make)


def ran(place: Place) -> bool:
    """Return whether an install was run."""
    return (place.home / "ran").exists()


@pytest.fixture(scope="module")
def guarded(real: Real) -> tuple[Place, Seen]:
    """A run of the acts that are refused, their fine neighbours, and a call of the server's tools."""
    place = real.make("guarded")
    file, host = place.root / "devenv.nix", real.host
    fine = [
        host.command("echo pip install flask"),
        host.write(place.root / "note.txt", "pip install flask\n"),
        host.edit(file, FINE["edit"]["old_string"], FINE["edit"]["new_string"]),
    ]
    calls = [*refused_acts(host, place), host.command("pip install flask"), *fine, *host.check]
    return place, real.run(place, *calls)


def test_a_hook_gets_what_was_recorded(real: Real, guarded: tuple[Place, Seen]) -> None:
    place, seen = guarded
    found, recorded = messages_of(seen, place), RECORDED[real.name]
    for name in found.keys() & recorded["messages"].keys():
        if real.version == recorded["version"]:
            assert found[name] == recorded["messages"][name]
        else:  # what is new is no business of ours
            assert found[name].keys() >= recorded["messages"][name].keys() - {"effort", "prompt_id"}
    assert {*ACTS, "SessionStart"} <= found.keys()


def test_what_is_refused_is_not_carried_out_and_the_model_reads_why(guarded: tuple[Place, Seen]) -> None:
    place, seen = guarded
    shell, write, edit, install = seen.results[:4]
    assert "add_packages" in shell
    assert "devkeel add typescript" in shell
    assert "languages.python.enabel" in write
    assert "patch" in write  # the call that writes the rest of it
    assert "languages.python.enable" in edit
    assert "devkeel library add flask" in install
    assert not ran(place)


def test_what_is_fine_is_carried_out(guarded: tuple[Place, Seen]) -> None:
    place, seen = guarded
    assert "pip install flask" in seen.results[4]
    assert (place.root / "note.txt").read_text() == "pip install flask\n"
    assert (place.root / "devenv.nix").read_text() == DECLARATION.replace("git", "jq")


def test_the_server_starts_and_its_tools_are_listed_and_answer(real: Real, guarded: tuple[Place, Seen]) -> None:
    seen = guarded[1]
    if not real.host.check:
        pytest.skip(f"{real.name} does not read the servers: it is not in DEVKEEL_HOSTS")
    listed = json.dumps(seen.requests)
    for tool in ("check_environment", "edit_environment", "apply_environment"):
        assert tool in listed
    assert "schema" in seen.results[-1]
    assert "there is no devenv.lock" in seen.results[-1]


@pytest.mark.parametrize("wanted", ["ask", "tell"])
def test_ask_and_tell(real: Real, wanted: str) -> None:
    place = real.make(wanted)
    (place.root / "devkeel.toml").write_text(f'guard = "{wanted}"\n')
    file = place.root / "devenv.nix"
    edit = real.host.edit(file, ACTS["edit"]["old_string"], ACTS["edit"]["new_string"])
    seen = real.run(place, real.host.command("pip install flask"), edit)
    carried_out = ran(place), file.read_text() != DECLARATION
    if wanted == "ask":
        # Without a person there is none who could say yes.
        assert carried_out == (False, False)
        assert "devkeel library add flask" in seen.results[0]
        assert ("cannot ask" in seen.results[0]) is (real.name in ("codex", "gemini-cli"))
        return
    assert carried_out == (True, True)
    to_the_agent = "devkeel library add flask" in json.dumps(seen.requests)
    assert to_the_agent is (real.name != "gemini-cli")
    assert to_the_agent or "devkeel library add flask" in seen.err


@pytest.mark.parametrize("state", ["missing", "killed", "hanging", "refusing"])
def test_a_broken_devkeel_lets_the_host_go_on(real: Real, state: str) -> None:
    place = real.make(state)
    if state == "missing":
        (place.bin / "devkeel").unlink()
    else:
        broken = {"killed": "kill -KILL $$", "hanging": "exec sleep 60", "refusing": "exit 2"}[state]
        place.put(f"case $1 in guard|hook) {broken} ;; esac\n{WORKS}")
    file = place.root / "devenv.nix"
    edit = real.host.edit(file, ACTS["edit"]["old_string"], ACTS["edit"]["new_string"])
    seen = real.run(place, real.host.command("pip install flask"), edit)
    assert ran(place)
    assert file.read_text() != DECLARATION
    # The session's hook and one for each act.
    assert seen.seconds < 3 * PATIENCE * (state == "hanging") + SLACK


@pytest.fixture
def venv(real: Real) -> Place:
    """A project whose environment is made in a moment and without a network."""
    place = real.make("session")
    (place.root / "devenv.nix").unlink()
    (place.root / "requirements.txt").write_text("# nothing yet\n")
    return place


def test_the_agent_s_own_shell(real: Real, venv: Place) -> None:
    if real.name == "claude-code":
        follows_each_apply(real, venv)
    else:
        is_given_what_enters(real, venv)


def follows_each_apply(real: Real, place: Place) -> None:
    """The session begins before anything is applied, and goes on; the agent goes into another project and back."""
    inner = place.root / "inner"
    inner.mkdir()
    (inner / "requirements.txt").write_text("# nothing yet\n")
    apply, other = "devkeel apply", "devkeel env create other && devkeel env activate other"
    # The host does not wait for what it runs when the directory changed.
    enter, leave = "cd inner && devkeel apply && sleep 5", f"cd {place.root} && sleep 5"
    lines = [PREFIX, apply, PREFIX, other, PREFIX, enter, "sleep 5", PREFIX, leave, "sleep 5", PREFIX]
    seen = real.run(place, *map(real.host.command, lines))
    outside, first, second, in_inner, back = (seen.results[number].strip() for number in (0, 2, 4, 7, 10))
    assert not outside.startswith(str(place.root))
    assert first.startswith(f"{place.root}/.devkeel/")
    assert second.startswith(f"{place.root}/.devkeel/envs/other/")
    assert in_inner.startswith(f"{inner}/.devkeel/")
    assert back == second
    assert "no environment is applied" in json.dumps(seen.requests)
    assert all(item.env_file.startswith(str(place.home)) for item in seen.asked if item.verb == "hook")


def is_given_what_enters(real: Real, place: Place) -> None:
    """The agent reads what to put before a command, and that does it."""
    place.devkeel("apply")
    first = real.run(place)
    (said,) = (json.loads(item.answer) for item in first.asked)
    context = said["hookSpecificOutput"]["additionalContext"]
    assert json.dumps(context)[1:-1] in json.dumps(first.requests)
    begin = context.partition("`")[2].partition("`")[0]
    seen = real.run(place, real.host.command(PREFIX), real.host.command(f"{begin} {PREFIX}"))
    plain, entered = seen.results
    assert f"{place.root}/.devkeel/" not in plain
    assert f"{place.root}/.devkeel/" in entered
    assert not any(item.env_file for item in seen.asked)
