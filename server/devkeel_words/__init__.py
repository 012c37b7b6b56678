"""What every client says: the calls that it names, and lines for results."""

__all__: list[str] = []
