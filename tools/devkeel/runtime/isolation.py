"""A Python that runs a module of ours, and imports nothing that lies in a directory or that a variable names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from devkeel.runtime.programs import is_foreign
from devkeel.system.mechanisms import VARIABLE

__all__ = ["handed_on", "isolated_python"]

# -I leaves out the current directory, PYTHON* and the user's own packages; what devkeel may need of these is named.
# runpy finds a module by sys.path, which `-I` leaves without the current directory and PYTHONPATH (python(1)); what is
# added comes last, and so takes no name of the standard library.
_START = """
import runpy, sys
module, *more = sys.argv.pop(1).split("\\n")
sys.path += more
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def isolated_python(module: str) -> tuple[str, ...]:
    """Return the command that runs a module of devkeel; its arguments follow.

    Where this process imports from comes behind the interpreter's own places, without the current directory and what
    is inside of a project; devkeel itself is imported from where this process has it.
    """
    ours, here = str(Path(__file__).resolve().parents[2]), os.path.realpath(".")
    more = [place for place in sys.path if place.startswith("/") and place != here and not is_foreign(place)]
    return (sys.executable, "-I", "-c", _START, "\n".join((module, *more, ours)))


def handed_on() -> dict[str, str]:
    """Return the variables that devkeel's own modules are to see in another process: what is switched off stays so."""
    return {name: os.environ[name] for name in (VARIABLE,) if name in os.environ}
