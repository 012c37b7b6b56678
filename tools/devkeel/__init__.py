"""devkeel: transactional edits of a project's development environment.

The library knows no MCP and no terminal. Start at `devkeel.api.Environment`.
"""

__version__ = "0.1.0"
__all__ = ["__version__"]
