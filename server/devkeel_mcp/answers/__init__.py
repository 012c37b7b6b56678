"""Results and errors as text and structured content."""

__all__: list[str] = []
