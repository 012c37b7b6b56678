"""What was done: the log of operations, undo, and going back."""

__all__: list[str] = []
