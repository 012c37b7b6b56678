"""What both servers on loopback share: where they listen, who may reach them, and how much they take."""

__all__: list[str] = []
