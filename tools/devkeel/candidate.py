"""A candidate: the files that a change is about, in memory, before anything is checked or written."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Candidate"]


@dataclass
class Candidate:
    """The files that a change is about: their bytes before it (None: not there) and after it.

    runs: when something runs that the change adds. repairs: files that may stay broken if they are less so.
    manifests: files that name libraries, and name others now.
    """

    before: dict[str, bytes | None] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    repairs: set[str] = field(default_factory=set)
    manifests: list[str] = field(default_factory=list)

    @property
    def changed(self) -> dict[str, bytes]:
        """The files whose bytes differ."""
        return {name: data for name, data in self.after.items() if self.before[name] != data}
