"""A flake.nix whose outputs take functions as arguments, put right: functions under `lib`, all else as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import ProjectError, UsageError
from devkeel.generate.inputs import require_reference
from devkeel.generate.kind import Generated, Generator, MergedFile
from devkeel.generate.parameters import Parameter
from devkeel.generate.python_flakes.flake_text import EXAMPLE, FOLDER, file_of, reference
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.generate.kind import ProjectSource
    from devkeel.source.nix.write.passed_arguments import Lifted

__all__ = ["CONVERSION"]

_WHY = (
    "Nix takes each argument of outputs for an input, also one with a default, and looks for a flake of that name in "
    "the registry: a function cannot be passed so."
)
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"


def _generate(source: ProjectSource) -> Generated:
    given = source.parameters
    name = file_of(given)
    data = source.read(name)
    if data is None:
        raise ProjectError(
            "missing_file", f"There is no {name} to put right.", seen=name, remedy="Name the directory of the flake."
        )
    document = nix.Document(data, name, module=False)
    known = nix.flake_arguments(document)
    if gone := [item for item in given["arguments"] if item not in known]:
        raise UsageError(
            "bad_parameter",
            f"The outputs of {name} have no argument {', '.join(gone)}.",
            remedy="Name arguments that they have.",
            alternatives=tuple(known),
        )
    if given["url"] is not None:
        require_reference("url", given["url"])
    _require_input(name, document, given["provider"], given["url"])
    lifted = nix.lift_arguments(document, given["arguments"], source=given["provider"], url=given["url"])
    return Generated((MergedFile(name, lambda _old, _replace: lifted.edited.data),), {}, tuple(_told(name, lifted)))


def _require_input(name: str, document: nix.Document, provider: str | None, url: str | None) -> None:
    """Refuse a provider that is no input: as an argument alone, it would be looked for in a registry itself."""
    declared = nix.flake_inputs(document)
    if provider is None or url is not None or provider in declared or provider in nix.flake_arguments(document):
        return
    raise UsageError(
        "bad_parameter",
        f"{provider} is no input of {name} yet, and nothing says where it is.",
        seen=f"provider={provider}",
        remedy=f"Give the parameter url too, its reference as {EXAMPLE}, or name an input that {name} has.",
        alternatives=tuple(declared),
    )


def _told(name: str, lifted: Lifted) -> Iterator[str]:
    if not lifted.edited.changed:
        yield f"{name}: no argument of outputs is certainly a function or another value that is no flake."
    else:
        yield _WHY
    if lifted.defined:
        shown = f", and is shown as lib.{', lib.'.join(lifted.shown)}" if lifted.shown else ""
        yield f"{', '.join(lifted.defined)}: a name of a let round the outputs now{shown}."
    if lifted.taken:
        yield f"{', '.join(lifted.taken)}: taken from lib of the input, which has to have it there."
    if lifted.wanted:
        yield (
            f"{', '.join(lifted.wanted)}: nothing says which flake has it, so that the outputs became the function "
            "lib.outputsWith. Name the input that has it as `provider` to have outputs of the flake itself."
        )
    if lifted.left:
        yield f"{', '.join(lifted.left)}: left, since a flake of the registry may be meant; declare it as an input."


CONVERSION = Generator(
    "functions-under-lib",
    "Puts a flake.nix right whose outputs take functions as arguments: they go under lib, and all else stays.",
    (
        Parameter("arguments", "Arguments that are no flakes, beside those that certainly are none.", "texts", []),
        Parameter("provider", "The input whose lib has the functions that have no default.", pattern=_IDENTIFIER),
        reference("url", "The reference of that input, where the flake does not declare it."),
        FOLDER,
    ),
    lambda _parameters: (),
    _generate,
)
