"""Options that need an input, and whether the project has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.catalogue.inputs import needed_inputs
from devkeel.catalogue.renames import renamed_to
from devkeel.checks.inputs import known_inputs
from devkeel.errors import Diagnostic
from devkeel.project.root import INPUTS
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World
    from devkeel.source import nix

__all__ = ["check_needed_inputs"]


def check_needed_inputs(subject: Candidate, world: World) -> Iterator[Diagnostic]:
    """Report options that need an input which devenv.yaml lacks; a flake declares its inputs elsewhere."""
    if subject.exists("flake.nix") and INPUTS not in subject.files:
        return
    known = known_inputs(subject)
    switches = _switches(world)
    for document in world.modules:
        for item in document.definitions:
            if item.computed or item.conditions or not _is_on(item.path, switches):
                continue
            for needed in needed_inputs(renamed_to(item.path) or item.path, document.value(item)):
                if known.isdisjoint({needed.name, *needed.also}):
                    known.add(needed.name)
                    yield Diagnostic(
                        "missing_input",
                        "error" if world.closed else "warning",
                        f"{format_path(item.path)} needs the input {needed.name}, which {INPUTS} does not have",
                        "schema",
                        document.place(item.node.start_byte),
                        format_path(item.path),
                        (needed.edit,),
                    )


def _switches(world: World) -> dict[nix.AttrPath, nix.Value]:
    """Return what the modules set the `enable` options to, by the path of what they switch."""
    return {
        item.path[:-1]: document.value(item)
        for document in world.modules
        for item in document.definitions
        if item.path[-1:] == ("enable",)
    }


def _is_on(path: nix.AttrPath, switches: dict[nix.AttrPath, nix.Value]) -> bool:
    """Return whether what an option belongs to may be on: an input is asked for only then."""
    owners = [owner for size in range(1, len(path)) if (owner := path[:size]) in switches]
    if path[0] == "languages" and path[:2] not in switches:
        return False
    return all(switches[owner] is not False for owner in owners)
