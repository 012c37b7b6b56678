"""What a build that failed says: as findings with the end of its log, or as what is this machine's fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.diagnosis.nix_messages import Translation, last_error, printable
from devkeel.diagnosis.obstacles import DISK_FULL, UNREACHABLE, crashed, obstacle_in, obstacle_of_builder
from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.errors import Diagnostic, Unavailable
from devkeel.nix_cli.settings import run_nix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.candidate.stage import Stage
    from devkeel.runtime import Completed

__all__ = ["blame", "failures", "unbelieved"]

_SOURCE = "build"
_LOG_LINES = 10
_OUTPUT = 256 * 1024  # bytes of what a build prints: its end says why it failed
_FAILED = re.compile(
    r"(?:builder for|Cannot build|build of|fixed-output derivation) "
    + quoted(r"(?P<path>/nix/store/[0-9a-z]{32}-(?P<name>[\w.+?=-]+)\.drv)")
)
# As Nix words them: derivation-check.cc, substitution-goal.cc and derivation-builder.cc in src/libstore, shared.cc in
# src/libmain, and of signals src/libutil/unix/processes.cc.
_MISMATCH = re.compile(r"hash mismatch in [^\n]*\s+specified: *(?P<specified>\S+)\s+got: *(?P<got>\S+)")
_NO_ROOM = re.compile(r"lack of free disk space|^error: .*No space left on device", re.MULTILINE)
_NOT_FOUND = re.compile(r"no substituter that can build it|don't know how to build|cannot build missing derivation")
_SEEN = 1_000
_KILLED = re.compile(r"failed due to signal (\d+)")
_MACHINE = quoted(f"(?P<store>{INNER}+)")
# src/build-remote/build-remote.cc and src/libstore/build/derivation-goal.cc: who builds it, and how it says that a
# build of its own failed. What ends otherwise has lost the machine.
_ELSEWHERE = re.compile(
    "^building " + quoted(rf"(?P<path>{INNER}+\.drv)") + " on " + _MACHINE + r"\.\.\.", re.MULTILINE
)
_NO_MACHINE = re.compile(f"^cannot build on {_MACHINE}: (?:error: )?(?P<why>[^\\n]*)", re.MULTILINE)
_NOT_STARTED = re.compile(r"unable to start any build|Failed to find a machine")
# src/libstore/build/substitution-goal.cc, as Nix 2.8 and as 2.34 word it.
_UNBELIEVED = re.compile(
    rf"substitute for {quoted()} from {quoted(f'(?P<url>{INNER}+)')}(?: is|, as it's) not signed by any"
)
_LOG_SECONDS = 10.0
_LOG = re.compile(r"^\s*> ?(?P<line>.*)$", re.MULTILINE)


def failures(
    files: Mapping[str, bytes], root: str, found: Completed, *, evaluated: Stage | None = None
) -> list[Diagnostic]:
    """Return what a build that failed says, with the last lines of the log of what did not build.

    files: the declaration. root: the project, as it was staged. evaluated: the stage in which it was evaluated and
    nothing else was done, without a network.
    Raises Unavailable where the machine failed and not the declaration.
    """
    if not found.returncode:
        return []
    stderr = found.stderr.decode("utf-8", "replace")
    failed = _FAILED.search(stderr)
    if failed is None and evaluated is not None:
        translation = Translation(root, files, _SOURCE, confined=True, withheld=evaluated.withheld)
        return [translation.failure(stderr, found.returncode)]
    blame(found)
    if failed is None:
        return [Translation(root, files, _SOURCE).failure(stderr, found.returncode)]
    name = printable(failed["name"], 200)
    told = _told(failed, stderr)
    lines = [f"{name} does not build", *([told] if told else [])]
    if wrong := _MISMATCH.search(stderr):
        lines = [f"{name} is not what was declared: its hash is {wrong['got']}, not {wrong['specified']}"]
    return [Diagnostic("build_failed", "error", "\n".join(lines), _SOURCE, subject=name)]


def blame(found: Completed) -> None:
    """Raise Unavailable where a build failed for this machine, and not for what was to be built."""
    stderr = found.stderr.decode("utf-8", "replace")
    failed = _FAILED.search(stderr)
    if failed is None:
        _blame_cache(found)
        _blame_nix(stderr, found.returncode)
        return
    _blame_builder(stderr, failed)
    name = printable(failed["name"], 200)
    killed = _KILLED.search(stderr)
    if killed is not None and (crash := crashed(f"The build of {name}", -int(killed[1]))):
        raise crash
    reason = stderr[failed.start() :].partition("\nerror:")[0]
    obstacle = obstacle_of_builder(stderr, reason)
    if obstacle is not None:
        # Newer ones call what was not started a failed build too (nix, src/libstore/build/derivation-goal.cc).
        if obstacle.code == "nix_cannot_build_here":
            _blame_cache(found)
        _blame_machines(stderr, f"{name} was not built")
        raise obstacle.stops(f"{name} was not built", printable(_ends(reason.splitlines()), _SEEN), derivation=name)
    log = _told(failed, stderr)
    for obstacle in (DISK_FULL, UNREACHABLE) if _is_fetched(failed["path"]) else (DISK_FULL,):
        if re.search(obstacle.pattern, log, re.IGNORECASE) or (obstacle is DISK_FULL and _NO_ROOM.search(stderr)):
            raise obstacle.stops(f"{name} was not built", log[-_SEEN:], derivation=name)


def unbelieved(found: Completed) -> tuple[str, ...]:
    """Return which caches had something that was not taken, for no key that is believed has signed it."""
    stderr = found.stderr.decode("utf-8", "replace")
    return tuple(dict.fromkeys(printable(item["url"], 200) for item in _UNBELIEVED.finditer(stderr)))


def _blame_builder(stderr: str, failed: re.Match[str]) -> None:
    """Raise Unavailable where the machine that was building did not end the build, neither well nor badly."""
    path = failed["path"]
    machine = next((item for item in reversed([*_ELSEWHERE.finditer(stderr)]) if item["path"] == path), None)
    if machine is None or re.search(f"build of {quoted(re.escape(path))} on {_MACHINE} failed", stderr):
        return
    name, store = printable(failed["name"], 200), printable(machine["store"], 200)
    between = stderr[machine.end() : failed.start()].rpartition("\n")[0]
    obstacle = obstacle_in(last_error(between))
    if obstacle is not None and obstacle.code != "nix_daemon":  # which is how a connection ends, too
        raise obstacle.stops(f"{name} was not built", printable(_ends(between.splitlines()), _SEEN), derivation=name)
    raise Unavailable(
        "builder_lost",
        f"{name} was not built: the machine {store} went away while it was building. That says nothing about the "
        "files.",
        seen=printable(_ends(between.splitlines()), _SEEN) or None,
        remedy="See whether this machine still reaches it, and try again; or build here, without that machine.",
        details={"derivation": name, "builder": store},
    )


def _blame_cache(found: Completed) -> None:
    """Raise Unavailable where nothing was built and a cache would have had it, signed by no key that is believed."""
    caches = unbelieved(found)
    if caches:
        raise Unavailable(
            "cache_not_believed",
            f"It was not taken from {', '.join(caches)}: no key that is believed here has signed it, and nothing may "
            "build it.",
            seen=printable(last_error(found.stderr.decode("utf-8", "replace")).strip(), _SEEN),
            remedy="Compare the public key that is named for the cache with the one that it is signed by.",
        )


def _blame_machines(stderr: str, work: str) -> None:
    """Raise Unavailable where a build was not started because no machine that may build it answered."""
    away = _NO_MACHINE.search(stderr)
    if away is None or not _NOT_STARTED.search(stderr):
        return
    store, why = printable(away["store"], 200), printable(away["why"], _SEEN)
    raise Unavailable(
        "builder_unreachable",
        f"{work}: the machine {store} does not answer, and none else may build it. That says nothing about the files.",
        seen=why,
        remedy="See whether this machine reaches it (network, name, key of ssh), and try again.",
        details={"builder": store},
    )


def _blame_nix(stderr: str, returncode: int) -> None:
    """Raise Unavailable where no build failed, but Nix itself before or between them."""
    work = "The environment was not built"
    if _NOT_FOUND.search(stderr) and re.search(UNREACHABLE.pattern, stderr):
        raise UNREACHABLE.stops(work, printable(_ends(stderr.splitlines()), _SEEN))
    tail = last_error(stderr)
    _blame_machines(stderr, work)
    obstacle = obstacle_in(tail)
    if obstacle is not None:
        raise obstacle.stops(work, printable(tail.strip(), _SEEN))
    crash = crashed("Nix", returncode)
    if crash is not None and "stack overflow" not in tail:
        raise crash


def _told(failed: re.Match[str], stderr: str) -> str:
    """Return the last lines of the log of a derivation that did not build."""
    return printable(_ends(_log_of(failed["path"]) or _printed(stderr[: failed.start()], failed["path"])))


def _is_fetched(derivation: str) -> bool:
    """Return whether a derivation says what comes of it (a fixed output): only such a one may use the network."""
    try:
        with open(derivation, "rb") as file:  # noqa: PTH123  (a path of the store)
            # The attributes of a derivation are its environment. The sandbox leaves the network to fixed outputs alone,
            # for a hash says what has to come of it (nix, src/libstore/linux/build, CLONE_NEWNET).
            return b'("outputHash","' in file.read(_OUTPUT)
    except OSError:
        return False


def _ends(lines: list[str]) -> str:
    return "\n".join(lines[-_LOG_LINES:])


def _printed(stderr: str, derivation: str) -> list[str]:
    """Return the lines of a log that were printed, for a Nix that keeps none: quoted, or since the build began."""
    quoted = [match["line"] for match in _LOG.finditer(stderr)]
    since = stderr.rpartition(f"building '{derivation}'...\n")[2].splitlines()[:-1]
    return quoted or since


def _log_of(derivation: str) -> list[str]:
    """Return the lines that a build left in Nix' own log, where it keeps one."""
    try:
        found = run_nix(("nix-store", "--read-log", derivation), timeout=_LOG_SECONDS, limit=_OUTPUT)
    except Unavailable:
        return []
    return found.stdout.decode("utf-8", "replace").splitlines() if not found.returncode else []
