"""The backends by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.backends.backend import Applied, Backend

__all__ = ["backend_named", "entered"]


def backend_named(name: str, *, python: str | None = None) -> Backend:
    """Return a backend. Raises Unavailable `backend_cannot` for one that does not keep environments by name.

    python: the interpreter that an environment is made of, where the backend makes environments of Python.
    """
    if name == "venv":
        from devkeel.backends.venv import Venv  # noqa: PLC0415  (only the one that is meant is loaded)

        return Venv(python)
    if name == "conda":
        from devkeel.backends.conda import Conda  # noqa: PLC0415

        return Conda(python)
    raise Unavailable(
        "backend_cannot",
        f"The {name} backend has one environment, which is the project's shell.",
        seen=name,
        remedy="Use apply and run, or name backend venv or conda.",
    )


def entered(name: str, prefix: Path) -> Applied:
    """Return an environment that is made already, as its backend would have returned it."""
    if name == "conda":
        from devkeel.backends.conda import applied_at as conda_at  # noqa: PLC0415

        return conda_at(prefix)
    from devkeel.backends.venv import applied_at  # noqa: PLC0415

    return applied_at(prefix)
