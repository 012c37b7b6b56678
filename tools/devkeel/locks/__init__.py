"""The life of locks: making, renewing and checking the files of pinned versions, as operations like any other."""

__all__: list[str] = []
