"""What a doctor says."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["Finding", "Verdict"]

Verdict = Literal["good", "note", "problem", "repaired"]


class Finding(Struct, frozen=True):
    """One thing that was examined: what it is about, the verdict, a sentence, and what to do where that is known."""

    about: str
    verdict: Verdict
    message: str
    remedy: str | None = None
