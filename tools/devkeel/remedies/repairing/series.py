"""Series of versions, and the bounds between them: what a person would write to stay below a change that breaks."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from devkeel.libraries.manifests.requirement import Requirement, written

__all__ = ["above", "below", "bounded", "distance", "halfway", "minor", "release", "respecified"]

_KEPT_BELOW = frozenset({">=", ">", "!=", "~="})


def release(version: str) -> tuple[int, int, int]:
    """Return the first three numbers of a version; zeros for what is none."""
    try:
        numbers = Version(version).release
    except InvalidVersion:
        return (0, 0, 0)
    first, second, third = (*numbers, 0, 0, 0)[:3]
    return first, second, third


def below(version: str, floor: str | None) -> str:
    """Return the bound that leaves out the series that a version is in: its major, or as little as a floor needs.

    floor: a version that has to stay possible; without one, a major that is 0 has no series but its minors.
    """
    major, second, _ = release(version)
    known = release(floor) if floor is not None else None
    if (known is None and major > 0) or (known is not None and known[0] < major):
        return str(major)
    if (known is None and second > 0) or (known is not None and known[:2] < (major, second)):
        return f"{major}.{second}"
    return version


def above(version: str) -> str:
    """Return the bound that keeps the minor series of a version, and nothing after it."""
    major, second, _ = release(version)
    return f"{major}.{second + 1}"


def minor(version: str) -> str:
    """Return the bound that leaves out the minor series of a version."""
    return ".".join(map(str, release(version)[:2]))


def halfway(works: str, fails: str) -> str | None:
    """Return a bound between a version that works and one that fails; None where there is no series between them."""
    low, high = release(works), release(fails)
    if low[0] != high[0]:
        return str((low[0] + 1 + high[0]) // 2) if high[0] - low[0] > 1 else f"{high[0]}"
    return f"{low[0]}.{(low[1] + 1 + high[1]) // 2}" if high[1] - low[1] > 1 else None


def distance(old: str, new: str) -> tuple[int, int, int]:
    """Return how far a version is from another; the first number that differs counts most, and down more than up."""
    before, after = release(old), release(new)
    down = int(after < before)
    return abs(before[0] - after[0]), down, abs(before[1] - after[1])


def bounded(declared: Requirement | None, name: str, bound: str) -> str:
    """Return a requirement that stays below a bound, with what a declared one says that goes with it."""
    kept = [
        str(item)
        for item in (declared.specifier if declared is not None else ())
        if item.operator in _KEPT_BELOW and _is_below(item.version, bound)
    ]
    return _written(declared, name, ",".join([*kept, f"<{bound}"]))


def _is_below(version: str, bound: str) -> bool:
    try:
        return Version(version.removesuffix(".*")) < Version(bound)
    except InvalidVersion:
        return False


def respecified(declared: Requirement, version: str) -> str:
    """Return a declared requirement moved to a version, in the form that it has: exact, a range, or a least one."""
    major, second, _ = release(version)
    operators = {item.operator for item in declared.specifier}
    if "==" in operators or "===" in operators:
        return _written(declared, declared.name, f"=={version}")
    if "~=" in operators:
        return _written(declared, declared.name, f"~={major}.{second}")
    if operators & {"<", "<="}:
        return _written(declared, declared.name, f">={major}.{second},<{major + 1}")
    return _written(declared, declared.name, f">={major}.{second}")


def _written(declared: Requirement | None, name: str, specifier: str) -> str:
    made = Requirement(f"{declared.name if declared is not None else name}{specifier}")
    if declared is not None:
        made.marker = declared.marker
    return written(made)
