"""Running a program so that it sees the project, its environment and the system, and nothing else of the machine."""

__all__: list[str] = []
