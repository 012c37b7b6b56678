"""Ports that are free: those that a plan wishes for, or the next ones."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.processes.refusals import port_held

if TYPE_CHECKING:
    from collections.abc import Collection

    from devkeel.processes.plan import Plan

__all__ = ["moved_ports"]

# devenv, devenv-core/src/ports.rs, MAX_ATTEMPTS.
_TRIES = 100
# A port has 16 bits (RFC 9293, 3.1).
_MOST = 65_535


def moved_ports(plan: Plan) -> dict[tuple[str, str], int]:
    """Return the ports that have to be others, by the names of their process and their own; none where all are free.

    A port is taken when another program has it, or an earlier port of the plan. The next free one is chosen, as devenv
    does. Raises ProjectError `port_held` where ports are strict, or none of many is free.
    """
    given = set[int]()
    moved = {}
    for process in sorted(plan.processes, key=lambda item: item.name):
        for name, wanted in sorted(process.ports.items()):
            taken = wanted in given or not _is_free(wanted)
            number = _next_free(wanted, given) if taken and not plan.strict_ports else None if taken else wanted
            if number is None:
                why = "ports are strict" if plan.strict_ports else f"the {_TRIES} after it are taken too"
                raise port_held(wanted, f"{process.name} wants port {wanted}, and {why}.", process.name)
            if number != wanted:
                moved[process.name, name] = number
            given.add(number)
    return moved


def _next_free(wanted: int, given: Collection[int]) -> int | None:
    tried = range(wanted + 1, min(wanted + _TRIES, _MOST) + 1)
    return next((number for number in tried if number not in given and _is_free(number)), None)


def _is_free(number: int) -> bool:
    """Return whether a program may listen on a port, on all addresses of this machine or on its own."""
    families = [(socket.AF_INET, "0.0.0.0")]  # noqa: S104  (nothing is listened for: the port is tried)
    if socket.has_ipv6:
        families.append((socket.AF_INET6, "::1"))
    for family, address in families:
        with suppress(OverflowError), socket.socket(family) as trial:
            # socket(7): without it a port counts as taken for the minute that its last connection takes to end, and
            # the program that had it would get another one when it is started again.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((address, number))
            except OSError:
                # A machine without IPv6 has no ::1 to be taken.
                if family == socket.AF_INET or _is_taken(trial, number):
                    return False
    return True


def _is_taken(trial: socket.socket, number: int) -> bool:
    with suppress(OSError):
        return trial.connect_ex(("::1", number)) == 0
    return False
