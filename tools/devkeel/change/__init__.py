"""The way of a write: resolve, judge, allow, publish."""

__all__: list[str] = []
