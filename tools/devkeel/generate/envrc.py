"""The `.envrc` by which direnv enters what was applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.generate.kind import Generated, GeneratedFile, Generator
from devkeel.generate.parameters import Parameter
from devkeel.project.envrc import ENVRC as FILE
from devkeel.project.envrc import entering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.generate.kind import ProjectSource

__all__ = ["ENVRC"]


def _generate(source: ProjectSource) -> Generated:
    """Return the lines that enter the environment, and that watch the files that declare it."""
    lines = entering(sorted(source.declared), source.parameters["environment"])
    text = "".join(f"{line}\n" for line in lines)
    return Generated(
        (GeneratedFile(FILE, text),),
        source.given,
        runs=("when direnv allows it and the project is entered",),
    )


def _places(_parameters: Mapping[str, Any]) -> tuple[str, ...]:
    return (FILE,)


ENVRC = Generator(
    "envrc",
    "The .envrc by which direnv enters the environment.",
    (Parameter("environment", "The name of an environment; without one, the active one.", pattern=r"[\w.-]{1,64}"),),
    _places,
    _generate,
)
