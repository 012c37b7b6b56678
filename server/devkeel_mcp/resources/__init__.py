"""Resources, their addresses and updates, and prompts."""

__all__: list[str] = []
