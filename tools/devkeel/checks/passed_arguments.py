"""Arguments of a flake's outputs that no input declares and that are no flakes: Nix looks for flakes of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, Diagnostic, Place
from devkeel.source import nix
from devkeel.source.inputs import is_flake
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World

__all__ = ["check_passed_arguments"]


def check_passed_arguments(subject: Candidate, world: World) -> Iterator[Diagnostic]:  # noqa: ARG001  (what every check takes)
    """Warn of functions and values that the outputs of a flake take as arguments.

    A warning, since a registry of the machine may have a flake of that name.
    """
    for name, data in subject.files.items():
        if not is_flake(name):
            continue
        try:
            found = nix.passed_arguments(nix.Document(data, name, module=False))
        except DevkeelError:  # what does not parse, or is no set, is another finding
            continue
        for item in found:
            what = "a function" if item.function else "a value"
            yield Diagnostic(
                "argument_not_input",
                "warning",
                f"The outputs take {item.name}, {what}, as an argument: Nix takes each for an input, also one with a "
                f"default, and looks for a flake {item.name} in the registry. A function has its place under lib: "
                f"{do('generate', kind='functions-under-lib')}",
                "schema",
                Place(name, item.line),
                item.name,
            )
