"""Running programs: the one subprocess wrapper. Jobs, which outlast a call, are imported where they are wanted."""

from devkeel.runtime.process import Completed, Watch, run, watched
from devkeel.runtime.process_tree import end_children
from devkeel.runtime.programs import (
    child_environment,
    distrust,
    executing,
    find_program,
    is_executing,
    is_foreign,
    looking,
)

__all__ = [
    "Completed",
    "Watch",
    "child_environment",
    "distrust",
    "end_children",
    "executing",
    "find_program",
    "is_executing",
    "is_foreign",
    "looking",
    "run",
    "watched",
]
