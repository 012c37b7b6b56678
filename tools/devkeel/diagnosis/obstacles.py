"""What stands in Nix' way on this machine: sentences that say nothing about the declaration.

Each is reported with its own code and with what a person can do about it. The sentences are those of Nix 2.8 and 2.34,
provoked one by one; `tests/devkeel/checks/test_obstacles.py` has them.
"""

from __future__ import annotations

import os
import re
from typing import Any

from msgspec import Struct

from devkeel.diagnosis.network import HOSTS
from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.errors import Unavailable

__all__ = ["DISK_FULL", "UNREACHABLE", "Obstacle", "crashed", "obstacle_in", "obstacle_of_builder"]


class Obstacle(Struct, frozen=True):
    """A message that says nothing about the declaration, a sentence that does, and what a person can do."""

    code: str
    pattern: str
    sentence: str
    remedy: str = "Put that right and try again."

    def stops(self, work: str, seen: str, **details: Any) -> Unavailable:  # noqa: ANN401  (facts of any shape)
        """Return the error about some work that it stopped."""
        message = f"{work}: {self.sentence}. That says nothing about the files."
        return Unavailable(self.code, message, seen=seen or None, remedy=self.remedy, details=details)


_STORE = quoted(rf"{INNER}*/nix/(?:store|var)\b{INNER}*")
_RECORD = quoted(rf"{INNER}*/(?:big-lock|gc\.lock|reserved|db\.sqlite|\.links)")
_DENIED = r"(?:Permission denied|Read-only file system|Operation not permitted)"

DISK_FULL = Obstacle(
    "check_disk_full",
    r"No space left|Disk quota exceeded|disk is full|lack of free disk space",
    "there is no room on the disk",
    "Make room, for example with nix-collect-garbage, and try again.",
)
UNREACHABLE = Obstacle(
    "check_network_failed",
    HOSTS,
    "a host could not be reached",
    "See whether this machine reaches it (network, name server, proxy), and try again.",
)
_NO_SHELL = Obstacle(
    "nix_sandbox",
    "",
    "the sandbox of this machine's Nix lacks a program that the machine has",
    "Let the sandbox see it: put `extra-sandbox-paths = /bin /usr /lib /lib64` into nix.conf (that of the daemon, "
    "where there is one), or `sandbox = false`, and try again.",
)
_NAMESPACES = Obstacle(
    "nix_sandbox",
    r"does not support the kernel namespaces|user namespaces are not enabled|unable to start build process"
    r"|(?:cloning builder process|setting up a private mount namespace|unable to set up (?:a )?private \w+)"
    r"|setgroups failed|(?:unable to (?:load|initialise) seccomp|loading seccomp)|opening pseudoterminal"
    r"|(?:pivot_root|unsharing|setting hostname|cannot set loopback)[^\n]*(?:not permitted|denied|No space left)",
    "the system does not let Nix make a sandbox for its builders",
    "Allow user namespaces to this user (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone; in a "
    "container, its security options), or put `sandbox = false` into nix.conf, and try again.",
)
_BUILD_USERS = Obstacle(
    "nix_build_users",
    r"^the group \S+ specified in 'build-users-group' does not exist|^the build users group \S+ has no members"
    r"|^the user \S+ in the group \S+ does not exist|^all build users are currently in use",
    "Nix has no users to build as",
    "Make the group with its users (Debian: install nix-setup-systemd), or put `build-users-group =` into nix.conf "
    "(that of the daemon, where there is one) so that builds run as the user who calls, and try again.",
)
_DAEMON = Obstacle(
    "nix_daemon",
    r"cannot connect to (?:socket|daemon)|cannot open connection to remote store|Nix daemon disconnected"
    r"|failed to start SSH connection|don't know how to open Nix store|unexpected EOF reading",
    "the daemon or the store that this machine's Nix is to use does not answer",
    "Start it (systemctl start nix-daemon.socket), or correct NIX_REMOTE or `store` in nix.conf, and try again.",
)
_DAMAGED = Obstacle(
    "nix_store_damaged",
    r"file is not a database|database disk image is malformed|/db/schema['\"] is corrupt"
    r"|Nix store schema (?:is )?version|is a symlink; this is not allowed for the Nix store",
    "the records of the Nix store cannot be used",
    "Let `nix-store --verify --repair` look at it; the manual of Nix has more under `nix-store`.",
)
_NOT_WRITABLE = Obstacle(
    "nix_store_not_writable",
    rf"^(?:[\w ]+ )?(?:{_STORE}|{_RECORD})(?: to \d+)?: {_DENIED}|^remounting [^\n]*/store['\"]? writable: "
    r"|attempt to write a readonly database|unable to open database file|readonly database",
    "this user may not write to the Nix store, or it is mounted read-only",
    "Call devkeel as the user whom /nix belongs to, start the Nix daemon, or mount /nix writable, and try again.",
)
_SETTINGS = Obstacle(
    "nix_settings",
    r"^(?:illegal|syntax error in) configuration line|^file \S+ included from \S+ not found"
    r"|^(?:configuration setting|option) '[\w-]+' (?:should be|has invalid value)[^\n]*\n+"
    r"Try '(?:/[^']+/)?(?:nix|devenv)"
    r"|could not dynamically open plugin",
    "a setting of this machine's Nix is wrong",
    "Correct what it names, in nix.conf or NIX_CONFIG, and try again.",
)
_FEATURE = Obstacle(
    "nix_feature_disabled",
    r"^experimental (?:Nix )?feature '[\w-]+' is disabled",
    "it needs an experimental feature that this machine's Nix has not enabled",
    "Add the feature to `extra-experimental-features` in nix.conf, and try again.",
)
_ELSEWHERE = Obstacle(
    "nix_cannot_build_here",
    r"with features \{[^}]*\} is required to build|Reason: (?:platform mismatch|missing system features)"
    r"|Required system: |unable to start any build|Reason: local builds are disabled"
    rf"|executing {quoted()}: Exec format error",
    "this machine may not build what is for another system, or wants features that it has not",
    "Name a machine that can in `builders` in nix.conf, raise `max-jobs` where it is 0, or declare what there is for "
    "this system.",
)
_LIMITS = Obstacle(
    "machine_limit",
    r"Too many open files|acquiring/releasing lock: Bad file descriptor|(?:^|: )Resource temporarily unavailable",
    "this machine gives no more processes or open files to this user",
    "End what is not needed, or raise the limit (ulimit -n, ulimit -u), and try again.",
)
_OBSTACLES = (
    _SETTINGS,
    _BUILD_USERS,
    _NAMESPACES,
    _DAEMON,
    _DAMAGED,
    _NOT_WRITABLE,
    _ELSEWHERE,
    _LIMITS,
    DISK_FULL,
    Obstacle(
        "check_out_of_memory",
        r"std::bad_alloc|Out of memory|Cannot allocate memory|Too many heap sections",
        "the memory did not suffice",
    ),
    Obstacle(
        "check_locked",
        r"database is locked|waiting for (?:the )?(?:exclusive|read|write) (?:access|lock)",
        "another process holds a database that it needs",
    ),
    Obstacle(
        "check_unavailable", r"devkeel: the stage could not be laid", "a layer over the project could not be laid"
    ),
    Obstacle(
        "check_unavailable",
        r"devkeel: the enclosure could not be laid",
        "a root directory of its own could not be made",
    ),
    Obstacle("check_unavailable", r"devkeel: the store lacks", "an input that it needs is not in the Nix store"),
)
_NETWORK = (
    UNREACHABLE,
    Obstacle(
        "check_network_failed",
        r"unable to download|HTTP error [45]\d\d",
        "something could not be downloaded",
        "See whether what Nix names is still there, and try again.",
    ),
)
_EXECUTING = re.compile(
    "executing " + quoted(f"(/(?:usr/)?s?bin/{INNER}+)") + ": (?:No such file or directory|Permission denied)"
)
_TEMPORARY = re.compile(
    rf"^(?:creating directory {quoted(rf'(?P<parent>{INNER}*)/nix-(?:build-|shell-|[0-9]){INNER}*')}"
    rf"|getting status of {quoted(f'(?P<path>{INNER}+)')})"
)


def obstacle_in(text: str, *, confined: bool = False) -> Obstacle | None:
    """Return what stood in the way, as far as the end of what Nix said shows it: what follows its last `error:`.

    confined: whether the call had no network and no experimental features, so that it says nothing about this machine
    when it misses them.
    """
    text = text.lstrip()
    told = _TEMPORARY.match(text)
    if told and told["path"] in (None, os.environ.get("TMPDIR")):
        return _temporary_directory(told["parent"] or told["path"])
    known = _OBSTACLES if confined else (*_OBSTACLES, *_NETWORK, _FEATURE)
    return next((item for item in known if re.search(item.pattern, text, re.IGNORECASE | re.MULTILINE)), None)


def obstacle_of_builder(stderr: str, reason: str) -> Obstacle | None:
    """Return why a builder was not started at all.

    stderr: all that was printed. reason: what Nix says of the derivation.
    """
    missing = _EXECUTING.search(stderr)
    if missing and os.access(missing[1], os.X_OK):
        return _NO_SHELL
    return _ELSEWHERE if re.search(_ELSEWHERE.pattern, reason) else None


def crashed(work: str, returncode: int) -> Unavailable | None:
    """Return the error for a program that a signal ended, itself or as a shell reports it; None for any other end."""
    # subprocess gives the negated number of the signal; a shell ends with 128 and the number (bash(1), EXIT STATUS).
    signal = -returncode if returncode < 0 else returncode - 128
    # signal(7): SIGILL, SIGABRT, SIGBUS, SIGKILL, SIGSEGV and SIGTERM, as x86 and ARM number them.
    if signal not in (4, 6, 7, 9, 11, 15):
        return None
    message = f"{work} was killed by signal {signal}. That says nothing about the files."
    return Unavailable("check_crashed", message, remedy="Try again; signal 9 is often a lack of memory.")


def _temporary_directory(place: str) -> Obstacle:
    return Obstacle(
        "temporary_directory",
        "",
        f"the directory for temporary files cannot be used ({place})",
        "Make it, or let TMPDIR, for builds of a newer Nix also `build-dir` in nix.conf, name one that may be written "
        "to, and try again.",
    )
