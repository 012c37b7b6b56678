"""Pure text: cleaned, compared, merged, put into words, and the secrets in it."""

__all__: list[str] = []
