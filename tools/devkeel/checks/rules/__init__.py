"""What the team's rules say of content: packages, services, libraries and the like that the files of a project name."""

__all__: list[str] = []
