"""How a part of a flake's outputs is reached: under what conditions, and behind what that may take its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from devkeel.source.nix.read.output_paths import OutputPath

__all__ = ["Reached"]


class Reached(Struct, frozen=True):
    """How a node was reached: conditions, how deep, whether what makes it is called from several places.

    hidden: names that what stands behind it gives, by `//`. covered: the source of what may give any name so.
    """

    conditions: tuple[str, ...] = ()
    depth: int = 0
    shared: bool = False
    filled: bool = False
    hidden: frozenset[str] = frozenset()
    covered: str | None = None

    def on(self, condition: str | None = None, *, shared: bool = False, filled: bool = False) -> Reached:
        """Return how something a step further is reached."""
        conditions = self.conditions if condition is None else (*self.conditions, condition)
        return replace(
            self,
            conditions=conditions,
            depth=self.depth + 1,
            shared=self.shared or shared,
            filled=self.filled or filled,
        )

    def behind(self, names: frozenset[str] | None, source: str) -> Reached:
        """Return how the left side of `//` is reached. names: those that the right side gives, None for any."""
        if names is None:
            return replace(self.on(), covered=source)
        return replace(self.on(), hidden=self.hidden | names)

    def inside(self, names: OutputPath, path: OutputPath) -> Reached:
        """Return how what stands at a path is reached from what stands at a shorter one."""
        return self if names == path else replace(self, hidden=frozenset())
