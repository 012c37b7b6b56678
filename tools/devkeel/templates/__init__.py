"""Templates: kits from which an environment begins, or by which one grows."""

__all__: list[str] = []
