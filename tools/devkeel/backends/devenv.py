"""The devenv backend: by Nix alone where the store has what the lock pins, by devenv's own command otherwise."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.backends import health
from devkeel.backends.backend import Applied, Backend, Evidence, LockStatus
from devkeel.backends.generations import kept_roots
from devkeel.candidate.candidate import Candidate
from devkeel.checks.build import check
from devkeel.checks.evaluation import changed_lock
from devkeel.checks.inputs import check_inputs
from devkeel.errors import CheckFailed, Unavailable
from devkeel.libraries.declared import PYTHON
from devkeel.libraries.manifests import conda_file
from devkeel.nix_cli import build_log
from devkeel.nix_cli.build import instantiate, on_time
from devkeel.nix_cli.derivations import realise
from devkeel.nix_cli.devenv import command, in_stage, runtime_directory
from devkeel.nix_cli.evaluate import asks_devenv, require_nix, require_stage
from devkeel.nix_cli.settings import run_nix
from devkeel.nix_cli.shell import enter, exported
from devkeel.project.root import DECLARATION, DECLARATION_FILES, LOCK, LOCK_FILES
from devkeel.runtime import find_program
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from devkeel.backends.backend import HealthFinding, Realisation
    from devkeel.candidate.stage import Stage
    from devkeel.errors import DevkeelError, Diagnostic
    from devkeel.project.root import Project, Reader
    from devkeel.runtime import Completed

__all__ = ["Devenv", "not_evaluated", "require_built"]

_SOURCE = "build"
_HOOK_SECONDS = 120.0
_OUTPUT = 16 * 1024 * 1024
_FEATURES = ("--extra-experimental-features", "nix-command")
_PROFILE = "DEVENV_PROFILE"
_CORRECT = "Correct the declaration, or take the change back with undo, and apply again."
_UNFREE = (
    "Let the user accept its licence with the suggested edit of devenv.yaml, or take the package out; apply again."
)


class Devenv(Backend):
    """Environments that `devenv.nix` declares."""

    name = "devenv"
    enters = True

    def detect(self, project: Reader) -> Evidence | None:
        """Return why a project is devenv's: it has a devenv.nix or a devenv.yaml."""
        files = tuple(name for name in DECLARATION_FILES[:2] if project.exists(name))
        return Evidence(files, f"there is {' and '.join(files)}") if files else None

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the files of the declaration in the root; what they import belongs to it too."""
        return tuple(name for name in DECLARATION_FILES if project.exists(name))

    def manifests(self) -> tuple[str, ...]:
        """Return where its environments name Python libraries."""
        return (*PYTHON, *conda_file.NAMES, DECLARATION)

    def realises(self, files: Mapping[str, bytes]) -> bool:  # noqa: ARG002  (of the Protocol)
        """Return that its environments have what devenv.nix declares."""
        return True

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Return why the shell does not build."""
        return check(realisation.subject, timeout=realisation.timeout).diagnostics

    def apply(self, realisation: Realisation) -> Applied:
        """Build the shell and capture its variables, its hook included.

        Raises CheckFailed for what the declaration is to blame for, Unavailable `build_timeout` and what the checks
        raise for the machine.
        """
        if find_program("nix-instantiate") is None and find_program("devenv") is None:
            raise Unavailable(
                "tool_missing",
                "The project declares a devenv environment, and neither Nix nor devenv is installed.",
                seen=DECLARATION,
                remedy="Install Nix (https://nixos.org/download), then repeat the call.",
            )
        with on_time(realisation.timeout), kept_roots(realisation.project, realisation.keep) as roots:
            try:
                found = self._by_nix(realisation, roots)
            except Unavailable as error:
                if not asks_devenv(realisation.subject, error):
                    raise
                found = self._by_devenv(realisation, roots)
            return replace(found, generation=None if roots is None else roots.name)

    def _by_nix(self, realisation: Realisation, roots: Path | None) -> Applied:
        subject, deadline = realisation.subject, time.monotonic() + realisation.timeout
        require_nix(subject)
        with require_stage(subject)() as stage:
            derivation, findings = instantiate(
                subject, stage, realisation.timeout, imports=True, ports=realisation.ports
            )
            if derivation is None:
                raise not_evaluated(findings)
            root = None if roots is None else roots / "shell"
            found = realise(derivation, deadline - time.monotonic(), root)
            require_built(subject, stage.root, found)
            # nix-store prints the root itself where it has made one, and that is a link to the output (nix,
            # src/nix/nix-store/nix-store.cc, `realisePath`).
            prefix = found.stdout.decode().split()[-1] if root is None else os.path.realpath(root)
            printed = _print_environment(derivation, roots, deadline)
            require_built(subject, stage.root, printed)
            tries = realisation.keep is None
            variables, notes = enter(exported(printed.stdout), stage.root, _HOOK_SECONDS, tries=tries)
            return Applied(self.name, prefix, _placed(variables, stage, realisation), "nix", notes=notes)

    def _by_devenv(self, realisation: Realisation, roots: Path | None) -> Applied:
        subject = realisation.subject
        with require_stage(subject)(writes=True) as stage:
            found = in_stage(stage, ("print-dev-env", "--json"), realisation.timeout, builds=True, limit=_OUTPUT)
            require_built(subject, stage.root, found)
            variables = exported(found.stdout)
            notes = tuple(item.message for item in changed_lock(subject, stage, _SOURCE))
            tries = realisation.keep is None
            variables, more = enter(variables, realisation.project.root, _HOOK_SECONDS, tries=tries)
            prefix = variables.get(_PROFILE, "")
            if roots is not None and prefix:
                realise(prefix, realisation.timeout, roots / "profile")
            return Applied(
                self.name,
                prefix or str(realisation.project.root),
                _placed(variables, stage, realisation),
                "devenv",
                notes=notes + more,
            )

    def alive(self, applied: Applied) -> bool:
        """Return whether the store still has the shell."""
        return os.path.lexists(applied.prefix)

    def task(self, name: str) -> tuple[str, ...]:
        """Return the call of devenv that runs a task."""
        return command("tasks", "run", name, program=_program("a task"))

    def test(self) -> tuple[str, ...]:
        """Return the call of devenv that runs the project's test."""
        return command("test", program=_program("the project's test"))

    def lock_status(self, project: Reader) -> LockStatus:
        """Return whether devenv.lock is there and pins every input that devenv.yaml names."""
        locks = project.read_all(LOCK_FILES)
        if LOCK not in locks:
            return LockStatus(LOCK, "missing", "no input is held to a version")
        found = check_inputs(Candidate.of(project.read_all(DECLARATION_FILES), locks))
        stale = next((item.message for item in found if item.code in ("bad_lock", "lock_stale")), None)
        return LockStatus(LOCK, "stale" if stale else "current", stale)

    def doctor(self, project: Project) -> tuple[HealthFinding, ...]:
        """Return what this machine has of Nix and devenv, and how the lock is."""
        nix = "Install Nix: https://nixos.org/download."
        devenv = (
            "Tasks, tests and processes run by Nix alone. devenv (https://devenv.sh/getting-started/) runs what that "
            "does not, as processes that watch files, and other process managers."
        )
        return (
            health.program("nix", find_program("nix"), remedy=nix),
            health.program("nix-instantiate", find_program("nix-instantiate"), remedy=nix),
            health.program("devenv", find_program("devenv"), "version", remedy=devenv, needed=False),
            health.lock(self.lock_status(project), f"Lock what is declared with {do('lock')}."),
        )

    def health(self, prefix: Path) -> tuple[HealthFinding, ...]:
        """Return whether the store still has the shell."""
        return health.store_path(prefix)


def _program(what: str) -> str:
    program = find_program("devenv")
    if program is None:
        raise Unavailable(
            "program_missing",
            f"It takes devenv's command or Nix to run {what}, and neither is on PATH.",
            seen="devenv",
            remedy="Install Nix (https://nixos.org/download) or devenv, or give the command itself as argv.",
        )
    return program


def _print_environment(derivation: str, roots: Path | None, deadline: float) -> Completed:
    # A profile is a link that keeps what it leads to from being collected (Nix manual, Garbage collector roots).
    keep = () if roots is None else ("--profile", str(roots / "environment"))
    program = find_program("nix") or "nix"
    return run_nix(
        (program, *_FEATURES, "print-dev-env", "--json", *keep, derivation),
        builds=True,
        timeout=max(0.0, deadline - time.monotonic()),
        limit=_OUTPUT,
    )


def _placed(variables: dict[str, str], stage: Stage, realisation: Realisation) -> dict[str, str]:
    """Return variables that name the project where it is, not where it was staged."""
    staged, root = stage.root, realisation.project.root
    if staged == root:
        return variables
    run_staged, run_root = str(runtime_directory(staged)), str(runtime_directory(root))
    return {
        name: text.replace(run_staged, run_root).replace(str(staged), str(root)) for name, text in variables.items()
    }


def not_evaluated(findings: list[Diagnostic]) -> DevkeelError:
    """Return why there is nothing of an evaluation: the declaration's fault, or what Nix alone cannot do."""
    return _refusal(findings) if _is_refused(findings) else _not_by_nix(findings)


def require_built(subject: Candidate, root: Path, found: Completed) -> None:
    """Raise why something did not build: CheckFailed of the declaration, Unavailable of the machine."""
    findings = build_log.failures(subject.files, str(root), found)
    if _is_refused(findings):
        raise _refusal(findings)


def _is_refused(findings: list[Diagnostic]) -> bool:
    return any(item.severity == "error" for item in findings)


def _not_by_nix(findings: list[Diagnostic]) -> Unavailable:
    return Unavailable(
        "check_unavailable",
        "Nix alone cannot evaluate this declaration: it fetches, builds or reads outside of the project meanwhile.",
        seen=findings[0].message if findings else None,
        remedy="Install devenv, which can.",
    )


def _refusal(findings: list[Diagnostic]) -> CheckFailed:
    first = next((item for item in findings if item.severity == "error"), findings[0])
    return CheckFailed(
        first.code,
        first.message if first.message.endswith((".", "?")) else f"{first.message}.",
        place=first.place,
        seen=first.subject,
        remedy=_UNFREE if first.code == "unfree_package" else _CORRECT,
        diagnostics=tuple(findings),
    )
