"""Looking whether a process is ready: by its command, a request, a connection."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.runtime.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from devkeel.processes.plan import HttpGet, Readiness

__all__ = ["Prober"]

# devenv looks for a port every 100 ms, whatever the period (devenv, devenv-event-sources/src/tcp_probe.rs).
_KNOCK = 0.1
_CONNECTING = 1.0
# A probe's period is meant for a process that runs; one that is starting would be found ready up to 10 seconds late.
_SOON = 0.25


class Prober:
    """Looks again and again, until a process is ready or it is called off; then it calls `done`.

    variables, root: what the command of a probe sees, and where it runs.
    """

    def __init__(self, ready: Readiness, variables: Mapping[str, str], root: Path, done: Callable[[], None]) -> None:
        """Begin."""
        self._ready = ready
        self._variables = variables
        self._root = root
        self._done = done
        self._off = threading.Event()
        threading.Thread(target=copy_context().run, args=(self._go_on,), daemon=True).start()

    def call_off(self) -> None:
        """Look no more."""
        self._off.set()

    def _go_on(self) -> None:
        ready = self._ready
        pause, row = min(_SOON, ready.period), 0
        asks = bool(ready.exec) or ready.http is not None
        if asks and self._off.wait(ready.initial_delay):
            return
        while not self._off.is_set():
            row = row + 1 if self._looks_ready() else 0
            if row >= ready.success_threshold:
                if not self._off.is_set():
                    self._done()
                return
            if self._off.wait(pause if asks else _KNOCK):
                return
            pause = min(2 * pause, ready.period)

    def _looks_ready(self) -> bool:
        ready = self._ready
        if ready.exec:
            with suppress(DevkeelError):
                found = run(
                    ready.exec, timeout=ready.probe_timeout, environment=self._variables, cwd=self._root, limit=1024
                )
                return found.returncode == 0
            return False
        if ready.http is not None:
            return _answers(ready.http, ready.probe_timeout)
        return any(map(_accepts, ready.tcp))


def _accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with (
        suppress(OSError, ValueError),
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECTING),
    ):
        return True
    return False


def _answers(wanted: HttpGet, timeout: float) -> bool:
    import ssl  # noqa: PLC0415  (25 ms that only a project with such a probe needs)
    from http.client import HTTPException  # noqa: PLC0415  (with the 25 ms)
    from urllib.request import HTTPSHandler, ProxyHandler, build_opener  # noqa: PLC0415  (with the 25 ms)

    # Of a process of this machine: no proxy stands between, and its certificate is nearly always its own (devenv,
    # devenv-event-sources/src/http_probe.rs, does not look at it either).
    unproven = ssl._create_unverified_context()  # noqa: S323, SLF001
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=unproven))
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    with (
        suppress(OSError, ValueError, HTTPException),
        opener.open(f"{wanted.scheme}://{host}:{wanted.port}{wanted.path}", timeout=timeout) as answer,
    ):
        return bool(200 <= answer.status < 300)  # noqa: PLR2004  (RFC 9110, 15.3: successful)
    return False
