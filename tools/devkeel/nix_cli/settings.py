"""Calling Nix: with the user's own settings, and with those without which it cannot build on this machine.

A package of Nix may come without what its builds want. Debian's makes no group of build users, and root then builds
nothing (nix, src/libstore/lock.cc, `UserLock`); and it was compiled without a shell for the sandbox, so that no builder
that is /bin/sh starts (`sandbox-paths` is empty). What is missing is looked up once and passed with each call that
builds. A daemon builds with its own settings, and gets none of ours.

What a user once allowed a flake for good is kept by setting and value, and whichever flake brings the same gets it
(nix, src/libflake/config.cc, `readTrustedList`): no call of ours finds that list.

Such a sandbox gets the machine's own programs, as a build has them that runs without one: a shell alone would let few
builders through that were written for such a machine.
"""

from __future__ import annotations

import grp
import json
import os
import re
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, Unavailable
from devkeel.runtime.process import LIMIT, Completed, run, watched
from devkeel.runtime.programs import find_program, search_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "NO_DATA",
    "carried_settings",
    "distributed",
    "is_daemon",
    "needed_settings",
    "nix_variables",
    "own_setting",
    "require_nothing_saved",
    "run_nix",
]

_SECONDS = 10.0
_CONFIG = "NIX_CONFIG"
# A flake's own settings are foreign: whatever the user has said of flakes in general, they are not accepted.
_ALWAYS = {"accept-flake-config": "false"}
# What decides which settings Nix has, and so what is missing from them.
_DECIDES = (
    *(_CONFIG, "NIX_CONF_DIR", "NIX_USER_CONF_FILES", "NIX_CONFIG_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"),
    *("NIX_REMOTE", "NIX_STATE_DIR", "NIX_DAEMON_SOCKET_PATH", "HOME", "PATH"),
)
_NOWHERE = "/nonexistent"
NO_DATA = {"NIX_DATA_HOME": _NOWHERE, "XDG_DATA_HOME": _NOWHERE}
"""Variables with which no Nix finds what its user allowed for good; the second is other programs' too."""

# What the project's caches and builders add, while a call is about that project.
_DISTRIBUTED: ContextVar[Mapping[str, str]] = ContextVar("distributed", default=MappingProxyType({}))

_SAVED = "nix/trusted-settings.json"
# nix, doc/manual/source/release-notes/rl-2.25.md.
_HAS_DATA_HOME = (2, 25)
_CARRIED = (
    *("store", "system", "extra-platforms", "build-users-group", "auto-allocate-uids", "sandbox", "use-case-hack"),
    *("use-sqlite-wal", "fsync-metadata", "fsync-store-paths", "auto-optimise-store", "ignored-acls"),
    *("allow-dirty", "warn-dirty", "max-call-depth", "allow-symlinked-store", "require-drop-supplementary-groups"),
)
_SHELL = "/bin/sh"
# What the machine's own programs are in, with all that they need to run.
_HOST = ("/bin", "/usr", "/lib", "/lib64")


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

    builds: whether it may build.
    """
    given = {**nix_variables(builds=builds), **(environment or {})}
    return run(argv, stdin=stdin, timeout=timeout, environment=given, cwd=cwd, limit=limit)


@contextmanager
def distributed(settings: Mapping[str, str]) -> Iterator[None]:
    """Let every call of Nix that may build, and whatever calls it, have more settings meanwhile: caches and builders.

    This is the one way in which they get there; a call that only evaluates has none of them.
    """
    token = _DISTRIBUTED.set(settings)
    try:
        yield
    finally:
        _DISTRIBUTED.reset(token)


def own_setting(name: str) -> str:
    """Return what the user's own configuration says of a setting, as its text; nothing where it does not say."""
    value = _effective(_deciding()).get(name)
    return value if isinstance(value, str) else ""


def carried_settings() -> dict[str, str]:
    """Return what a store and an evaluation need of the user's configuration, where its files cannot be read.

    By name, as nix.conf has them. Neither tokens nor paths are among them.
    """
    told = _told(_deciding())
    changed = {name: told[name].get("value") for name in _CARRIED if name in told and _is_changed(told[name])}
    return {name: _as_text(value) for name, value in changed.items()} | _ALWAYS


def _is_changed(item: Mapping[str, Any]) -> bool:
    return "defaultValue" in item and item.get("value") != item["defaultValue"]


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def is_daemon() -> bool:
    """Return whether a daemon builds for this user: it takes some settings only from users whom it trusts."""
    settings = _effective(_deciding())
    return bool(settings) and not _builds_itself(settings)


def nix_variables(*, builds: bool) -> dict[str, str]:
    """Return the variables that a call of Nix sees beside those of every child."""
    settings = {**_ALWAYS, **(needed_settings() if builds else {}), **(_DISTRIBUTED.get() if builds else {})}
    # The user's lines, and ours after them, so that they win; Nix applies NIX_CONFIG after every nix.conf (nix,
    # src/libstore/globals.cc).
    lines = [os.environ.get(_CONFIG, ""), *(f"{name} = {value}" for name, value in settings.items())]
    return {_CONFIG: "\n".join(filter(None, lines)), "NIX_DATA_HOME": _NOWHERE}


def require_nothing_saved(flake: bytes) -> None:
    """Refuse to have Nix run what a flake offers where it would accept settings of it that the user once saved.

    What runs sees the variables too, so that XDG_DATA_HOME stays the user's; a Nix since 2.25 has one of its own.
    flake: the text of flake.nix. Raises Unavailable `backend_cannot`.
    """
    # A name in quotes may be written with backslashes before its letters.
    text = flake.decode("utf-8", "replace").replace("\\", "")
    brought = [name for name in sorted(_saved()) if name in text] if "nixConfig" in text else []
    if brought and not _has_data_home(search_path()):
        raise Unavailable(
            "backend_cannot",
            f"flake.nix brings settings of Nix that this user once allowed for good: {', '.join(brought)}. A "
            "repository's own settings are not accepted, and this Nix could not be kept from it.",
            place=Place("flake.nix"),
            remedy="Remove them from trusted-settings.json in Nix' data directory, install Nix 2.25 or later, or call "
            "the program itself in the applied environment.",
        )


def _saved() -> set[str]:
    """Return the names of settings that the user allowed flakes for good, with whatever value."""
    place = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")  # noqa: PTH111  (HOME may be unset)
    try:
        found = json.loads(Path(place, _SAVED).read_bytes())
        return {name for name, values in found.items() if any(values.values())}
    except (OSError, ValueError, AttributeError, RecursionError):
        return set()


@cache
def _has_data_home(_: str) -> bool:
    program = find_program("nix")
    if program is None:
        return False
    told = re.match(rb"nix \(Nix\) (\d+)\.(\d+)", run((program, "--version"), timeout=_SECONDS).stdout)
    return told is not None and (int(told[1]), int(told[2])) >= _HAS_DATA_HOME


def needed_settings() -> dict[str, str]:
    """Return the settings without which Nix cannot build here, by name; none where it can, or a daemon does."""
    return _looked_up(_deciding())


def _deciding() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _DECIDES)


@cache
def _looked_up(deciding: tuple[str | None, ...]) -> dict[str, str]:
    settings = _effective(deciding)
    return dict(_missing(settings)) if _builds_itself(settings) else {}


def _effective(deciding: tuple[str | None, ...]) -> dict[str, Any]:
    """Return the settings that Nix has here by name; none where it does not say."""
    return {name: item["value"] for name, item in _told(deciding).items()}


@cache
def _told(_: tuple[str | None, ...]) -> dict[str, Any]:
    """Return what Nix says of each setting: its value, and since 2.4 its default."""
    program = find_program("nix")
    if program is None:
        return {}
    # The name of before 2.19; later ones know it as an alias.
    # `config show` is what it is an alias of (nix, src/nix/main.cc).
    argv = (program, "--extra-experimental-features", "nix-command", "show-config", "--json")
    try:
        with watched(None):  # a job's log is about its own programs
            found = run(argv, timeout=_SECONDS, cwd=Path("/"))
        told = json.loads(found.stdout) if found.returncode == 0 else {}
        return {name: item for name, item in told.items() if "value" in item}
    except (Unavailable, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _builds_itself(settings: Mapping[str, Any]) -> bool:
    """Return whether the process that is called builds, and no daemon (nix, src/libstore/store-api.cc, `openStore`)."""
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
            # `extra-` adds to a setting and leaves what the user has in it (nix, src/libutil/configuration.cc).
            yield "extra-sandbox-paths", " ".join(path for path in _HOST if Path(path).exists())


def _members(group: str) -> list[str]:
    try:
        return grp.getgrnam(group).gr_mem
    except KeyError:
        return []
