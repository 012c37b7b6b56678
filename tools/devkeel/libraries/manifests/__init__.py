"""The files that name libraries, one module each."""

__all__: list[str] = []
