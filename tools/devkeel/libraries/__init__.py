"""Libraries of a language: which edits of the project's own files ask for one, and whether they resolve."""

__all__: list[str] = []
