"""Mechanisms of Linux that devkeel uses where they are there, and which of them may be used.

Each has a fallback, for macOS, old kernels and containers that forbid it. The variable DEVKEEL_WITHOUT names those that
are not to be used, separated by commas: it shows the fallbacks at work on a system that has all of them. Every fallback
keeps the promises, or says which it cannot keep, so that whoever sets the variable loses speed and no safety.
"""

from __future__ import annotations

import os
import sys
from typing import Literal, get_args

__all__ = ["MECHANISMS", "VARIABLE", "Mechanism", "usable"]

Mechanism = Literal["namespaces", "bubblewrap", "renameat2", "openat2", "subreaper", "pidfd", "leases"]

# Since: renameat2 Linux 3.15, subreapers 3.4, pidfd_open 5.3, openat2 5.6, user namespaces for other users than root
# 3.8 (the manual page of each; user_namespaces(7)).
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)
VARIABLE = "DEVKEEL_WITHOUT"


def usable(name: Mechanism) -> bool:
    """Return whether a mechanism may be used on this system; whether the kernel allows it shows when it is used."""
    without = os.environ.get(VARIABLE, "")
    return sys.platform == "linux" and name not in without.replace(" ", "").split(",")
