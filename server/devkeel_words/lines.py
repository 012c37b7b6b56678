"""What results say on one line, in words that every client shares: each adds its place, colours and cuts."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.backends.installed import Installed
    from devkeel.checks.report import Skipped
    from devkeel.environments.apply import ApplyResult
    from devkeel.environments.named import EnvironmentInfo
    from devkeel.history.log import HistoryEntry
    from devkeel.inspection.flake import FlakeView
    from devkeel.inspection.why import Explanation
    from devkeel.locks.kind import LockState
    from devkeel.pinned.moves import LockMoves, Move
    from devkeel.project.survey import DefinitionView
    from devkeel.sandbox.account import SandboxAccount
    from devkeel.transaction.verification import Verification

__all__ = [
    "active",
    "caller",
    "checks",
    "checks_here",
    "environment",
    "flake",
    "installed",
    "lock",
    "moves",
    "past_devkeel",
    "relations",
    "sandbox",
    "seen",
    "value",
    "verified",
]


def checks(ran: Sequence[str], skipped: Sequence[Skipped]) -> str:
    """Return which checks ran, and which did not and why."""
    return f"checks that ran: {', '.join(ran) or 'none'}{_skipped(skipped)}"


def checks_here(levels: Sequence[str], skipped: Sequence[Skipped]) -> str:
    """Return which checks this machine can run, and which not and why."""
    cannot = [item for item in skipped if item.level not in levels]  # what could run has only not been asked for
    return f"checks that can run here: {', '.join(levels) or 'none'}{_skipped(cannot)}"


def sandbox(account: SandboxAccount) -> Iterator[str]:
    """Yield what held a run, what that withheld, and what of it was tried."""
    yield f"sandbox, by {account.by}; withheld: {'; '.join(account.withheld)}"
    yield from (f"sandbox: {line}" for line in account.blocked)


def flake(view: FlakeView) -> Iterator[str]:
    """Yield what a flake declares: its shells with their packages, inputs, outputs, systems."""
    for shell in view.shells:
        listed = ", ".join(f"{name} ({place})" for name, place in shell.packages.items())
        yield f"shell {shell.name} ({shell.place}): {shell.cannot or listed or 'none'}"
    for item in view.inputs:
        said = item.url or (f"follows {item.follows}" if item.follows else "no reference that is written out")
        inner = "".join(f", its {name} follows {other or 'nothing'}" for name, other in (item.inner or {}).items())
        dated = f" of {item.date}" if item.date else ""
        locked = f", locked at {item.revision}{dated}" if item.revision else ""
        yield f"input {item.name} ({item.place}): {said}{inner}{locked}"
    yield f"outputs: {', '.join(view.outputs) or 'none that the text shows'}"
    yield f"systems: {', '.join(view.systems) or 'none that the text names'}"
    if view.unseen:
        yield f"By the text alone; not looked into: {'; '.join(view.unseen)}."


def _skipped(skipped: Sequence[Skipped]) -> str:
    reasons = [
        f"{', '.join(item.level for item in same)} ({reason.rstrip('.')})"
        for reason, same in groupby(skipped, key=lambda item: item.reason)
    ]
    return f"; skipped: {'; '.join(reasons)}" if reasons else ""


def value(item: DefinitionView) -> tuple[str, bool]:
    """Return the first line of what a definition says, as Nix or as JSON, and whether more follows it."""
    written = item.source if item.source is not None else json.dumps(item.value, ensure_ascii=False)
    first, _, more = written.partition("\n")
    return first, bool(more)


def environment(item: EnvironmentInfo) -> str:
    """Return an environment with its backend, its Python, and whether it is the one that is meant."""
    python = f"Python {item.python}" if item.python else ""
    marks = ("active" if item.active else "", "default" if item.default else "", "" if item.prefix else "not made")
    return f"{item.name} ({', '.join(filter(None, (item.backend, python, *marks)))})"


def active(result: ApplyResult) -> Iterator[str]:
    """Yield which environment is active, where that is another than the one that was applied, or was asked for."""
    if result.activated:
        yield f"active: {result.active}, from now on"
    elif result.active != result.environment:
        yield f"active: {result.active}, as before"


def installed(item: Installed) -> Iterator[str]:
    """Yield what an environment has in it, and what of its declaration it has not."""
    parts = [f"{item.packages} package{'' if item.packages == 1 else 's'}"]
    parts += [f"{item.project} itself"] if item.project else []
    parts += [f"group {name}" for name in item.groups] + [f"extra {name}" for name in item.extras]
    python = f", of Python {item.python} ({item.interpreter})" if item.python else ""
    yield f"installed: {', '.join(parts)}{python}"
    if item.left_out:
        yield f"left out: {', '.join(item.left_out)}"


def caller(entry: HistoryEntry) -> str:
    """Return who did it, and in which role."""
    if entry.kind == "external":
        return "not by devkeel"
    return f"by {entry.actor}{f' as {entry.role}' if entry.role else ''}"


def past_devkeel(entry: HistoryEntry) -> Iterator[str]:
    """Yield between which operations something went past devkeel, and what it did, in words."""
    if entry.between is not None:
        before, after = (None if number is None else f"#{number}" for number in entry.between)
        if before and after:
            yield f"between {before} and {after}"
        elif before or after:
            yield f"since {before}" if before else f"before {after}"
    if entry.changes:
        yield "; ".join(entry.changes)


def relations(entry: HistoryEntry) -> Iterator[str]:
    """Return which operations an entry takes back, and which took it back."""
    if entry.reverts is not None:
        yield f"reverts #{entry.reverts}"
    if entry.undone_by is not None:
        yield f"undone by #{entry.undone_by}"


def verified(found: Verification) -> Iterator[str]:
    """Yield what was compared of the history, and what that proves."""
    parts = [f"{found.operations} operation{'s' * (found.operations != 1)}", f"{found.contents} contents"]
    parts += [f"{found.dropped} more that are not kept"] if found.dropped else []
    parts += [f"{found.refusals} refused attempts"] if found.refusals else []
    verdict = "as devkeel wrote it" if found.ok else f"not as devkeel wrote it, in {found.total} places"
    yield f"the history is {verdict}: {', '.join(parts)}"
    if found.masked:
        yield f"of {found.masked} operations the export shows not all, so that only their place was compared"
    if found.why == "older":
        yield "an older devkeel wrote it: it has no chain yet, which the next write makes; only seals were compared"
        return
    whys = {"upgrade": "an older devkeel wrote what is before that", "adoption": "a history was taken over then"}
    if found.begun:
        yield f"its chain was made at {found.begun}: {whys.get(found.why or '', 'computed anew')}"
    if found.since_head is not None:
        yield f"it goes on from the head that was given, with {found.since_head} operations since"
    elif found.ok:
        yield "without a head that was kept elsewhere this says nothing about who has the key of this user"
    yield f"head: {found.head.operation} {found.head.hash}"


def lock(found: LockState) -> str:
    """Return how a lock is."""
    reason = f": {found.reason}" if found.reason else ""
    return f"{found.file} is {found.state}{reason}"


def moves(locks: Sequence[LockMoves] | None) -> Iterator[str]:
    """Return what moves in each lock, a line each of what moves."""
    for lock in locks or ():
        yield f"{lock.file}: {lock.total} move{'s' * (lock.total != 1)}"
        yield from (f"  {_move(item)}" for item in lock.moves)
        if (more := lock.total - len(lock.moves)) > 0:
            yield f"  and {more} more"


def _move(item: Move) -> str:
    date, since = (f" ({day})" if day else "" for day in (item.date, item.since))
    if item.before is None or item.after is None:
        return f"{item.name} {item.after} is new{date}" if item.before is None else f"{item.name} {item.before} is gone"
    return f"{item.name} {item.before}{since} -> {item.after}{date}"


def seen(found: Explanation) -> Iterator[str]:
    """Return each place where something was looked for, and what was there."""
    signs = {True: "yes. ", False: "no. ", None: ""}
    for item in found.seen:
        place = f" ({item.file}:{item.line})" if item.file else ""
        yield f"{item.place}: {signs[item.present]}{item.text}{place}"
