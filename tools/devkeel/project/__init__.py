"""A project as it is: its root, its declaration, what that says, and how direnv enters it."""

__all__: list[str] = []
