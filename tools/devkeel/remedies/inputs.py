"""The inputs that a value of an option needs and devenv.yaml does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.catalogue.inputs import needed_inputs
from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS
from devkeel.source import yaml
from devkeel.source.path import parse_path

if TYPE_CHECKING:
    from devkeel.remedies.situation import Situation

__all__ = ["declared_inputs", "inputs_for"]


def inputs_for(situation: Situation, path: str, value: Any) -> list[dict[str, Any]]:  # noqa: ANN401  (JSON)
    """Return the edits that add what an option needs for a value."""
    there = declared_inputs(situation)
    wanted = needed_inputs(parse_path(path), value)
    return [item.edit for item in wanted if not there & {item.name, *item.also}]


def declared_inputs(situation: Situation) -> set[str]:
    """Return the names of the inputs that devenv.yaml declares."""
    try:
        known = yaml.get(situation.files.get(INPUTS, b""), ("inputs",))
    except (KeyError, DevkeelError):
        known = {}
    return set(known) if isinstance(known, dict) else set()
