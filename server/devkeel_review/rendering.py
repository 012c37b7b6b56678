"""From data to fragments: each value is escaped, unless it is markup that `code.py` made."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from devkeel_review.links import linked

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["render"]


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a fragment, or the whole page, of values."""
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("devkeel_review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters["linked"] = linked
    return templates
