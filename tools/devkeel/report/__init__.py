"""What happened in a period: what changed, by whom and why, what was refused and undone, how long checks took."""

__all__: list[str] = []
