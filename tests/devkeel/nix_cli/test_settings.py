"""Nix is called in the user's settings, and with what this machine's Nix came without."""

from __future__ import annotations

import grp
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.nix_cli import settings
from devkeel.nix_cli.settings import needed_settings, nix_variables, run_nix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.runtime import Completed

pytestmark = pytest.mark.nix
ROOT = os.geteuid() == 0
SHOW = ("nix", "--extra-experimental-features", "nix-command", "show-config", "--json")
_MADE = ("NIX_CONFIG", "NIX_CONF_DIR", "NIX_USER_CONF_FILES", "NIX_REMOTE", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _MADE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NIX_CONF_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


def effective(**arguments: bool) -> dict[str, object]:
    """Return the settings that Nix has when devkeel calls it."""
    found = run_nix(SHOW, timeout=60, **arguments)  # type: ignore[arg-type]
    assert found.returncode == 0, found.stderr
    return {name: item["value"] for name, item in json.loads(found.stdout).items()}


def in_nix_config(path: Path) -> tuple[str, str]:
    return "NIX_CONFIG", f"max-jobs = 7\ninclude {path}\n"


def written(name: str, value: Callable[[Path], str], place: str) -> Callable[[Path], tuple[str, str]]:
    def write(path: Path) -> tuple[str, str]:
        target = path.parent / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"max-jobs = 7\ninclude {path}\n")
        return name, value(target)

    return write


WAYS = {
    "NIX_CONFIG": in_nix_config,
    "NIX_CONF_DIR": written("NIX_CONF_DIR", lambda file: str(file.parent), "etc/nix.conf"),
    "NIX_USER_CONF_FILES": written("NIX_USER_CONF_FILES", str, "mine.conf"),
    "XDG_CONFIG_HOME": written("XDG_CONFIG_HOME", lambda file: str(file.parents[1]), "config/nix/nix.conf"),
    "XDG_CONFIG_DIRS": written("XDG_CONFIG_DIRS", lambda file: str(file.parents[1]), "xdg/nix/nix.conf"),
}


@pytest.mark.parametrize("builds", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_the_settings_of_the_user_are_in_force(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str, *, builds: bool
) -> None:
    included = tmp_path / "included.conf"
    included.write_text("connect-timeout = 77\n")
    monkeypatch.setenv(*WAYS[way](included))
    found = effective(builds=builds)
    assert (found["max-jobs"], found["connect-timeout"]) == (7, 77)


@pytest.mark.parametrize("builds", [False, True])
def test_a_flake_s_own_settings_are_accepted_by_no_call(monkeypatch: pytest.MonkeyPatch, *, builds: bool) -> None:
    monkeypatch.setenv("NIX_CONFIG", "accept-flake-config = true")
    assert effective(builds=builds)["accept-flake-config"] is False


@pytest.mark.skipif(not ROOT, reason="a user builds as that user")
@pytest.mark.parametrize("group", ["no-such-group", "daemon"])
def test_root_builds_as_root_where_there_are_no_build_users(monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    monkeypatch.setenv("NIX_CONFIG", f"build-users-group = {group}")
    assert effective(builds=True)["build-users-group"] == ""
    assert effective(builds=False)["build-users-group"] == group


@pytest.mark.skipif(not ROOT, reason="a user builds as that user")
def test_build_users_that_are_there_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    group = next((item.gr_name for item in grp.getgrall() if item.gr_mem), None)
    if group is None:
        pytest.skip("no group of this machine has members")
    monkeypatch.setenv("NIX_CONFIG", f"build-users-group = {group}")
    assert "build-users-group" not in needed_settings()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sandbox = true\nsandbox-paths =", True),
        ("sandbox = relaxed\nsandbox-paths = /etc/hosts", True),
        ("sandbox = false\nsandbox-paths =", False),
        ("sandbox = true\nsandbox-paths = /bin/sh=/bin/bash /usr", False),
        ("sandbox = true\nsandbox-paths = /bin /usr", False),
        ("sandbox = true\nsandbox-paths = /bin/sh=/nonexistent?", False),
    ],
)
def test_a_sandbox_without_a_shell_sees_the_machines_programs(
    monkeypatch: pytest.MonkeyPatch, text: str, *, wanted: bool
) -> None:
    monkeypatch.setenv("NIX_CONFIG", text)
    assert ("extra-sandbox-paths" in needed_settings()) == wanted


@pytest.mark.parametrize("remote", ["daemon", "unix:///nonexistent", "ssh-ng://host", "https://cache.example.org"])
def test_who_builds_elsewhere_has_settings_of_its_own(monkeypatch: pytest.MonkeyPatch, remote: str) -> None:
    monkeypatch.setenv("NIX_CONFIG", "build-users-group = no-such-group\nsandbox = true\nsandbox-paths =")
    monkeypatch.setenv("NIX_REMOTE", remote)
    assert needed_settings() == {}
    assert nix_variables(builds=True) == nix_variables(builds=False)


def test_a_nix_that_tells_no_settings_gets_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NIX_CONFIG", "this is no setting")
    assert needed_settings() == {}
    monkeypatch.delenv("NIX_CONFIG")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert needed_settings() == {}


def test_the_machine_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []
    real = settings.run

    def counted(argv: tuple[str, ...], **arguments: object) -> Completed:
        calls.append(argv)
        return real(argv, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(settings, "run", counted)
    monkeypatch.setenv("NIX_CONFIG", "connect-timeout = 3")
    assert needed_settings() == needed_settings()
    assert len(calls) == 1


@pytest.mark.parametrize("switch", ["sandbox = true\nsandbox-paths =", "sandbox = false"])
def test_a_builder_of_the_machines_own_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, switch: str) -> None:
    monkeypatch.setenv("NIX_CONFIG", f"substitute = false\n{switch}")
    script = "/usr/bin/env > $out"
    text = (
        f'derivation {{ name = "probe"; builder = "{shutil.which("bash")}"; system = builtins.currentSystem; '
        f'args = [ "-c" "{script}" ]; t = "{tmp_path}"; }}'
    )
    made = subprocess.run(["nix-instantiate", "-E", text], capture_output=True, text=True, check=True)
    found = run_nix(("nix-store", "--realise", made.stdout.strip()), builds=True, timeout=120)
    assert found.returncode == 0, found.stderr
