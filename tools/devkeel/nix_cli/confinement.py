"""What holds a program that evaluates the text of others: no network, no more than its share, an end with its caller.

With Linux namespaces the system holds it: a network of its own in which nothing is, not even loopback, and processes
of its own, which the kernel ends together; `setpriv` lets it end the first of them with the thread that asked, SIGKILL
included (prctl(2), PR_SET_PDEATHSIG). Elsewhere a shell beside it ends its group once a pipe that only the caller holds
is closed, and Nix' own settings and a proxy that is not there are what keeps it from the network. How many run at once,
for one user of the machine, is counted by locks on files, which end with their process.
"""

from __future__ import annotations

import fcntl
import math
import os
import time
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.nix_cli.enclosure import encloses
from devkeel.nix_cli.settings import NO_DATA, nix_variables
from devkeel.runtime.process import Completed, run
from devkeel.runtime.programs import child_environment, find_program
from devkeel.system.mechanisms import usable
from devkeel.system.namespaces import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devkeel.nix_cli.enclosure import Enclosure

__all__ = ["SETTINGS", "by_convention", "evaluate", "network_is_cut", "settings", "shares"]


SETTINGS = {
    # Read is what -I lists, and no more; nothing is built, fetched or substituted meanwhile (nix,
    # src/libexpr/eval.cc: the accessor of `EvalState` lets through what is listed, `checkURI` what is allowed).
    "restrict-eval": "true",
    "allowed-uris": "",
    "nix-path": "",
    # Else an evaluation may build (nix, src/libexpr/primops.cc).
    "allow-import-from-derivation": "false",
    "experimental-features": "",
    "allow-unsafe-native-code-during-evaluation": "false",
    "plugin-files": "",
    "substitute": "false",
    # A daemon does not take `substitute` of everyone, but it takes an empty list (nix, daemon.cc, setSubstituters).
    "substituters": "",
    "builders": "",
    "flake-registry": "",
    "accept-flake-config": "false",
    "netrc-file": "/dev/null",
    # What cannot come is not waited for.
    "connect-timeout": "1",
    "download-attempts": "1",
}
"""The settings of Nix under which the text of others is evaluated."""

# Git, where Nix calls it, starts nothing that a repository names: see git-config(1), "Scopes".
_GIT = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.sshCommand": "false",
    "credential.helper": "",
    "protocol.allow": "never",
    "protocol.file.allow": "always",
}
# Where no system cuts it off, curl, which Nix and git fetch with, asks a proxy at a port where none can be.
_NOWHERE = "http://0.0.0.0:0"
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY")
_CUT = {**dict.fromkeys(_PROXIES, _NOWHERE), "no_proxy": "", "NO_PROXY": "", "AWS_EC2_METADATA_DISABLED": "true"}

_NOT_CUT = (
    "This system gives this user no namespaces: settings of Nix, curl and Git kept the evaluation from the "
    "network, and not the system."
)
_NOT_ENCLOSED = "This system gives this user's programs no root directory of their own."
_COPIES = "An old Nix may copy a file outside of the project into the store for a flake that names it with a hash."

_GIGABYTE = 1024**3
_MEMORY = 8 * _GIGABYTE
_LEAST = 2 * _GIGABYTE
_AT_ONCE = 4
_TICK = 0.05
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
# Both limits are the shell's own where there is no prlimit; a system that has no such limit goes without.
_LIMIT = 'ulimit -v "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null; ulimit -c 0 2>/dev/null; shift 2; exec "$@"'
# $1: the descriptor whose end tells that the caller is gone. The shell becomes the program, and leads its group.
# `$$` is the first shell's in a subshell too (POSIX, 2.5.2), and exec keeps its PID; a negative PID is a group
# (kill(2)).
_LEASH = 'exec 9</dev/fd/"$1"; shift; ( exec >/dev/null 2>&1; read -r _ <&9; kill -KILL -$$ ) & exec "$@" 9<&-'


def settings(**others: str) -> tuple[str, ...]:
    """Return the arguments for Nix that confine an evaluation; `others`, with _ for -, take a setting's place."""
    wanted = SETTINGS | {name.replace("_", "-"): value for name, value in others.items()}
    return tuple(word for name, value in wanted.items() for word in ("--option", name, value))


def evaluate(  # noqa: PLR0913  (what holds a program, by name)
    argv: tuple[str, ...],
    *,
    stdin: bytes = b"",
    timeout: float,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit: int,
    held: tuple[str, ...] | None = None,
    enclosure: Enclosure | None = None,
    memory: int | None = None,
) -> Completed:
    """Run a program that evaluates, with its share of memory and time, as one of a few at once; it ends with us.

    held: the words before argv that put it where it has no network, where a stage has such; else they are made here.
    enclosure: what it sees of the files; without one, what this user does. It takes a directory to run in.
    memory: bytes, where it is to have less than its share.
    timeout: seconds, the wait for its turn included. Raises Unavailable `check_busy` when that is all it did, and
    what `run` raises.
    """
    deadline = time.monotonic() + timeout
    alone = _alone() if held is None else held
    command, seen = argv, dict[str, str]()
    if enclosure is not None and cwd is not None:
        command, seen = enclosure.wrap(argv, cwd), enclosure.variables()
    with _turn(deadline) as share, _leash(by_kernel=bool(alone)) as (leash, inherits):
        left = max(0.0, deadline - time.monotonic())
        try:
            return run(
                (*leash, *alone, *_limits(min(share, memory or share), math.ceil(left) + 1), *command),
                stdin=stdin,
                timeout=left,
                environment={**nix_variables(builds=False), **NO_DATA, **_cut(), **seen, **(environment or {})},
                cwd=cwd,
                limit=limit,
                inherits=inherits,
            )
        except Unavailable as error:
            if error.code != "timeout":
                raise
            raise Unavailable(
                "timeout",
                f"The evaluation did not end within {round(timeout, 1):g} seconds and was stopped.",
                remedy="Try again, with more time where that can be given; a check may also have a lower level.",
            ) from error


def _cut() -> dict[str, str]:
    """Return the variables that keep curl and Git from every host, where no system does."""
    known = child_environment()
    first = int(known.get("GIT_CONFIG_COUNT", "0"))
    keys = {f"GIT_CONFIG_KEY_{first + number}": name for number, name in enumerate(_GIT)}
    values = {f"GIT_CONFIG_VALUE_{first + number}": value for number, value in enumerate(_GIT.values())}
    git = {"GIT_CONFIG_COUNT": str(first + len(_GIT)), "GIT_SSH_COMMAND": "false", "GIT_TERMINAL_PROMPT": "0"}
    return {**_CUT, **git, **keys, **values, "GIT_OPTIONAL_LOCKS": "0", "NIX_PATH": ""}


def _alone() -> tuple[str, ...]:
    """Return what runs a program without a network and apart from other processes, nothing where the system cannot."""
    return _unshare() if network_is_cut() else ()


def _unshare() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ("unshare", *NAMESPACES, "--")
    # A new network namespace wants CAP_SYS_ADMIN, which whoever makes a user namespace has in it (user_namespaces(7)).
    return ("unshare", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}", *NAMESPACES, "--")


def network_is_cut() -> bool:
    """Return whether this system lets this user run a program without a network."""
    return usable("namespaces") and _cuts()


def by_convention(*, flake: bool = False) -> str | None:
    """Return the sentence for an answer where settings, and not the system, hold what is evaluated; None elsewhere.

    flake: whether it is evaluated purely, in which the settings of Nix do not keep it from every file.
    """
    if flake and not encloses():
        return f"{_NOT_CUT if not network_is_cut() else _NOT_ENCLOSED} {_COPIES}"
    return None if network_is_cut() else _NOT_CUT


@cache
def _cuts() -> bool:
    """Find out by doing it once."""
    if find_program("unshare") is None:
        return False
    try:
        # Doing it is the only way to know: user.max_user_namespaces (namespaces(7)), seccomp filters of containers and
        # the settings of distributions each may forbid it.
        found = run((*_unshare(), "cat", "/proc/self/net/dev"), timeout=10)
    except Unavailable:
        return False
    return found.returncode == 0


@cache
def _kept_by_the_kernel() -> tuple[str, ...]:
    """Return what has the kernel end a program with its caller; nothing where `setpriv` cannot."""
    program = find_program("setpriv")
    if program is None:
        return ()
    # prctl(2): it is kept across execve, save of a program with set-user-ID bits or file capabilities, and not
    # inherited by children: `unshare --kill-child` sets it again for its own.
    words = (program, "--pdeathsig", "KILL", "--")
    try:
        return words if run((*words, "true"), timeout=10).returncode == 0 else ()
    except Unavailable:
        return ()


@contextmanager
def _leash(*, by_kernel: bool) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Return the words that make a program end with its caller, and the descriptors that it needs for that.

    by_kernel: whether what it starts ends with it anyway, in a namespace of its own.
    """
    kernel = _kept_by_the_kernel() if by_kernel else ()
    if kernel:
        yield kernel, ()
        return
    # read(2) of a pipe ends when the last descriptor for writing is closed (pipe(7)), which the kernel does for whoever
    # is killed.
    ours, held = os.pipe()
    try:
        yield ("sh", "-c", _LEASH, "sh", str(ours)), (ours,)
    finally:
        os.close(ours)
        os.close(held)


def _limits(share: int, seconds: int) -> tuple[str, ...]:
    program = find_program("prlimit")
    if program:
        # setrlimit(2): RLIMIT_AS counts address space, of which the collector of Nix reserves more than it uses;
        # RLIMIT_CPU ends by SIGXCPU and then SIGKILL. Limits are inherited by children.
        return (program, f"--as={share}", f"--cpu={seconds}", "--core=0")
    # ulimit takes memory in KiB, the seconds as they are (bash(1), ulimit; `-v` is no POSIX).
    return ("sh", "-c", _LIMIT, "sh", str(share // 1024), str(seconds))


def shares() -> tuple[int, int]:
    """Return how many evaluate at once, and how many bytes of memory each may have: together three quarters of it."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        memory = _MEMORY
    count = max(1, min(_AT_ONCE, memory * 3 // 4 // (2 * _LEAST)))
    return count, max(_LEAST, min(_MEMORY, memory * 3 // 4 // count))


@contextmanager
def _turn(deadline: float) -> Iterator[int]:
    """Hold one of the places of this user's evaluations; returns the memory that goes with it."""
    count, share = shares()
    folder = _places()
    if folder is None:
        yield share
        return
    descriptor = _place(folder, count, deadline)
    try:
        yield share
    finally:
        os.close(descriptor)


def _place(folder: Path, count: int, deadline: float) -> int:
    while True:
        for number in range(count):
            descriptor = os.open(
                folder / f"place-{number}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            with suppress(BlockingIOError):
                # flock(2): the lock is the open file description's, so that no file of a killed process stays locked.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            os.close(descriptor)
        if time.monotonic() > deadline:
            raise Unavailable(
                "check_busy",
                f"{count} other evaluations are running, which is as many as this machine has memory for.",
                remedy="Try again when they have ended; a check may also have a lower level.",
            )
        time.sleep(_TICK)


def _places() -> Path | None:
    """Return the user's directory for the locks, None where none can be made: then nothing is counted."""
    import platformdirs  # noqa: PLC0415  (5 ms, and most verbs evaluate nothing)

    folder = platformdirs.user_cache_path("devkeel") / "evaluating"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return folder
