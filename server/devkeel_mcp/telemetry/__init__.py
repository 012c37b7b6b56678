"""Logs and traces of the server."""

__all__: list[str] = []
