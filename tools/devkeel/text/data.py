"""Records as plain data, for JSON."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

__all__ = ["as_data"]


def as_data(result: Any) -> Any:  # noqa: ANN401  (data of any shape)
    """Return a result as plain data for JSON: records become objects, None fields are left out."""
    if isinstance(result, Struct):
        # A field whose name is a word of Python, such as `from`, has another one in data.
        names = zip(result.__struct_fields__, result.__struct_encode_fields__, strict=True)
        pairs = ((told, getattr(result, name)) for name, told in names)
        return {told: as_data(value) for told, value in pairs if value is not None}
    if isinstance(result, (tuple, list)):
        return [as_data(item) for item in result]
    if isinstance(result, dict):
        return {key: as_data(value) for key, value in result.items()}
    return result
