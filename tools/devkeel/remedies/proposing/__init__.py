"""What mends a cause, one module for each sort of cause."""

__all__: list[str] = []
