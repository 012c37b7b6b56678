"""What lock files pin, by their bytes alone: one module per format, and what moves between two versions of one."""

__all__: list[str] = []
