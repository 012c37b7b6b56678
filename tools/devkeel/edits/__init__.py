"""What may be asked for: one class a kind of edit, one module a family; `vocabulary` has them all."""

__all__: list[str] = []
