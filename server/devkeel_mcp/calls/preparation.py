"""The library, loaded while the host reads the tools: after the handshake, and out of the way of every call."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import devkeel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Preparation"]

logger = logging.getLogger(__name__)

# Seconds after the handshake: a host asks for the tools at once, and is answered first.
_QUIET = 0.05
# Seconds for which an import keeps the interpreter while the event loop wants it; Python's own is 5 ms, for each of the
# three threads that an answer passes through.
_SWITCH = 0.0005
# What the library imports inside of functions, and every call on a project with settings or inputs needs.
_LIBRARIES = ("tomlkit", "ruamel.yaml")


def _parts() -> Iterator[Callable[[], object]]:
    """Yield what is to be done, one small step each."""
    for found in pkgutil.walk_packages(devkeel.__path__, "devkeel."):
        yield partial(importlib.import_module, found.name)
    for name in _LIBRARIES:
        yield partial(importlib.import_module, name)
    for table in ("options:built_in", "options:option_tree", "packages:built_in_names"):
        module, _, name = table.partition(":")
        yield getattr(importlib.import_module(f"devkeel.catalogue.{module}"), name)


class Preparation:
    """One thread that loads the library, step by step, and stands still while a call runs.

    Two threads that import the parts of one circle can each see half of it; and a call that comes first does not wait
    for what it does not need.
    """

    def __init__(self, parts: Callable[[], Iterator[Callable[[], object]]] = _parts) -> None:
        self._parts = parts
        self._turn = threading.Condition()
        self._calls = 0
        self._busy = self._stopped = False
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin, unless it has begun."""
        with self._turn:
            if self._thread is None and not self._stopped:
                thread = threading.Thread(target=self._load, name="preparation", daemon=True)
                thread.start()
                self._thread = thread

    def stop(self) -> None:
        """Stop after the step that is under way, for good: a thread that imports must not meet the end of Python."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Wait for the step that is under way, and let no other begin meanwhile."""
        with self._turn:
            self._calls += 1
            self._turn.wait_for(lambda: not self._busy)
        try:
            yield
        finally:
            with self._turn:
                self._calls -= 1
                self._turn.notify_all()

    def _load(self) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._stopped, _QUIET)
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        try:
            for step in self._parts():
                if not self._take(step):
                    return
        except Exception:
            # The call that needs it fails of the same, and says so.
            logger.debug("the library could not be loaded ahead", exc_info=True)
        finally:
            sys.setswitchinterval(usual)

    def _take(self, step: Callable[[], object]) -> bool:
        """Do a step when no call runs, unless it is to stop; whether it was done."""
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or not self._calls)
            if self._stopped:
                return False
            self._busy = True
        try:
            step()
        finally:
            with self._turn:
                self._busy = False
                self._turn.notify_all()
        return True
