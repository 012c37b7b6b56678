"""The `build` rung: the shell of the declaration is realised, and nothing of it is kept."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from devkeel.checks.evaluation import (
    Verdict,
    ask_nix,
    asks_devenv,
    changed_lock,
    instead,
    require_fetched,
    require_nix,
    require_stage,
)
from devkeel.diagnosis.nix_messages import Translation, last_error, printable
from devkeel.diagnosis.obstacles import DISK_FULL, UNREACHABLE, crashed, obstacle_in, obstacle_of_builder
from devkeel.errors import Diagnostic, Unavailable
from devkeel.nix_cli.derivations import realise, with_imports
from devkeel.nix_cli.devenv import in_stage
from devkeel.nix_cli.places import require_beneath
from devkeel.nix_cli.settings import run_nix
from devkeel.project.root import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage
    from devkeel.runtime import Completed

__all__ = ["blame", "check", "failures", "instantiate", "on_time", "realise"]

_SOURCE = "build"
_SECONDS = 900.0
_LOG_LINES = 10
_PRINTED = 4 * 1024**2  # bytes of what devenv prints
_OUTPUT = 256 * 1024  # bytes of what a build prints: its end says why it failed
_FAILED = re.compile(
    r"(?:builder for|Cannot build|build of|fixed-output derivation) "
    r"'(?P<path>/nix/store/[0-9a-z]{32}-(?P<name>[\w.+?=-]+)\.drv)'"
)
_MISMATCH = re.compile(r"hash mismatch in [^\n]*\s+specified: *(?P<specified>\S+)\s+got: *(?P<got>\S+)")
_NO_ROOM = re.compile(r"lack of free disk space|^error: .*No space left on device", re.MULTILINE)
_NOT_FOUND = re.compile(r"no substituter that can build it|don't know how to build|cannot build missing derivation")
_SEEN = 1_000
_KILLED = re.compile(r"failed due to signal (\d+)")
_LOG_SECONDS = 10.0
_LOG = re.compile(r"^\s*> ?(?P<line>.*)$", re.MULTILINE)
_DERIVATION = re.compile(r"^/nix/store/[0-9a-z]{32}-[\w.+?=-]+\.drv$")


def check(subject: Candidate, *, timeout: float = _SECONDS) -> Verdict:
    """Return whether the environment builds; a failed derivation is named with the last lines of its log.

    timeout: seconds. Raises Unavailable `build_timeout`, and what the evaluation raises.
    """
    with on_time(timeout):
        try:
            return _by_nix(subject, timeout)
        except Unavailable as error:
            if not asks_devenv(subject, error):
                raise
        return _by_devenv(subject, timeout)


@contextmanager
def on_time(timeout: float) -> Iterator[None]:
    """Raise Unavailable `build_timeout` for what took too long, where other programs raise `timeout`."""
    try:
        yield
    except Unavailable as error:
        if error.code != "timeout":
            raise
        raise Unavailable(
            "build_timeout",
            f"The environment did not build within {timeout:g} seconds; what was built stays in the Nix store.",
            remedy="Try again: it goes on from there. Or ask for a lower level.",
        ) from error


def _by_nix(subject: Candidate, timeout: float) -> Verdict:
    deadline = time.monotonic() + timeout
    require_nix(subject)
    with require_stage(subject)() as stage:
        derivation, findings = instantiate(subject, stage, timeout)
        if derivation is not None:
            found = realise(derivation, deadline - time.monotonic())
            findings = failures(subject, str(stage.root), found)
        return Verdict(findings, "nix", stage.way)


def instantiate(
    subject: Candidate, stage: Stage, timeout: float, *, imports: bool = False
) -> tuple[str | None, list[Diagnostic]]:
    """Return the shell's derivation, or None and why there is none.

    imports: build what the evaluation imports from derivations.
    """
    deadline = time.monotonic() + timeout

    def ask(more: tuple[str, ...]) -> Completed:
        return ask_nix(subject, stage, ("--read-write-mode", *more), deadline - time.monotonic(), write=True)

    found = with_imports(ask, deadline) if imports else ask(())
    derivation = found.stdout.decode("utf-8", "replace").strip().split("!")[0]
    if found.returncode or not _DERIVATION.match(derivation):
        require_fetched(subject, found)
        findings = failures(subject, str(stage.root), found, evaluated=stage)
        return None, [item for finding in findings for item in instead(subject, finding)]
    return derivation, []


def _by_devenv(subject: Candidate, timeout: float) -> Verdict:
    require_beneath(subject, subject.locks.get(LOCK))
    with require_stage(subject)(writes=True) as stage:
        found = in_stage(stage, ("print-dev-env",), timeout, builds=True, limit=_PRINTED)
        findings = failures(subject, str(stage.root), found)
        return Verdict([*findings, *changed_lock(subject, stage, _SOURCE)], "devenv", stage.way)


def failures(subject: Candidate, root: str, found: Completed, *, evaluated: Stage | None = None) -> list[Diagnostic]:
    """Return what a build that failed says, with the last lines of the log of what did not build.

    evaluated: the stage in which it was evaluated and nothing else was done, without a network.
    Raises Unavailable where the machine failed and not the declaration.
    """
    if not found.returncode:
        return []
    stderr = found.stderr.decode("utf-8", "replace")
    failed = _FAILED.search(stderr)
    if failed is None and evaluated is not None:
        translation = Translation(root, subject.files, _SOURCE, confined=True, withheld=evaluated.withheld)
        return [translation.failure(stderr, found.returncode)]
    blame(found)
    if failed is None:
        return [Translation(root, subject.files, _SOURCE).failure(stderr, found.returncode)]
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
        _blame_nix(stderr, found.returncode)
        return
    name = printable(failed["name"], 200)
    killed = _KILLED.search(stderr)
    if killed is not None and (crash := crashed(f"The build of {name}", -int(killed[1]))):
        raise crash
    reason = stderr[failed.start() :].partition("\nerror:")[0]
    obstacle = obstacle_of_builder(stderr, reason)
    if obstacle is not None:
        raise obstacle.stops(f"{name} was not built", printable(_ends(reason.splitlines()), _SEEN), derivation=name)
    log = _told(failed, stderr)
    for obstacle in (DISK_FULL, UNREACHABLE) if _is_fetched(failed["path"]) else (DISK_FULL,):
        if re.search(obstacle.pattern, log, re.IGNORECASE) or (obstacle is DISK_FULL and _NO_ROOM.search(stderr)):
            raise obstacle.stops(f"{name} was not built", log[-_SEEN:], derivation=name)


def _blame_nix(stderr: str, returncode: int) -> None:
    """Raise Unavailable where no build failed, but Nix itself before or between them."""
    work = "The environment was not built"
    if _NOT_FOUND.search(stderr) and re.search(UNREACHABLE.pattern, stderr):
        raise UNREACHABLE.stops(work, printable(_ends(stderr.splitlines()), _SEEN))
    tail = last_error(stderr)
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
