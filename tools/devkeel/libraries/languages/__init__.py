"""The languages that have libraries, one module each."""

__all__: list[str] = []
