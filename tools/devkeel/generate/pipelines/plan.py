"""What a pipeline does for a project, whoever runs it: what it installs, what it keeps, which commands it runs."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Diagnostic, Place
from devkeel.generate.parameters import PYTHON, Parameter
from devkeel.source.yaml.printer import Printer
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.generate.kind import ProjectSource

__all__ = ["COMMON", "IMAGE", "JOB", "PipelinePlan", "as_yaml", "plan_of"]

JOB, IMAGE = r"[a-z][a-z0-9_-]{0,63}", r"[a-z0-9][\w./:@-]{0,254}"
"""What names of jobs and of images match."""

COMMON = (
    Parameter(
        "branches", "Branches that are tried when they are pushed.", "texts", ["main"], pattern=r"[\w./*-]{1,200}"
    ),
    Parameter(
        "script",
        "Commands for a shell that are run in place of the environment's test.",
        "texts",
        [],
        pattern=r"[^\x00-\x08\x0b-\x1f\x7f]{1,2000}",
    ),
    Parameter("environment", "Whether the environment is realised before them, and entered.", "flag", default=True),
    Parameter("python", "The version of Python that runs devkeel, 3.11 at least.", default="3.12", pattern=PYTHON),
)
_NIX = ("devenv", "flake")
# What one has to have by pip, by backend; each has its resolver or installer beside devkeel.
_INSTALLED = {"venv": ("devkeel", "uv"), "conda": ("devkeel[conda]",)}
_LOCKS = {"devenv": ("devenv.lock",), "flake": ("flake.lock",), "venv": ("uv.lock",), "conda": ("conda-lock.yml",)}
# What decides what has to be fetched: the locks first, and what they are made of.
_DECIDING = {
    "devenv": ("devenv.lock", "devenv.yaml", "devenv.nix"),
    "flake": ("flake.lock", "flake.nix"),
    "venv": ("uv.lock", "pyproject.toml", "requirements.txt"),
    "conda": ("conda-lock.yml", "environment.yml", "environment.yaml"),
}


class PipelinePlan(Struct, frozen=True):
    """What a pipeline does.

    nix: whether it takes Nix. installs: requirements for pip. deciding: files by which what was fetched is kept. lock:
    of the backend, and whether it is there. realises: the environment. commands: of a shell, one after the other.
    """

    nix: bool
    installs: tuple[str, ...]
    deciding: tuple[str, ...]
    lock: str
    locked: bool
    realises: bool
    commands: tuple[str, ...]

    def findings(self, file: str) -> tuple[Diagnostic, ...]:
        """Return `lock_missing` where no lock says what the pipeline would realise."""
        if self.locked or not self.nix or not self.deciding:
            return ()
        how = do("lock", action="create", names=[self.lock])
        message = f"There is no {self.lock}, so that the pipeline realises whatever is newest: {how} makes it"
        return (Diagnostic("lock_missing", "warning", message, "lock", Place(file)),)


def plan_of(source: ProjectSource) -> PipelinePlan:
    """Return what a pipeline does for a project, by its backend and what the lock is."""
    given, backend = source.parameters, source.backend
    lock = _LOCKS[backend][0]
    locked, realises = source.read(lock) is not None, bool(given["environment"])
    apply = (f"devkeel apply{' --strict' if locked else ''}",) if realises else ()
    script = tuple(given["script"])
    if realises:
        script = tuple(f"devkeel run -- sh -c {shlex.quote(line)}" for line in script) or ("devkeel run --test",)
    return PipelinePlan(
        nix=realises and backend in _NIX,
        installs=_INSTALLED.get(backend, ("devkeel",)) if realises else (),
        deciding=tuple(name for name in _DECIDING[backend] if source.read(name) is not None),
        lock=lock,
        locked=locked,
        realises=realises,
        commands=(*apply, *script),
    )


def as_yaml(tree: Mapping[str, Any]) -> str:
    """Return plain data as the lines of a YAML file."""
    return "".join(f"{line}\n" for line in Printer().mapping(dict(tree), 0))
