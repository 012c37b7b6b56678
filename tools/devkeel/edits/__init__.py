"""One module per family of edits: what they apply, and what a refused one should have been."""

__all__: list[str] = []
