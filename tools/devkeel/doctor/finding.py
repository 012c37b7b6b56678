"""What a doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Verdict"]

Verdict = Literal["good", "note", "problem", "repaired"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined: what it is about, the verdict, a sentence, and what to do where that is known."""

    about: str
    verdict: Verdict
    message: str
    remedy: str | None = None
