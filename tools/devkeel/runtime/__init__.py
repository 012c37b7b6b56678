"""Running programs: the one subprocess wrapper."""

from devkeel.runtime.process import Completed, find_program, run

__all__ = ["Completed", "find_program", "run"]
