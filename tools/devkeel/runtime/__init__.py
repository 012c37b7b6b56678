"""Running programs: the one subprocess wrapper. Jobs, which outlast a call, are imported where they are wanted."""

from devkeel.runtime.kin import end_children
from devkeel.runtime.nix_settings import run_nix
from devkeel.runtime.process import Completed, Watch, child_environment, find_program, run, watched

__all__ = ["Completed", "Watch", "child_environment", "end_children", "find_program", "run", "run_nix", "watched"]
