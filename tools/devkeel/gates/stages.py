"""The stages of a project: the built-in ones, as devkeel.toml changes them, and those that it adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.project.gates import Gates
from devkeel.project.root import SETTINGS

if TYPE_CHECKING:
    from devkeel.project.gates import GateStage
    from devkeel.project.settings import Settings

__all__ = ["gates_of", "stage_of"]


def gates_of(settings: Settings) -> Gates:
    """Return what the settings say of gates; the defaults where they say nothing."""
    return settings.gates or Gates()


def stage_of(gates: Gates, name: str | None) -> GateStage:
    """Return a stage by its name, without one that of the settings. Raises UsageError `unknown_stage`."""
    wanted = name or gates.stage
    found = next((item for item in gates.stages if item.name == wanted), None)
    if found is None:
        raise UsageError(
            "unknown_stage",
            "There is no stage of this name.",
            seen=wanted[:80],
            remedy=f"Name one that there is, or add a table gates.stages.NAME with its thresholds to {SETTINGS}.",
            alternatives=tuple(item.name for item in gates.stages),
        )
    return found
