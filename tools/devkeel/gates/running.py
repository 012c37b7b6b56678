"""Running what a gate measures: the command of the settings, or the project's own test, in the applied environment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.environments import declared_run
from devkeel.environments import run as environment_run
from devkeel.environments.run import RunSpec
from devkeel.errors import DevkeelError, Unavailable
from devkeel.runtime import process
from devkeel.text.clean import clean
from devkeel.text.secrets import mask, mask_arguments, secrets_in

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.project.gates import Gates

__all__ = ["Ran", "Run", "perform"]

# A report that is printed is kept whole, as far as one that is written would be read.
_KEPT = 64 * 1024 * 1024
_TAIL = 4000


class Ran(Struct, frozen=True):
    """How the command ran. exit_code: negative for a signal, None where it was not started or its deadline ended it.

    output: the end of what it printed. error: why it was not started, as plain data.
    """

    argv: tuple[str, ...]
    exit_code: int | None
    seconds: float
    timed_out: bool = False
    output: str | None = None
    notes: tuple[str, ...] = ()
    error: dict[str, Any] | None = None


class Run(Struct, frozen=True):
    """A run with what it printed. begun: seconds of the epoch. cut: what it printed is not all there."""

    ran: Ran
    begun: float
    printed: bytes = b""
    cut: bool = False


def perform(context: Context, gates: Gates, environment: str | None, timeout: float) -> Run:
    """Run the command to its end. What cannot be started is a result too; what cancels the job is raised."""
    wanted = RunSpec(gates.command, None, not gates.command, gates.cwd, environment, pure=False)
    by_nix = not gates.command and declared_run.is_meant(context, wanted)
    prepare = declared_run.call if by_nix else environment_run.call
    begun, clock = time.time(), time.monotonic()
    argv = gates.command or ("test",)
    try:
        context.permission.require("gate", ("execute",))  # an apply, which takes another, may end with the gate
        called = prepare(context, wanted)
        begun, clock = time.time(), time.monotonic()
        found = process.run(
            called.argv, timeout=timeout, environment=called.variables, cwd=called.place, limit=2 * _KEPT
        )
    except DevkeelError as error:
        if error.code == "cancelled":
            raise
        late = isinstance(error, Unavailable) and error.code == "timeout"
        return Run(Ran(argv, None, _since(clock), timed_out=late, error=error.as_data()), begun)
    hidden = secrets_in(called.variables)
    text = clean((found.stdout[-_TAIL:] + found.stderr[-_TAIL:]).decode("utf-8", "replace"))[-_TAIL:]
    said = mask_arguments(argv, hidden)
    ran = Ran(tuple(said), found.returncode, _since(clock), output=mask(text, hidden) or None, notes=called.notes)
    return Run(ran, begun, found.stdout, cut=bool(found.omitted[0]))


def _since(clock: float) -> float:
    return round(time.monotonic() - clock, 3)
