"""What happens, step by step, as records for listeners; the work waits for none of them."""

__all__: list[str] = []
