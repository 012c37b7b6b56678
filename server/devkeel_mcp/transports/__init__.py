"""The ways in: stdio and Streamable HTTP, with what judges a message before the SDK sees it."""

__all__: list[str] = []
