"""Running what a gate measures: the command of the settings, or the project's own test, in the applied environment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.environments import declared_run
from devkeel.environments import run as environment_run
from devkeel.environments.run import RunSpec
from devkeel.errors import DevkeelError, Unavailable
from devkeel.project.root import SETTINGS
from devkeel.text.clean import clean
from devkeel.text.secrets import mask, mask_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.context import Context
    from devkeel.project.gates import Gates
    from devkeel.runtime.jobs import Job

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

    @property
    def started(self) -> bool:
        """Whether it ran at all, as far as is known."""
        return self.error is None or self.timed_out


class Run(Struct, frozen=True):
    """A run with what it printed.

    begun: seconds of the epoch. cut: what it printed is not all there. hidden: secrets among its variables.
    """

    ran: Ran
    begun: float
    printed: bytes = b""
    cut: bool = False
    hidden: Sequence[str] = ()


def perform(context: Context, job: Job, gates: Gates, environment: str | None, timeout: float) -> Run:
    """Run the command to its end. What cannot be started is a result too; what cancels the job is raised."""
    wanted = RunSpec(gates.command, None, not gates.command, gates.cwd, environment, pure=False)
    argv = gates.command or ("test",)
    begun, clock = time.time(), time.monotonic()
    try:
        context.permission.require("gate", ("execute",))  # what else asks for a gate may take another one
        if not gates.command and declared_run.is_meant(context, wanted):
            _require_none(context)
            printed = declared_run.printed(context, job, wanted, timeout, 2 * _KEPT)
        else:
            printed = environment_run.printed(context, wanted, timeout, 2 * _KEPT)
    except DevkeelError as error:
        if error.code == "cancelled":
            raise
        late = isinstance(error, Unavailable) and error.code == "timeout"
        return Run(Ran(argv, None, _since(clock), timed_out=late, error=error.as_data()), begun)
    found, hidden = printed.done, printed.hidden
    text = clean((found.stdout[-_TAIL:] + found.stderr[-_TAIL:]).decode("utf-8", "replace"))[-_TAIL:]
    said = tuple(mask_arguments(argv, hidden))
    ran = Ran(said, found.returncode, _since(clock), output=mask(text, hidden) or None, notes=printed.notes)
    return Run(ran, begun, found.stdout, cut=bool(found.omitted[0]), hidden=hidden)


def _require_none(context: Context) -> None:
    """Refuse the test of a devenv.nix where it is to be held. Raises Unavailable `not_sandboxed`."""
    if context.sandboxing() is not None:
        raise Unavailable(
            "not_sandboxed",
            "The project's own test is evaluated and built before it runs, which no sandbox here lets it.",
            remedy=f"Name the command itself in the gates of {SETTINGS}, or take a role that is held in no sandbox.",
        )


def _since(clock: float) -> float:
    return round(time.monotonic() - clock, 3)
