"""Pipelines of continuous integration that realise the environment and run its test, with what was fetched kept."""

__all__: list[str] = []
