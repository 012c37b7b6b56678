"""The `build` rung: the shell of the declaration is realised, and nothing of it is kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from devkeel.checks.evaluation import Verdict, changed_lock
from devkeel.errors import Unavailable
from devkeel.nix_cli.build import instantiate, on_time
from devkeel.nix_cli.build_log import failures
from devkeel.nix_cli.derivations import realise
from devkeel.nix_cli.devenv import in_stage
from devkeel.nix_cli.evaluate import asks_devenv, require_nix, require_stage
from devkeel.nix_cli.places import require_beneath
from devkeel.project.root import LOCK

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate

__all__ = ["check"]

_SOURCE = "build"
_SECONDS = 900.0
_PRINTED = 4 * 1024**2  # bytes of what devenv prints


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


def _by_nix(subject: Candidate, timeout: float) -> Verdict:
    deadline = time.monotonic() + timeout
    require_nix(subject)
    with require_stage(subject)() as stage:
        derivation, findings = instantiate(subject, stage, timeout)
        if derivation is not None:
            found = realise(derivation, deadline - time.monotonic())
            findings = failures(subject.files, str(stage.root), found)
        return Verdict(findings, "nix", stage.way)


def _by_devenv(subject: Candidate, timeout: float) -> Verdict:
    require_beneath(subject, subject.locks.get(LOCK))
    with require_stage(subject)(writes=True) as stage:
        found = in_stage(stage, ("print-dev-env",), timeout, builds=True, limit=_PRINTED)
        findings = failures(subject.files, str(stage.root), found)
        return Verdict([*findings, *changed_lock(subject, stage, _SOURCE)], "devenv", stage.way)
