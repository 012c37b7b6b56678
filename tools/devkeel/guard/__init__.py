"""What an agent's own tools are about to do to an environment: files that they would break, installs past it."""

__all__: list[str] = []
