"""What a report says: plain data, whose shape is kept from version to version."""

from __future__ import annotations

from msgspec import Struct, field

__all__ = [
    "CallerActivity",
    "ChainState",
    "CheckOutcomes",
    "CheckTimes",
    "NetChange",
    "PeriodReport",
    "ReportedGate",
    "ReportedOperation",
    "ReportedRefusal",
    "RuleCount",
]


class NetChange(Struct, frozen=True):
    """What became of one thing in the period, whatever was between: a package, an option, a pin.

    kind: `package`, `service`, `option`, `library`, `input`, `lock`, `setting`, or `lines` of a file. before, after:
    what is said of it at both ends, None where it is not there. operations: those that changed it, oldest first.
    by_hand: one of them was not by devkeel.
    """

    kind: str
    name: str
    file: str
    before: str | None = field(name="from", default=None)
    after: str | None = field(name="to", default=None)
    operations: tuple[int, ...] = ()
    by_hand: bool = False


class ReportedOperation(Struct, frozen=True):
    """One operation of the period; time is UTC. caller: who, as it is kept. changes: in words.

    undone_by: the operation that took its effect away, reverts: the one whose effect it takes away.
    """

    id: int
    time: str
    kind: str
    caller: str
    role: str | None
    reason: str | None
    files: tuple[str, ...]
    changes: tuple[str, ...]
    reverts: int | None = None
    undone_by: int | None = None


class ReportedRefusal(Struct, frozen=True):
    """An attempt to write that came to nothing; time is UTC. asked: what it asked for, in short words."""

    time: str
    caller: str
    role: str | None
    action: str
    code: str
    rule: str | None
    place: str | None
    reason: str | None
    files: tuple[str, ...]
    asked: tuple[str, ...] = ()
    seconds: float | None = None


class RuleCount(Struct, frozen=True):
    """How often something was refused by one rule, or for one reason; asked: what was asked for, each once."""

    code: str
    rule: str | None
    place: str | None
    count: int
    asked: tuple[str, ...] = ()


class CallerActivity(Struct, frozen=True):
    """How many operations and refused attempts a caller has in the period."""

    caller: str
    role: str | None
    operations: int
    refused: int


class CheckTimes(Struct, frozen=True):
    """How long the checks of operations took, in seconds. rungs: the median of each."""

    count: int
    median: float
    longest: float
    operation: int
    rungs: dict[str, float]


class CheckOutcomes(Struct, frozen=True):
    """What checks said of the operations of a caller, by their numbers, newest first.

    passed: how many had no error. with_errors: published with errors that were there before. built: whose checks built
    the environment; what was applied is in no history. unknown: of which nothing was kept.
    """

    passed: int
    with_errors: tuple[int, ...] = ()
    built: tuple[int, ...] = ()
    unknown: int = 0


class ChainState(Struct, frozen=True):
    """Whether the history is as devkeel wrote it, all of it. operation, head: its newest, to be kept elsewhere.

    chained: False where an older devkeel wrote it. faults: what is not as it was written, in words. first, begins: the
    oldest operation that is kept and its time, UTC; dropped: how many before it, or between, are not kept any more.
    """

    ok: bool
    operation: int
    head: str
    chained: bool
    faults: tuple[str, ...] = ()
    first: int | None = None
    begins: str | None = None
    dropped: int = 0


class ReportedGate(Struct, frozen=True):
    """A gate that was run; time is UTC. percent: what was measured. taken_back: the operation that took that back."""

    time: str
    stage: str
    mode: str
    verdict: str
    percent: dict[str, float | None]
    taken_back: int | None = None


class PeriodReport(Struct, frozen=True):
    """A period of a project. Times are UTC, ISO 8601; `until` is not in it.

    summary: five lines that say it all in short. operations: newest first; refusals: newest first. not_noted: what went
    past devkeel and no write has noted yet, in words. gates: newest first. complete: all operations
    of the period were looked at. outcomes: None where no operation was by a caller.
    """

    project: str
    since: str
    until: str
    by: str | None
    about: str | None
    summary: tuple[str, ...]
    changes: tuple[NetChange, ...]
    callers: tuple[CallerActivity, ...]
    operations: tuple[ReportedOperation, ...]
    refused: tuple[RuleCount, ...]
    refusals: tuple[ReportedRefusal, ...]
    not_noted: tuple[str, ...]
    checks: CheckTimes | None
    chain: ChainState
    gates: tuple[ReportedGate, ...] = ()
    complete: bool = True
    outcomes: CheckOutcomes | None = None
    version: int = 1
