"""The `pip:` section of environment.yml, where its user allows it: installed as conda does, behind conda's packages."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from devkeel.diagnosis.causes import both_ends, cause
from devkeel.errors import CheckFailed, Diagnostic, Place
from devkeel.libraries.manifests.requirement import key_of
from devkeel.libraries.resolve import failures
from devkeel.libraries.resolve.conda_lock import other_than_locked
from devkeel.libraries.resolve.includes import require_beneath
from devkeel.libraries.resolve.installers import find_uv, pip_of, tool_environment
from devkeel.runtime.holding import HeldProgram, run_held

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.backends.backend import Realisation
    from devkeel.libraries.resolve.conda_solver import CondaPackages

__all__ = ["install", "names_of"]

_SHOWN = 2000


def names_of(wanted: CondaPackages) -> tuple[str, ...]:
    """Return the distributions that stand below `pip:` by their names."""
    return tuple(key for item in wanted.pip if (key := key_of(item)))


def install(realisation: Realisation, wanted: CondaPackages, python: Path) -> None:
    """Install what stands below `pip:` with the environment's own Python. Raises CheckFailed `install_failed`.

    conda writes it to a requirements file beside environment.yml, and has pip read it there
    (conda/env/installers/pip.py). What a lock has is installed file by file, each held to its hash: CheckFailed
    `hash_mismatch` where it is another one.
    """
    lines = [item.line() for item in wanted.distributions] or [f"{item}\n" for item in wanted.pip]
    text, root = "".join(lines).encode(), realisation.project.root
    if not wanted.distributions:  # a file that its hash says is no secret of this machine
        require_beneath(root, wanted.file, lambda name: text if name == wanted.file else realisation.subject.read(name))
    if not python.exists():
        raise _failed(wanted.file, "It has a pip section, and no Python: add python to its dependencies")
    uv, held = find_uv(), ("--require-hashes", "--no-deps") if wanted.distributions else ()
    if uv is None:
        argv = (*pip_of(str(python)), "install", "--quiet", "--no-input", *held, "--requirement", "/dev/stdin")
    else:
        argv = (uv, "pip", "install", "--quiet", "--python", str(python), *held, "--requirements", "-")
    folder = root / posixpath.dirname(wanted.file)
    # Both are of the prefix that is being made, which is no virtual environment.
    variables = tool_environment() | {"PIP_REQUIRE_VIRTUALENV": "0", "UV_BREAK_SYSTEM_PACKAGES": "1"}
    done = run_held(
        HeldProgram(
            argv,
            stdin=text,
            timeout=realisation.timeout,
            cwd=folder,
            environment=variables,
            writes=(str(python.parent.parent),),
        )
    )
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip()
        other = failures.other_file(told) if wanted.distributions else None
        raise _failed(wanted.file, told) if other is None else other_than_locked(other)


def _failed(name: str, told: str) -> CheckFailed:
    why = cause(told) or told[-600:] or "pip failed"
    finding = Diagnostic("install_failed", "error", both_ends(told, _SHOWN) or why, "build", Place(name))
    return CheckFailed(
        "install_failed",
        f"{why.rstrip('.')}. The environment is as it was.",
        place=Place(name),
        remedy="Ask for another version of it, or for the package of conda.",
        diagnostics=(finding,),
    )
