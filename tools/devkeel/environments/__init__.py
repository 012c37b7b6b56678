"""What was made of the declaration: apply, run, named environments."""

__all__: list[str] = []
