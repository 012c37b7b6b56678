"""Whether libraries resolve, and what was installed of them."""

__all__: list[str] = []
