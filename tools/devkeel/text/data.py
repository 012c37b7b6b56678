"""Data classes as plain data, for JSON."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

__all__ = ["as_data"]


def as_data(result: Any) -> Any:  # noqa: ANN401  (data of any shape)
    """Return a result as plain data for JSON: dataclasses become objects, None fields are left out."""
    if is_dataclass(result) and not isinstance(result, type):
        pairs = ((item.name, getattr(result, item.name)) for item in fields(result))
        return {name: as_data(value) for name, value in pairs if value is not None}
    if isinstance(result, (tuple, list)):
        return [as_data(item) for item in result]
    if isinstance(result, dict):
        return {key: as_data(value) for key, value in result.items()}
    return result
