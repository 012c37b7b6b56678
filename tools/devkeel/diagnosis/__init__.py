"""What a failed program said, as causes: pure text."""

__all__: list[str] = []
