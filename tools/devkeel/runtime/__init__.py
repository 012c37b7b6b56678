"""Running programs: the one subprocess wrapper."""

from devkeel.runtime.process import Completed, find_program, run
from devkeel.runtime.tree import end_children

__all__ = [
    "Completed",
    "end_children",
    "find_program",
    "run",
]
