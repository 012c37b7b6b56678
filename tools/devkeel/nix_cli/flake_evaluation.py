"""The shell of a flake as a derivation: evaluated without a network, so that building it is a step of its own."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from devkeel.diagnosis.network import FETCHING, HOSTS
from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.errors import CheckFailed, Diagnostic, Place, Unavailable, UsageError
from devkeel.nix_cli import build_log
from devkeel.nix_cli.confinement import evaluate, settings
from devkeel.nix_cli.derivations import is_of_import, with_imports
from devkeel.nix_cli.enclosure import enclosure_of
from devkeel.nix_cli.fetching import caches_of
from devkeel.nix_cli.flake_pins import FLAKE, FlakePins, flake_inputs, not_locked
from devkeel.nix_cli.overrides import overridden, override_words
from devkeel.nix_cli.settings import own_setting
from devkeel.nix_cli.untracked import untracked_file
from devkeel.runtime import Completed
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage
    from devkeel.errors import DevkeelError
    from devkeel.nix_cli.enclosure import Enclosure

__all__ = ["FEATURES", "is_of_devenv", "refusal", "shell_of", "told_by", "with_pins"]

T = TypeVar("T")

FEATURES = ("--extra-experimental-features", "nix-command flakes")
# As `nix develop` looks for them (nix, src/nix/develop.cc, `getDefaultFlakeAttrPaths`).
_NAMES = ("devShells.{}.default", "devShell.{}", "packages.{}.default", "defaultPackage.{}")
_SHOWN = 2000
_OUTPUT = 4 * 1024**2
_LACKING = re.compile(r"does not provide attribute|has no attribute|attribute '[^']+' (?:missing|not found)")
_FROM_ELSEWHERE = re.compile(
    rf"{FETCHING}|{HOSTS}|cannot fetch|cannot find flake 'flake:|lock file changes",
    re.IGNORECASE,
)
_IMPORTS = re.compile("cannot build " + quoted(f"(?P<path>{INNER}+)") + " during evaluation because")
_OF_DEVENV = re.compile(rb"\bdevenv\.(?:lib\.mkShell|flakeModules?)\b")
_DERIVATION = re.compile(r"/nix/store/[0-9a-z]{32}-[\w.+?=-]+\.drv")


class Shown(Struct, frozen=True):
    """What an evaluation is held in, and what it sees there."""

    stage: Stage
    enclosure: Enclosure | None


def shell_of(nix: str, stage: Stage, subject: Candidate, lock: bytes | None, timeout: float, *, imports: bool) -> str:
    """Return the derivation of a flake's shell; what is pinned is fetched before, where that is allowed.

    imports: build what the evaluation imports from derivations. timeout: seconds, without what fetching takes.
    Raises CheckFailed `build_failed` where there is none,
    `input_not_locked` and `hash_mismatch`; Unavailable `not_fetched` where it needs what the store lacks.
    """
    impure = is_of_devenv(subject.files)

    def look(deadline: float) -> str | Completed:
        shown = Shown(stage, enclosure_of(stage, caches_of(subject.files)))
        return _look(nix, shown, deadline, impure=impure, imports=imports)

    def explain(found: Completed) -> DevkeelError:
        told = told_by(found)
        _require_no_import(told)
        return untracked_file(f"The shell of {FLAKE}", subject.root, told, "build_failed") or refusal(found)

    return with_pins(look, subject, lock, timeout, explain)


def with_pins(
    look: Callable[[float], T | Completed],
    subject: Candidate,
    lock: bytes | None,
    timeout: float,
    explain: Callable[[Completed], DevkeelError],
) -> T:
    """Return what an evaluation finds; what it lacks is fetched where it is pinned, and it looks again.

    look: takes a deadline of the monotonic clock, returns what it found or how Nix ended. explain: makes the error of
    such an end. Raises what `shell_of` does for what was not fetched.
    """
    _require_inputs(subject)
    pins, deadline = FlakePins.of(subject, lock), time.monotonic() + timeout
    while True:
        found = look(deadline)
        if not isinstance(found, Completed):
            return found
        told = told_by(found)
        # A build has a network, and its log, or a cache that was asked before it, may speak of one.
        if is_of_import(found) or not _FROM_ELSEWHERE.search(told):
            pins.require_hashes(told)
            error = explain(found)
            build_log.blame(found)
            raise error
        if not pins.names(told) and (unlocked := not_locked(subject, lock)):
            raise unlocked
        begun = time.monotonic()
        if not pins.bring(told):
            raise pins.lacks(told, _reason(told))
        deadline += time.monotonic() - begun


def _require_inputs(subject: Candidate) -> None:
    """Refuse an override of what the flake does not declare: Nix would take no notice. Raises UsageError."""
    declared = flake_inputs(subject)
    for name in overridden():
        if name.partition("/")[0] not in declared:
            raise UsageError(
                "bad_override",
                f"{FLAKE} declares no input {name.partition('/')[0]}.",
                seen=name[:80],
                remedy="Name an input that it declares, or NAME/INNER for an input of one.",
                alternatives=tuple(declared),
            )


def _look(nix: str, shown: Shown, deadline: float, *, impure: bool, imports: bool) -> str | Completed:
    """Return the derivation of a flake's shell, or how the first look for one failed."""
    system, first = _system(nix, shown, deadline), Completed((), 0, b"", b"")
    if isinstance(system, Completed):
        return system
    for name in _NAMES:
        pure = ("--impure",) if impure else ()
        found = _ask(nix, shown, (*pure, f".#{name.format(system)}.drvPath"), deadline, imports=imports)
        if not found.returncode and (path := _DERIVATION.fullmatch(found.stdout.decode("utf-8", "replace").strip())):
            return path[0]
        first = first if first.returncode else found
        if not _LACKING.search(found.stderr.decode("utf-8", "replace")):
            break
        if name.split(".")[0] not in found.stderr.decode("utf-8", "replace"):
            break  # it is about something in the shell
    return first


def _system(nix: str, shown: Shown, deadline: float) -> str | Completed:
    """Return the system whose shell `nix develop` takes, or how Nix ended that did not say it.

    It is a setting, which is looked up once and needs no evaluation (nix, src/libcmd/installables.cc).
    """
    if system := own_setting("system"):
        return system
    found = _ask(nix, shown, ("--impure", "--expr", "builtins.currentSystem"), deadline, imports=False)
    return found if found.returncode else found.stdout.decode("utf-8", "replace").strip()


def _require_no_import(told: str) -> None:
    """Raise Unavailable `check_unavailable` where a check ended at what only apply builds."""
    if imported := _IMPORTS.search(told):
        raise Unavailable(
            "check_unavailable",
            f"The check cannot run: {FLAKE} imports from a derivation, which a check does not build.",
            seen=imported["path"],
            remedy=f"Apply it with {do('apply')}, which does, or leave the level out.",
        )


def is_of_devenv(files: Mapping[str, bytes]) -> bool:
    """Return whether the shell is made by devenv's flake, which needs an impure evaluation to know its root."""
    return _OF_DEVENV.search(files.get(FLAKE, b"")) is not None


def _ask(nix: str, shown: Shown, words: tuple[str, ...], deadline: float, *, imports: bool) -> Completed:
    # `nix eval` of a flake is pure unless it is called with --impure: what was copied into the store can be read, and
    # nothing else (nix, src/libexpr/eval.cc, the accessor of `EvalState`).
    confined = settings(restrict_eval="false", experimental_features="nix-command flakes", eval_cache="false")
    argv = (nix, *FEATURES, "eval", "--raw", "--no-update-lock-file", *override_words(), *confined)

    def ask(more: tuple[str, ...]) -> Completed:
        return evaluate(
            (*argv, *more, *words),
            held=shown.stage.alone(),
            enclosure=shown.enclosure,
            timeout=max(0.0, deadline - time.monotonic()),
            # devenv's flake asks for its root by `builtins.getEnv "PWD"` (devenv, src/modules/flake-compat.nix).
            environment={"PWD": str(shown.stage.root)},
            cwd=shown.stage.root,
            limit=_OUTPUT,
        )

    return with_imports(ask, deadline) if imports else ask(())


def refusal(found: Completed) -> CheckFailed:
    """Return the error about a shell that was not evaluated or built, with the end of what Nix said."""
    told = told_by(found)
    finding = Diagnostic("build_failed", "error", told[-_SHOWN:], "build", Place(FLAKE))
    return CheckFailed(
        "build_failed",
        f"The shell of {FLAKE} does not build: {_reason(told)}.",
        place=Place(FLAKE),
        remedy="Correct flake.nix; the findings have the end of what Nix said.",
        diagnostics=(finding,),
    )


def told_by(found: Completed) -> str:
    """Return what a program said."""
    return found.stderr.decode("utf-8", "replace").strip()


def _reason(told: str) -> str:
    return told.rpartition("error:")[2].strip().split("\n")[0] or told[-200:]
