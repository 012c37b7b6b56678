"""A sandbox for one run: whether there is one, the command that runs another in it, and what came of it."""

from __future__ import annotations

import json
import os
import re
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Unavailable
from devkeel.runtime.enclosure import is_below
from devkeel.runtime.isolation import isolated_python
from devkeel.runtime.programs import child_environment, looking
from devkeel.sandbox.account import SandboxAccount, blocked_of, invisible, withheld
from devkeel.sandbox.guarded import OBEYED
from devkeel.sandbox.order import state_of
from devkeel.sandbox.pins import pin, unpin
from devkeel.sandbox.view import TEMPORARY, home
from devkeel.sandbox.ways import system_path, way, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devkeel.sandbox.order import KeeperReport, Order, Way
    from devkeel.sandbox.view import View

__all__ = ["Holding", "Sandbox", "require_way"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What a program may know of the one who runs it.
_KNOWN = ("USER", "LOGNAME", "LANG", "LANGUAGE", "TERM", "COLORTERM", "TZ", "CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS")
_REPORT = 1024 * 1024
_SHOWN = 500
_LARGEST = 8 * 1024**3
_SMALLEST = 256 * 1024**2


def require_way() -> Way:
    """Return how a sandbox is made here. Raises Unavailable `not_sandboxed` where it cannot be."""
    found = way()
    if found is None:
        raise Unavailable(
            "not_sandboxed",
            "This system gives this user no sandbox: neither bubblewrap nor namespaces of Linux work, so nothing was "
            "run.",
            remedy="Install bubblewrap, or allow user namespaces here; outside of a sandbox it runs where no role and "
            "no option asks for one.",
        )
    return found


class Sandbox(Struct, frozen=True):
    """What holds one program. view: what it sees. ports: TCP ports of the project's processes that are passed on.

    owner: the process that these processes descend from.
    """

    view: View
    ports: tuple[int, ...] = ()
    owner: int = 0

    @contextmanager
    def holding(self, argv: tuple[str, ...], cwd: Path, variables: Mapping[str, str]) -> Iterator[Holding]:
        """Yield what runs a command in it. Raises Unavailable `not_sandboxed`.

        argv: its program by its path. variables: of the command, beside a few that every one has; nothing else of this
        process' is seen.
        """
        by = require_way()
        order, pins = self._order(by, argv, cwd, variables)
        heard, told = os.pipe()
        leash, held = os.pipe()
        given = (order, told, leash)
        holding = Holding((*_keeper(), *map(str, given)), (*given, *pins), self, by, heard)
        try:
            yield holding
        finally:
            for descriptor in (order, leash, held, *pins):
                os.close(descriptor)
            holding.close()

    def standing(self, argv: tuple[str, ...], cwd: Path, variables: Mapping[str, str]) -> tuple[str, ...]:
        """Return what runs a command in it, for a process that becomes that: what came of it is said on stderr.

        Raises Unavailable `not_sandboxed`.
        """
        order, pins = self._order(require_way(), argv, cwd, variables, speaks=True)
        for descriptor in (order, *pins):
            os.set_inheritable(descriptor, True)
        return (*_keeper(), str(order))

    def _order(
        self, by: Way, argv: tuple[str, ...], cwd: Path, variables: Mapping[str, str], *, speaks: bool = False
    ) -> tuple[int, tuple[int, ...]]:
        """Return an open file with what the keeper is to do, and the other descriptors that it is given."""
        pins = _pins(self.view)
        try:
            return self._written({**self._told(by, argv, cwd, variables, pins), "speaks": speaks}), tuple(pins.values())
        except BaseException:
            unpin(pins)
            raise

    def _told(
        self, by: Way, argv: tuple[str, ...], cwd: Path, variables: Mapping[str, str], pins: dict[str, int]
    ) -> Order:
        view, root = self.view, str(self.view.root)
        items = view.items()
        # What lies in the project could be exchanged with a link by another run until it is mounted.
        own = [item.path for item in items if item.kind in ("read", "write") and is_below(item.path, root)]
        return {
            "words": words(by, items, str(cwd), argv, network=view.network, size=_size()),
            "variables": _script(self.variables(variables)),
            "path": system_path(),
            "cut": not view.network,
            "ports": [] if view.network else list(self.ports),
            "owner": self.owner,
            "watched": {"home directory": home(), "temporary directory": TEMPORARY},
            "same": {} if view.staged else {path: _identity(path) for path in own},
            "speaks": False,
            "pins": pins,
            "obeyed": {} if view.staged else {path: state_of(path) for path in (f"{root}/{name}" for name in OBEYED)},
        }

    @staticmethod
    def _written(order: Order) -> int:
        descriptor = os.memfd_create("order")
        # The path of a file may be bytes of no text (PEP 383).
        os.write(descriptor, json.dumps(order).encode())
        return descriptor

    def variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a command: those given, a few of ours, places of the sandbox."""
        locale = {name: text for name, text in os.environ.items() if name.startswith("LC_")}
        known = {name: os.environ[name] for name in _KNOWN if name in os.environ}
        path = given.get("PATH") or child_environment()["PATH"]
        # Without a TMPDIR programs take /tmp; another one is not there.
        places = {"HOME": home()} | ({"TMPDIR": TEMPORARY} if "TMPDIR" in given else {})
        return {**locale, **known, **given, "PATH": path, **places}


class Holding:
    """A run in a sandbox. argv: what to run; inherits: the descriptors that it needs."""

    def __init__(self, argv: tuple[str, ...], inherits: tuple[int, ...], sandbox: Sandbox, by: Way, heard: int) -> None:
        """Take over the descriptor by which the keeper reports."""
        self.argv = argv
        self.inherits = inherits
        self._sandbox = sandbox
        self._by = by
        self._heard = heard
        self._open = True

    def account(self, output: str) -> SandboxAccount:
        """Return what came of it, once it has ended. output: what it printed.

        Raises Unavailable `not_sandboxed` where the sandbox could not be made, so that nothing ran.
        """
        os.close(self.inherits[1])
        self._open = False
        with os.fdopen(self._heard, "rb") as file:
            data = file.read(_REPORT)
        report: KeeperReport | None = json.loads(data) if data else None
        if report is not None and not report["laid"]:
            raise Unavailable(
                "not_sandboxed",
                "The sandbox could not be made, so nothing was run.",
                seen=output[-_SHOWN:].strip() or None,
                remedy="Repeat it once. If it goes on, the message says what this system does not let it do.",
            )
        view = self._sandbox.view
        kept = withheld(network=view.network, ports=() if view.network else self._sandbox.ports)
        counted = tuple(blocked_of(report)) if report is not None else ()
        return SandboxAccount(self._by, view.network, kept, (*counted, *invisible(output, view.sees)))

    def close(self) -> None:
        """Close what is open."""
        if self._open:
            os.close(self.inherits[1])
            os.close(self._heard)


def _keeper() -> tuple[str, ...]:
    with looking():
        return isolated_python("devkeel.sandbox.keeper")


def _script(variables: Mapping[str, str]) -> str:
    """Return variables as a shell reads them; a name that it has no word for is left out."""
    return "".join(f"export {name}={shlex.quote(text)}\n" for name, text in variables.items() if _NAME.fullmatch(name))


def _identity(path: str) -> tuple[int, int]:
    info = os.lstat(path)
    return info.st_dev, info.st_ino


def _pins(view: View) -> dict[str, int]:
    try:
        return pin(view.absent())
    except OSError as error:
        raise Unavailable(
            "not_sandboxed",
            "No place could be held in the project for what a run must not make there, so nothing was run.",
            seen=str(error)[:_SHOWN],
            remedy="Put right what the message names, or run it without a sandbox.",
        ) from error


def _size() -> int:
    """Return the bytes of each directory in memory: a quarter of what the machine has, within bounds."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_SMALLEST, min(_LARGEST, memory // 4))
