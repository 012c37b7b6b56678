"""From what made a run fail to the edit that mends it, tried as a dry run before it is offered."""

__all__: list[str] = []
