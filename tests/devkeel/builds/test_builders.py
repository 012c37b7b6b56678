"""Machines of devkeel.toml are asked before they are needed: over a loopback sshd, and where none answers."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest
from tests.derivations import SYSTEM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback_ssh import LoopbackMachine

    from devkeel.api import Environment


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def name(root: Path, *builders: str) -> None:
    (root / "devkeel.toml").write_text("\n".join(f"[[builders]]\n{text}\n" for text in builders))


@pytest.mark.nix
def test_a_machine_says_its_system_and_features_and_what_it_lacks(
    environment: Environment, root: Path, reached: LoopbackMachine
) -> None:
    uri = reached.uri
    name(
        root,
        f'uri = "{uri}"\nsystems = ["{SYSTEM}", "riscv64-darwin"]\nssh_key_file = "{reached.key}"\n'
        f'features = ["no-such"]\npublic_host_key = "{reached.host_key}"',
        'uri = "ssh-ng://root@nowhere.invalid"',
    )
    waiting = environment.check_builders()
    assert [item.reachable for item in waiting.builders] == [None, None]
    assert not waiting.ok
    environment.agree([uri, "ssh-ng://root@nowhere.invalid"])
    found, away = environment.check_builders().builders
    assert (found.reachable, found.system, found.builds) == (True, SYSTEM, (SYSTEM,))
    assert found.lacks == ("riscv64-darwin", "no-such")
    assert "no-such" not in found.features
    assert away.reachable is False
    assert away.why is not None
    assert "nowhere.invalid" in away.why
    name(root, f'uri = "{uri}"')
    environment.agree([uri])
    assert environment.check_builders().ok


@pytest.mark.nix
@pytest.mark.skipif(shutil.which("ssh") is None, reason="openssh-client is not installed")
def test_a_machine_that_never_answers_is_given_up_in_time(
    environment: Environment, root: Path, nix_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nix_machine
    name(root, 'uri = "ssh-ng://root@127.0.0.1"')
    environment.agree(["ssh-ng://root@127.0.0.1"])
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("NIX_SSHOPTS", f"-F /dev/null -o Port={silent.getsockname()[1]}")
        (found,) = environment.check_builders(timeout=1.0).builders
    assert found.reachable is False
    assert found.why is not None
    assert "did not answer within" in found.why
    assert found.seconds < 4


def test_a_project_without_builders_has_none_to_ask(environment: Environment) -> None:
    found = environment.check_builders()
    assert (found.ok, found.builders) == (True, ())
    assert "no builders" in found.notes[0]
