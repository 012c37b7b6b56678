"""The records in `.devkeel`: the way in, whose they are, and small ones beside the history."""

__all__: list[str] = []
