"""Applying as the settings ask for it: alone, or with the gate behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.environments import apply as environment
    from devkeel.gates import gate
    from devkeel.runtime.jobs import Job
else:
    environment, gate = Deferred("devkeel.environments.apply"), Deferred("devkeel.gates.gate")

__all__ = ["apply"]


def apply(context: Context, **asked: Any) -> Job:  # noqa: ANN401  (as `environments.apply` takes it)
    """Begin to realise the declaration as a job; see `Environment.apply`."""
    gates = context.settings.gates
    begin = gate.apply if gates is not None and gates.after_apply else environment.apply
    return begin(context, **asked)
