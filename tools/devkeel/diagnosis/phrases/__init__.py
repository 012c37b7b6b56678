"""What programs print when they fail, one module for each family of them."""

__all__: list[str] = []
