"""What a caller may ask of a job: how long it may take, and what is to be done when it fails."""

from __future__ import annotations

from devkeel.errors import UsageError
from devkeel.text.actions import argument

__all__ = ["LONGEST", "ON_FAILURE", "TITLE", "require_on_failure", "require_seconds"]

ON_FAILURE = ("keep", "restore")
TITLE = 120
LONGEST = 24 * 3600.0


def require_on_failure(given: str) -> None:
    """Refuse another way to go on after a failure than there is. Raises UsageError `bad_argument`."""
    if given not in ON_FAILURE:
        raise UsageError(
            "bad_argument",
            f"{argument('on_failure')} is {' or '.join(ON_FAILURE)}.",
            seen=given,
            remedy="keep leaves the declaration as it is; restore takes devkeel's operations back.",
            alternatives=ON_FAILURE,
        )


def require_seconds(given: float, most: float) -> None:
    """Refuse a time-out that is none, or above the most. Raises UsageError `bad_timeout`."""
    if not 0 < given <= most:
        raise UsageError(
            "bad_timeout",
            f"The time-out is a number of seconds above 0, and at most {most:g}.",
            seen=str(given),
            remedy="Give another timeout; what takes long goes on as a job.",
        )
