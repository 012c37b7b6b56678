"""A project as it would be: files before and after, and a stage that shows them to a command."""

__all__: list[str] = []
