"""What is built and evaluated: the project's files as they are, evaluated where they cannot write or reach a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.diagnosis.nix_messages import Translation
from devkeel.errors import CheckFailed, PolicyRefused, ProjectError, Unavailable
from devkeel.nix_cli import attributes, build_log
from devkeel.nix_cli.derivations import is_of_import
from devkeel.nix_cli.fetching import caches_of
from devkeel.nix_cli.flake_evaluation import with_pins
from devkeel.nix_cli.flake_pins import FLAKE, FLAKE_LOCK
from devkeel.nix_cli.untracked import untracked_file
from devkeel.runtime import find_program

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage
    from devkeel.context import Context
    from devkeel.nix_cli.installables import Installable
    from devkeel.runtime import Completed

__all__ = ["Subject"]


class Subject(Struct, frozen=True):
    """A project whose attributes are asked for. nix: the program. lock: what pins its flake."""

    nix: str
    candidate: Candidate
    lock: bytes | None

    @classmethod
    def of(cls, context: Context, wanted: Installable) -> Subject:
        """Return the project as it is.

        Raises Unavailable `tool_missing`, ProjectError `missing_file`, PolicyRefused `reference_refused`.
        """
        nix = _nix()
        if not wanted.own:
            raise PolicyRefused(
                "reference_refused",
                "It is another flake than the project's own.",
                seen=wanted.flake,
                remedy="Make it an input of the project, lock it, and name what the project's flake has of it.",
            )
        name = wanted.file or FLAKE
        candidate = context.candidate((name,))
        if candidate.read(name) is None:
            raise ProjectError(
                "missing_file",
                f"There is no {name} in the project.",
                seen=name,
                remedy="Name the file that has it, or begin a flake.nix.",
            )
        return cls(nix, candidate, context.project.read(FLAKE_LOCK))

    @classmethod
    def alone(cls, context: Context) -> Subject:
        """Return the project where none of its own files is asked. Raises Unavailable `tool_missing`."""
        return cls(_nix(), context.candidate(()), None)

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.candidate.root

    @property
    def files(self) -> dict[str, bytes]:
        """The files that findings may be about."""
        return self.candidate.files

    def evaluate(self, asked: attributes.AskedValue, timeout: float) -> Any:  # noqa: ANN401  (the value)
        """Return a value as data; what is pinned is fetched first, where that is allowed.

        Raises CheckFailed for what the evaluation says, Unavailable for what the machine lacks.
        """
        opener = self.candidate.stage
        if opener is None:
            raise Unavailable("check_unavailable", "It needs the project on disk.", remedy="Ask in the project.")
        with opener() as stage:

            def look(deadline: float) -> tuple[Any] | Completed:
                return attributes.ask(self.nix, stage, asked, deadline, caches_of(self.files))

            def explain(found: Completed) -> CheckFailed:
                return self._failure(stage, asked, found)

            return with_pins(look, self.candidate, self.lock, timeout, explain)[0]

    def _failure(self, stage: Stage, asked: attributes.AskedValue, found: Completed) -> CheckFailed:
        told = found.stderr.decode("utf-8", "replace")
        title = asked.installable.text
        # A file is evaluated where it is, with what is beside it, whether Git knows that or not.
        unknown = untracked_file(title, self.root, told) if asked.installable.file is None else None
        if unknown is not None:
            return unknown
        if is_of_import(found):
            finding = build_log.failures(self.files, str(self.root), found)[0]
            why = f"it imports from what does not build: {finding.message}"
        else:
            translation = Translation(str(stage.root), self.files, "evaluation", confined=True, withheld=stage.withheld)
            finding = translation.failure(told, found.returncode)
            why = finding.message
        return CheckFailed(
            "evaluation_failed",
            f"{title} does not evaluate: {why}",
            place=finding.place,
            seen=finding.subject,
            remedy="Correct what it says, or name another attribute.",
            diagnostics=(finding,),
        )


def _nix() -> str:
    found = find_program("nix")
    if found is None:
        raise Unavailable(
            "tool_missing",
            "It takes Nix, and nix is not installed.",
            seen="nix",
            remedy="Install Nix, then repeat the call.",
        )
    return found
