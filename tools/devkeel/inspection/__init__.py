"""What is declared, checked, applied and running."""

__all__: list[str] = []
