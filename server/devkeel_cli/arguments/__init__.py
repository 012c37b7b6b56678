"""Arguments and options that several verbs share."""

__all__: list[str] = []
