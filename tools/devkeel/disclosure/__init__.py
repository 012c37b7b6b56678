"""What may be shown: the one way out, and secrets in `.env` files and in changes."""

__all__: list[str] = []
