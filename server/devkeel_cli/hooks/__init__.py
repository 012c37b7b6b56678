"""What devkeel says in the hooks of MCP hosts, and what is written so that they ask it."""

__all__: list[str] = []
