"""The flake backend: the dev shell of a flake.nix, devenv's flake among them, by Nix."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from devkeel.backends import health
from devkeel.backends.backend import Applied, Backend, Evidence, LockStatus
from devkeel.backends.generations import kept_roots
from devkeel.candidate.candidate import Candidate
from devkeel.errors import CheckFailed, Unavailable
from devkeel.libraries.declared import PYTHON
from devkeel.nix_cli import build_log
from devkeel.nix_cli.confinement import by_convention
from devkeel.nix_cli.flake_evaluation import FEATURES, is_of_devenv, refusal, shell_of
from devkeel.nix_cli.flake_pins import FLAKE, FLAKE_LOCK, flake_inputs, not_locked, require_within
from devkeel.nix_cli.overrides import overridden, override_note
from devkeel.nix_cli.settings import require_nothing_saved, run_nix
from devkeel.nix_cli.shell import enter, exported
from devkeel.pinned.flake_lock import read_lock
from devkeel.runtime import find_program
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from devkeel.backends.backend import HealthFinding, Realisation
    from devkeel.errors import Diagnostic
    from devkeel.project.root import Project, Reader
    from devkeel.runtime import Completed

__all__ = ["Flake"]

_HOOK_SECONDS = 120.0
_IMPURE = "The evaluation was impure: devenv's flake asks for the directory that it is called in."


class Flake(Backend):
    """Environments that a flake's `devShells` declare."""

    name = "flake"
    enters = True
    overrides = True

    def detect(self, project: Reader) -> Evidence | None:
        """Return why a project is this backend's: it has a flake.nix."""
        return Evidence((FLAKE,), f"there is {FLAKE}") if project.exists(FLAKE) else None

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the flake; what it imports belongs to it too."""
        return (FLAKE,) if project.exists(FLAKE) else ()

    def manifests(self) -> tuple[str, ...]:
        """Return where its environments name Python libraries."""
        return PYTHON

    def realises(self, files: Mapping[str, bytes]) -> bool:
        """Return whether the flake takes devenv's modules, with a devenv.nix among them."""
        return b"devenv" in files.get(FLAKE, b"")

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Return why the shell cannot be built."""
        try:
            self._printed(realisation, (), imports=False)
        except CheckFailed as error:
            return [*error.diagnostics]
        return []

    def apply(self, realisation: Realisation) -> Applied:
        """Build the shell and capture its variables, its hook included."""
        with kept_roots(realisation.project, realisation.keep) as roots:
            profile = None if roots is None else roots / "profile"
            done = self._printed(realisation, () if profile is None else ("--profile", str(profile)), imports=True)
            tries = realisation.keep is None
            variables, notes = enter(exported(done.stdout), realisation.project.root, _HOOK_SECONDS, tries=tries)
            prefix = str(realisation.project.root) if profile is None else os.path.realpath(profile)
            if is_of_devenv(realisation.subject.files):
                notes = (*notes, _IMPURE)
            if held := by_convention(flake=True):
                notes = (*notes, held)
            kept = None if roots is None else roots.name
            notes = (*override_note(), *notes)
            return Applied(self.name, prefix, variables, "nix", notes=notes, generation=kept, overridden=overridden())

    def alive(self, applied: Applied) -> bool:
        """Return whether the store still has the shell."""
        return os.path.lexists(applied.prefix)

    def task(self, name: str) -> tuple[str, ...]:
        """Return the call that runs an app of the flake."""
        return ("nix", *FEATURES, "run", f".#{name}")

    def test(self) -> tuple[str, ...]:
        """Return the call that runs the flake's checks."""
        return ("nix", *FEATURES, "flake", "check")

    def require_own_commands(self, project: Reader) -> None:
        """Refuse `nix run` and `nix flake check` where they would take saved settings. Raises Unavailable."""
        require_nothing_saved(project.read(FLAKE) or b"")

    def lock_status(self, project: Reader) -> LockStatus:
        """Compare the inputs that flake.lock pins with those that flake.nix names, as far as the text shows it."""
        lock = project.read(FLAKE_LOCK)
        subject = Candidate.of(project.read_all((FLAKE,)))
        text = subject.files.get(FLAKE, b"").decode("utf-8", "replace")
        if lock is None:
            missing = LockStatus(FLAKE_LOCK, "missing", "no input is held to a version")
            return missing if flake_inputs(subject) else LockStatus(None, "none")
        found = read_lock(lock)
        if found is None or not found.whole:
            return LockStatus(FLAKE_LOCK, "stale", "it cannot be read")
        if (unlocked := not_locked(subject, lock)) is not None:
            return LockStatus(FLAKE_LOCK, "stale", unlocked.message.rstrip("."))
        gone = [name for name in found.own if name not in text]
        return LockStatus(
            FLAKE_LOCK, "stale" if gone else "current", f"flake.nix has no {', '.join(gone)}" if gone else None
        )

    def doctor(self, project: Project) -> tuple[HealthFinding, ...]:
        """Return whether Nix is there, and how the lock is."""
        return (
            health.program("nix", find_program("nix"), remedy="Install Nix: https://nixos.org/download."),
            health.lock(self.lock_status(project), f"Lock what is declared with {do('lock')}."),
        )

    def health(self, prefix: Path) -> tuple[HealthFinding, ...]:
        """Return whether the store still has the shell."""
        return health.store_path(prefix)

    def _printed(self, realisation: Realisation, keep: tuple[str, ...], *, imports: bool) -> Completed:
        nix, opener = find_program("nix"), realisation.subject.stage
        if nix is None:
            raise Unavailable(
                "tool_missing",
                "The project declares a flake, and nix is not installed.",
                seen=FLAKE,
                remedy="Install Nix, then repeat the call.",
            )
        if opener is None:
            raise Unavailable("check_unavailable", "It needs the project on disk.", remedy="Ask for a lower level.")
        lock = realisation.project.read(FLAKE_LOCK)
        if realisation.keep is None:
            require_within(realisation.subject, lock)
        deadline = time.monotonic() + realisation.timeout
        with opener() as stage:
            derivation = shell_of(nix, stage, realisation.subject, lock, realisation.timeout, imports=imports)
        argv = (nix, *FEATURES, "print-dev-env", "--json", *keep, derivation)
        left = max(0.0, deadline - time.monotonic())
        done = run_nix(argv, builds=True, timeout=left, cwd=realisation.project.root)
        if done.returncode:
            build_log.blame(done)
            raise refusal(done)
        return done
