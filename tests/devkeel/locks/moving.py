"""Locking as a caller does, and what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult


def lock(environment: Environment, action: Any = "create", *names: str, dry_run: bool = False) -> ChangeResult:
    job = environment.lock(action, names, dry_run=dry_run)
    assert job.wait(60)
    result: ChangeResult = job.value()
    return result


def moved(result: Any) -> list[tuple[str, str | None, str | None]]:
    return [(item.name, item.before, item.after) for lock in result.locks or () for item in lock.moves]
