"""Programs that stand in for devenv's command where a script of a declaration calls it."""

from pathlib import Path

__all__ = ["SHIMS"]

SHIMS = Path(__file__).parent
"""Comes last on a PATH, so that a command that is installed is the one that is called."""
