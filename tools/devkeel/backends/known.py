"""The backends by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.backends.backend import Applied, Backend

__all__ = ["backend_named", "entered"]


def backend_named(name: str, *, python: str | None = None) -> Backend:
    """Return a backend; `devkeel.backends.selection` has the names.

    python: the interpreter that an environment is made of, where the backend makes environments of Python.
    """
    if name == "venv":
        from devkeel.backends.venv import Venv  # noqa: PLC0415  (only the one that is meant is loaded)

        return Venv(python)
    if name == "conda":
        from devkeel.backends.conda import Conda  # noqa: PLC0415

        return Conda(python)
    if name == "flake":
        from devkeel.backends.flake import Flake  # noqa: PLC0415

        return Flake()
    from devkeel.backends.devenv import Devenv  # noqa: PLC0415

    return Devenv()


def entered(name: str, prefix: Path) -> Applied:
    """Return an environment that is made already, as its backend would have returned it."""
    if name == "conda":
        from devkeel.backends.conda import applied_at as conda_at  # noqa: PLC0415

        return conda_at(prefix)
    from devkeel.backends.venv import applied_at  # noqa: PLC0415

    return applied_at(prefix)
