"""What a repository's files say about the environment that it needs, and the edits that would declare it."""

__all__: list[str] = []
