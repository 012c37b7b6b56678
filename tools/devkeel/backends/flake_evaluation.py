"""The shell of a flake as a derivation: evaluated without a network, so that building it is a step of its own."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from devkeel.checks import build
from devkeel.errors import CheckFailed, Diagnostic, Place, Unavailable
from devkeel.runtime.confinement import evaluate, settings

if TYPE_CHECKING:
    from devkeel.checks.subject import Stage
    from devkeel.runtime import Completed

__all__ = ["FEATURES", "FLAKE", "refusal", "shell_of"]

FLAKE = "flake.nix"
FEATURES = ("--extra-experimental-features", "nix-command flakes")
# As `nix develop` looks for them (nix, src/nix/develop.cc, `getDefaultFlakeAttrPaths`).
_NAMES = ("devShells.{}.default", "devShell.{}", "packages.{}.default", "defaultPackage.{}")
_SHOWN = 2000
_OUTPUT = 4 * 1024**2
_LACKING = re.compile(r"does not provide attribute|has no attribute|attribute '[^']+' (?:missing|not found)")
_FROM_ELSEWHERE = re.compile(
    r"unable to download|program 'git' failed|failed to fetch|cannot fetch|Could(?: not|n't) (?:resolve|connect)"
    r"|Failed to connect|cannot find flake 'flake:",
    re.IGNORECASE,
)
_DERIVATION = re.compile(r"/nix/store/[0-9a-z]{32}-[\w.+?=-]+\.drv")


def shell_of(nix: str, stage: Stage, timeout: float, *, impure: bool) -> str:
    """Return the derivation of a flake's shell.

    impure: whether it may know the directory that it is called in. timeout: seconds. Raises CheckFailed `build_failed`
    where there is none, Unavailable `not_fetched` where it needs what would have to be fetched first.
    """
    deadline = time.monotonic() + timeout
    found = _ask(nix, stage, ("--impure", "--expr", "builtins.currentSystem"), deadline)
    system = found.stdout.decode("utf-8", "replace").strip()
    first = found
    for name in _NAMES if not found.returncode else ():
        pure = ("--impure",) if impure else ()
        found = _ask(nix, stage, (*pure, f"{stage.root}#{name.format(system)}.drvPath"), deadline)
        if not found.returncode and (path := _DERIVATION.fullmatch(found.stdout.decode("utf-8", "replace").strip())):
            return path[0]
        first = first if first.returncode else found
        if not _LACKING.search(found.stderr.decode("utf-8", "replace")):
            break
        if name.split(".")[0] not in found.stderr.decode("utf-8", "replace"):
            break  # it is about something in the shell
    if needs := _not_fetched(first):
        raise needs
    build.blame(first)
    raise refusal(first)


def _ask(nix: str, stage: Stage, words: tuple[str, ...], deadline: float) -> Completed:
    confined = settings(restrict_eval="false", experimental_features="nix-command flakes", eval_cache="false")
    argv = (nix, *FEATURES, "eval", "--raw", "--no-update-lock-file", *confined, *words)
    return evaluate(
        argv,
        held=stage.alone(),
        timeout=max(0.0, deadline - time.monotonic()),
        environment={"PWD": str(stage.root)},
        cwd=stage.root,
        limit=_OUTPUT,
    )


def _not_fetched(found: Completed) -> Unavailable | None:
    told = _told(found)
    if not _FROM_ELSEWHERE.search(told):
        return None
    return Unavailable(
        "not_fetched",
        f"{FLAKE} needs what is not in the Nix store, and an evaluation has no network: {_reason(told)}.",
        place=Place(FLAKE),
        remedy="Pin it as an input in flake.lock: apply_environment fetches what the lock names, and then evaluates.",
    )


def refusal(found: Completed) -> CheckFailed:
    """Return the error about a shell that was not evaluated or built, with the end of what Nix said."""
    told = _told(found)
    finding = Diagnostic("build_failed", "error", told[-_SHOWN:], "build", Place(FLAKE))
    return CheckFailed(
        "build_failed",
        f"The shell of {FLAKE} does not build: {_reason(told)}.",
        place=Place(FLAKE),
        remedy="Correct flake.nix; the findings have the end of what Nix said.",
        diagnostics=(finding,),
    )


def _told(found: Completed) -> str:
    return found.stderr.decode("utf-8", "replace").strip()


def _reason(told: str) -> str:
    return told.rpartition("error:")[2].strip().split("\n")[0] or told[-200:]
