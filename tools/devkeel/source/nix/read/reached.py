"""How a part of a flake's outputs is reached: under what conditions, and behind what that may take its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from devkeel.source.nix.read.output_paths import OutputPath
    from devkeel.source.nix.read.provided import Provided

__all__ = ["Reached"]


class Reached(Struct, frozen=True):
    """How a node was reached: conditions, how deep, whether what makes it is called from several places.

    optional: conditions without which there is nothing in its place. hidden: names that what stands behind it gives, by
    `//`; perhaps: those that it may give, with its source. covered: the source of what may give any name so.
    """

    conditions: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    depth: int = 0
    shared: bool = False
    filled: bool = False
    hidden: frozenset[str] = frozenset()
    perhaps: tuple[tuple[str, str], ...] = ()
    covered: str | None = None

    @property
    def why(self) -> str | None:
        """Why what stands there may not count."""
        return f"what {self.covered} gives may take its place" if self.covered is not None else None

    def on(
        self, condition: str | None = None, optional: str | None = None, *, shared: bool = False, filled: bool = False
    ) -> Reached:
        """Return how something a step further is reached."""
        return replace(
            self,
            conditions=self.conditions if condition is None else (*self.conditions, condition),
            optional=self.optional if optional is None else (*self.optional, optional),
            depth=self.depth + 1,
            shared=self.shared or shared,
            filled=self.filled or filled,
        )

    def behind(self, names: Provided | None, source: str) -> Reached:
        """Return how the left side of `//` is reached. names: those that the right side gives, None for any."""
        if names is None:
            return replace(self.on(), covered=source)
        perhaps = ((name, source) for name in sorted(names.all - names.sure))
        return replace(self.on(), hidden=self.hidden | names.sure, perhaps=(*self.perhaps, *perhaps))

    def inside(self, first: str | None, names: OutputPath, path: OutputPath) -> Reached:
        """Return how what stands at a path is reached from what stands at a shorter one, by its first name."""
        covered = next((source for name, source in self.perhaps if name == first), self.covered)
        inner = self if names == path else replace(self, hidden=frozenset(), perhaps=())
        return replace(inner, covered=covered)
