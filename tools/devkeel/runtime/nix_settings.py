"""Calling Nix: with the user's own settings, and with those without which it cannot build on this machine.

A package of Nix may come without what its builds want. Debian's makes no group of build users, and root then builds
nothing (nix, src/libstore/lock.cc, `UserLock`); and it was compiled without a shell for the sandbox, so that no builder
that is /bin/sh starts (`sandbox-paths` is empty). What is missing is looked up once and passed with each call that
builds. A daemon builds with its own settings, and gets none of ours.
"""

from __future__ import annotations

import grp
import json
import os
import re
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.errors import Unavailable
from devkeel.runtime.process import LIMIT, Completed, run, watched
from devkeel.runtime.programs import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["lacks_shell", "needed_options", "nix_variables", "run_nix"]

_SECONDS = 10.0
_CONFIG = "NIX_CONFIG"
# A flake's own settings are somebody else's: whatever the user has said of flakes in general, they are not accepted.
_ALWAYS = {"accept-flake-config": "false"}
# What decides which settings Nix has, and so what is missing from them.
_DECIDES = (
    *(_CONFIG, "NIX_CONF_DIR", "NIX_USER_CONF_FILES", "NIX_CONFIG_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"),
    *("NIX_REMOTE", "NIX_STATE_DIR", "NIX_DAEMON_SOCKET_PATH", "HOME", "PATH"),
)
_SHELL = "/bin/sh"
# What the machine's own programs are in, with all that they need to run.
_HOST = "/bin /usr /lib /lib64"
_LIBRARY = re.compile(r"(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
_NOT_IN_SANDBOX = re.compile(
    r"executing '(?P<path>/(?:usr/)?s?bin/[^']+)': No such file or directory"
    r"|(?:sh: \d+|line \d+): (?P<name>[\w./+-]+): (?:command )?not found$",
    re.MULTILINE,
)
_IN_VIEW = (
    "Nix was packaged without a shell for its sandbox here, and the build calls programs of the machine: they were in "
    "its view, so that it may come out otherwise on another machine."
)


def run_nix(
    argv: tuple[str, ...],
    *,
    builds: bool = False,
    stdin: bytes = b"",
    timeout: float,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit: int = LIMIT,
) -> Completed:
    """Run a program of Nix, or one that calls it: as `run`, in the settings of the user and of this machine.

    builds: whether it may build. A build that the sandbox kept from the machine's programs, where Nix came without a
    shell for it, is repeated with them in view, and the result's `notes` say so.
    """
    deadline = time.monotonic() + timeout

    def attempt(variables: Mapping[str, str]) -> Completed:
        given, left = {**variables, **(environment or {})}, max(0.0, deadline - time.monotonic())
        return run(argv, stdin=stdin, timeout=left, environment=given, cwd=cwd, limit=limit)

    found = attempt(nix_variables(builds=builds))
    if not (builds and found.returncode and lacks_shell() and _wants_the_host(found.stderr)):
        return found
    again = attempt(_variables({**_ALWAYS, **_needed(), "extra-sandbox-paths": _existing(_HOST)}))
    return found if again.returncode else again.noted(_IN_VIEW)


def nix_variables(*, builds: bool) -> dict[str, str]:
    """Return the variables that a call of Nix sees beside those of every child."""
    return _variables(_ALWAYS | (_needed() if builds else {}))


def needed_options() -> tuple[str, ...]:
    """Return the same as options of Nix, for a command line that others run."""
    settings = _ALWAYS | _needed()
    return tuple(part for name, value in settings.items() for part in ("--option", name, value))


def lacks_shell() -> bool:
    """Tell whether this machine's sandbox has no shell unless it is given one."""
    return "extra-sandbox-paths" in _needed()


def _variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Return NIX_CONFIG: the user's lines, and ours after them, so that they win."""
    lines = [os.environ.get(_CONFIG, ""), *(f"{name} = {value}" for name, value in settings.items())]
    return {_CONFIG: "\n".join(filter(None, lines))}


def _needed() -> dict[str, str]:
    return _looked_up(tuple(os.environ.get(name) for name in _DECIDES))


@cache
def _looked_up(_: tuple[str | None, ...]) -> dict[str, str]:
    settings = _effective()
    return dict(_missing(settings)) if _builds_itself(settings) else {}


def _effective() -> dict[str, Any]:
    """Return the settings that Nix has here by name; none where it does not tell."""
    program = find_program("nix")
    if program is None:
        return {}
    # The name of before 2.19; later ones know it as an alias.
    argv = (program, "--extra-experimental-features", "nix-command", "show-config", "--json")
    try:
        with watched(None):  # a job's log is about its own programs
            found = run(argv, timeout=_SECONDS, cwd=Path("/"))
        told = json.loads(found.stdout) if found.returncode == 0 else {}
        return {name: item["value"] for name, item in told.items()}
    except (Unavailable, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _builds_itself(settings: Mapping[str, Any]) -> bool:
    """Tell whether the process that is called builds, and no daemon (nix, src/libstore/store-api.cc, `openStore`)."""
    store = str(settings.get("store", ""))
    if store in ("", "auto"):
        state = os.environ.get("NIX_STATE_DIR", "/nix/var/nix")
        socket = os.environ.get("NIX_DAEMON_SOCKET_PATH", f"{state}/daemon-socket/socket")
        return bool(settings) and (os.access(state, os.R_OK | os.W_OK) or not Path(socket).exists())
    return store == "local" or store.startswith(("local?", "local://", "/", "./"))


def _missing(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    group = settings.get("build-users-group")
    if os.geteuid() == 0 and group and not settings.get("auto-allocate-uids") and not _members(str(group)):
        yield "build-users-group", ""
    if sys.platform == "linux" and settings.get("sandbox") and Path(_SHELL).exists():
        given = settings.get("sandbox-paths") or []
        if not {str(item).partition("=")[0].rstrip("/") for item in given} & {"", "/bin", _SHELL}:
            yield "extra-sandbox-paths", " ".join(_shell_and_libraries())


def _members(group: str) -> list[str]:
    try:
        return grp.getgrnam(group).gr_mem
    except KeyError:
        return []


def _shell_and_libraries() -> Iterator[str]:
    """Yield the machine's shell and what it is linked with, as entries of `sandbox-paths`."""
    libraries: list[str] = []
    try:
        with watched(None):
            libraries = _LIBRARY.findall(run(("ldd", _SHELL), timeout=_SECONDS).stdout.decode("utf-8", "replace"))
    except Unavailable:  # without ldd it is taken for a program that needs none
        pass
    for path in (_SHELL, *libraries):
        yield f"{path}={os.path.realpath(path)}"


def _wants_the_host(stderr: bytes) -> bool:
    """Tell whether a build failed for a program that the machine has and its sandbox has not."""
    found = _NOT_IN_SANDBOX.search(stderr.decode("utf-8", "replace"))
    return found is not None and find_program(found["path"] or found["name"]) is not None


def _existing(paths: str) -> str:
    return " ".join(path for path in paths.split() if Path(path).exists())
