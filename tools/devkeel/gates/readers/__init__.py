"""Reading reports: a module for each format, a row of `registry.py` each. Nothing of a project runs for it."""

__all__: list[str] = []
