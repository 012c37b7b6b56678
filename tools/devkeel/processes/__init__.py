"""The processes of a declaration: what runs, starting it with a way back, stopping it with a proof."""

__all__: list[str] = []
