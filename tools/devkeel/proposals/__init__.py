"""What waits for a person: shown on a page that takes answers, and answered there once."""

from __future__ import annotations

__all__: list[str] = []
