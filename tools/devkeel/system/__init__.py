"""What the operating system gives: files opened through no link, and which mechanisms may be used."""

__all__: list[str] = []
