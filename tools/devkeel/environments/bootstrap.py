"""Installing what a backend misses, when that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.libraries.resolve.interpreter import install_python
from devkeel.libraries.resolve.micromamba import install_micromamba

if TYPE_CHECKING:
    from devkeel.context import Context

__all__ = ["bootstrap"]


def bootstrap(context: Context, what: str) -> Path:
    """Install what a backend misses, as its error names it; see `Environment.bootstrap`."""
    name, _, request = what.partition(" ")
    if name == "python":
        return Path(install_python(request))
    return install_micromamba(context.project, context.settings.micromamba)
