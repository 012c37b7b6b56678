"""The `devkeel` command: a thin client of the devkeel library; only `serve` loads the server."""

from devkeel_cli.run import main

__all__ = ["main"]
