"""The form of an event, as JSON Schema."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["event_schema"]


def event_schema() -> str:
    """Return the JSON Schema of an event."""
    return files("devkeel.events").joinpath("event.schema.json").read_text("utf-8")
