"""Who may do what: protected options, and what of a declaration is about them."""

__all__: list[str] = []
