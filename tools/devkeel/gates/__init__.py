"""Gates: what a project's own tests say of it, read from their reports, judged by the thresholds of a stage."""

__all__: list[str] = []
