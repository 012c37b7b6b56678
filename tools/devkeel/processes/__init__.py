"""The processes of a declaration: what runs, starting it with a way back, stopping it with a proof."""

from __future__ import annotations

from devkeel.processes.control import Control
from devkeel.processes.manager_state import Sight, glance
from devkeel.processes.reading import read_processes

__all__ = ["Control", "Sight", "glance", "read_processes"]
