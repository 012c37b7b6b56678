"""What came of the verbs of Nix, as lines that both clients say: a row of `LINES` for each kind of result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.builds.build import BuildResult

__all__ = ["LINES", "size"]

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def size(count: int | None) -> str:
    """Return bytes as a person reads them."""
    if count is None:
        return "unknown"
    value, unit = float(count), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} bytes"


def build(result: BuildResult) -> Iterator[str]:
    """Yield what was built."""
    yield f"built {result.target} in {result.seconds:g} s (evaluated in {result.evaluation_seconds:g} s)"
    for item in result.outputs:
        yield f"{item.name}: {item.path}"
        yield f"  {size(item.bytes)}, with all that it needs {size(item.closure_bytes)}"
        yield from (f"  needs {path}" for path in item.references)
    yield f"derivation: {result.derivation}"
    yield from (f"note: {note}" for note in result.notes)


# By the name of the class: what loads a client loads no result of the library.
LINES: dict[str, Callable[[Any], Iterator[str]]] = {"BuildResult": build}
