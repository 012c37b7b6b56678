"""What came of looking at a project as a whole, as lines that both clients say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.generate.generate import GeneratorList
    from devkeel.generate.parameters import Parameter

__all__ = ["generators"]


def generators(found: GeneratorList) -> Iterator[str]:
    """Yield what can be generated, each with its parameters."""
    for item in found.generators:
        yield f"{item.name}: {item.about}"
        yield from (f"  {_parameter(each)}" for each in item.parameters)


def _parameter(parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" Default: {json.dumps(parameter.default)}."
    allowed = f" One of {', '.join(parameter.allowed)}." if parameter.allowed else ""
    return f"{parameter.name} ({parameter.type}): {parameter.about}{allowed}{default}"
