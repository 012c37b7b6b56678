"""Examine a project, and say what to repair."""

__all__: list[str] = []
