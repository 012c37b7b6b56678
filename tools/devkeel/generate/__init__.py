"""Files that are made from the declaration: each has a part that is made anew, and what stands around it is kept."""

__all__: list[str] = []
