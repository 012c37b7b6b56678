"""Readers of evidence, a module for each family of formats."""

__all__: list[str] = []
