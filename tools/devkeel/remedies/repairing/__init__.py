"""The search for other versions of libraries, with which they resolve and import."""

__all__: list[str] = []
