"""Backends: what realises the environment that a project declares, one module each against one Protocol."""

__all__: list[str] = []
