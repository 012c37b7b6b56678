"""What is inspected: projects with processes, as the tests of processes make them."""

from __future__ import annotations

from ..processes.conftest import world  # noqa: TID252  (the tests are no installed package)

__all__ = ["world"]
