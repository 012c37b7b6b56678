"""Results and errors as a person reads them, or as JSON."""

__all__: list[str] = []
