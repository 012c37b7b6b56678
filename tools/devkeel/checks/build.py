"""The `build` rung: the shell of the declaration is realised, and nothing of it is kept."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from devkeel.checks.evaluation import Verdict, ask_devenv, ask_nix, changed_lock, require_nix, require_stage
from devkeel.checks.nix_errors import Translation, printable
from devkeel.errors import Diagnostic, Unavailable
from devkeel.runtime import find_program, run

if TYPE_CHECKING:
    from devkeel.checks.subject import Subject
    from devkeel.runtime import Completed

__all__ = ["check"]

_SOURCE = "build"
_SECONDS = 900.0
_LOG_LINES = 10
_FAILED = re.compile(
    r"(?:builder for|Cannot build|build of) '(?P<path>/nix/store/[0-9a-z]{32}-(?P<name>[\w.+?=-]+)\.drv)'"
)
_LOG_SECONDS = 10.0
_LOG = re.compile(r"^\s*> ?(?P<line>.*)$", re.MULTILINE)
_DERIVATION = re.compile(r"^/nix/store/[0-9a-z]{32}-[\w.+?=-]+\.drv$")


def check(subject: Subject, *, timeout: float = _SECONDS) -> Verdict:
    """Return whether the environment builds; a failed derivation is named with the last lines of its log.

    timeout: seconds. Raises Unavailable `build_timeout`, and what the evaluation raises.
    """
    try:
        try:
            return _by_nix(subject, timeout)
        except Unavailable as error:
            if error.code != "check_unavailable" or find_program("devenv") is None:
                raise
        return _by_devenv(subject, timeout)
    except Unavailable as error:
        if error.code != "timeout":
            raise
        raise Unavailable(
            "build_timeout",
            f"The environment did not build within {timeout:g} seconds; what was built stays in the Nix store.",
            remedy="Try again: it goes on from there. Or ask for a lower level.",
        ) from error


def _by_nix(subject: Subject, timeout: float) -> Verdict:
    deadline = time.monotonic() + timeout
    require_nix(subject)
    with require_stage(subject)() as stage:
        found = ask_nix(subject, stage, ("--read-write-mode",), timeout, write=True)
        derivation = found.stdout.decode("utf-8", "replace").strip().split("!")[0]
        if not found.returncode and _DERIVATION.match(derivation):
            left = max(0.0, deadline - time.monotonic())
            found = run(("nix-store", "--realise", derivation), timeout=left)
        return Verdict(_findings(subject, str(stage.root), found), "nix", stage.way)


def _by_devenv(subject: Subject, timeout: float) -> Verdict:
    with require_stage(subject)(writes=True) as stage:
        found = ask_devenv(stage, ("print-dev-env",), timeout)
        findings = _findings(subject, str(stage.root), found)
        return Verdict([*findings, *changed_lock(subject, stage, _SOURCE)], "devenv", stage.way)


def _findings(subject: Subject, root: str, found: Completed) -> list[Diagnostic]:
    if not found.returncode:
        return []
    stderr = found.stderr.decode("utf-8", "replace")
    failed = _FAILED.search(stderr)
    if failed is None:
        return [Translation(root, subject.files, _SOURCE).failure(stderr, found.returncode)]
    log = _log_of(failed["path"]) or [match["line"] for match in _LOG.finditer(stderr)]
    message = "\n".join([f"{failed['name']} does not build", *log[-_LOG_LINES:]])
    return [Diagnostic("build_failed", "error", printable(message), _SOURCE, subject=printable(failed["name"], 200))]


def _log_of(derivation: str) -> list[str]:
    """Return the lines that a build left in Nix' own log, where it keeps one."""
    try:
        found = run(("nix-store", "--read-log", derivation), timeout=_LOG_SECONDS)
    except Unavailable:
        return []
    return found.stdout.decode("utf-8", "replace").splitlines() if not found.returncode else []
