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
    or_not_fetched,
    require_fetched,
    require_nix,
    require_stage,
)
from devkeel.errors import Unavailable
from devkeel.nix_cli.build_log import failures
from devkeel.nix_cli.derivations import realise, with_imports
from devkeel.nix_cli.devenv import in_stage
from devkeel.nix_cli.places import require_beneath
from devkeel.project.root import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage
    from devkeel.errors import Diagnostic
    from devkeel.runtime import Completed

__all__ = ["check", "instantiate", "on_time", "realise"]

_SOURCE = "build"
_SECONDS = 900.0
_PRINTED = 4 * 1024**2  # bytes of what devenv prints
# The characters of a store path's name (nix, src/libstore/path.cc, `checkName`).
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
            findings = failures(subject.files, str(stage.root), found)
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
        findings = failures(subject.files, str(stage.root), found, evaluated=stage)
        return None, [item for finding in findings for item in or_not_fetched(subject, finding)]
    return derivation, []


def _by_devenv(subject: Candidate, timeout: float) -> Verdict:
    require_beneath(subject, subject.locks.get(LOCK))
    with require_stage(subject)(writes=True) as stage:
        found = in_stage(stage, ("print-dev-env",), timeout, builds=True, limit=_PRINTED)
        findings = failures(subject.files, str(stage.root), found)
        return Verdict([*findings, *changed_lock(subject, stage, _SOURCE)], "devenv", stage.way)
