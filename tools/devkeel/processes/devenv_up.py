"""devenv's command, as far as it starts and ends the process manager: `up -d`, `processes down`, the names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, UsageError
from devkeel.nix_cli.devenv import NAME, ask_devenv, command
from devkeel.processes.refusals import no_processes, not_started, port_held
from devkeel.runtime.process_tree import OUTLIVES
from devkeel.runtime.programs import find_program
from devkeel.text.actions import do
from devkeel.text.clean import without_sequences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from devkeel.processes.plan import Beyond
    from devkeel.runtime.process import Completed

__all__ = ["MARK", "DevenvRunner"]

MARK = "DEVKEEL_PROCESSES"
"""The variable that everything started by a runner has in its environment: the root of its project."""

_KINDS = "devenv:processes:"
_EVALUATING = 600.0
_STOPPING = 60.0
_MOST = 2_000
# As devenv words them (devenv-core/src/ports.rs; devenv/src/devenv/mod.rs).
_TAKEN = re.compile(r"[Pp]ort (\d+) is already in use")
_STRANGERS = re.compile(r"not found in configuration: (.+)")


class DevenvRunner:
    """devenv's own process manager, for one project."""

    def __init__(self, root: Path) -> None:
        """Nothing is started."""
        self._root = root

    def up(self, names: Sequence[str]) -> tuple[str, ...]:
        """Start processes with `up -d`; see `Runner.up`.

        Raises Unavailable `timeout`; ProjectError `no_processes`, `port_held`, `processes_not_started`; UsageError
        `unknown_process`.
        """
        found = _devenv(self._root, ("up", "-d", *names), _EVALUATING)
        if found.returncode:
            raise _failed(found)
        return ()

    def down(self, manager: int) -> None:  # noqa: ARG002  (devenv knows its own)
        """End the manager; see `Runner.down`."""
        _devenv(self._root, ("processes", "down"), _STOPPING)

    def declared_names(self) -> tuple[str, ...]:
        """Return the names of the processes that the declaration has now, by evaluating it."""
        # devenv makes a task of each process, named `devenv:processes:NAME` (devenv, src/modules/processes.nix).
        found = _devenv(self._root, ("tasks", "list", "--json"), _EVALUATING)
        if found.returncode:
            raise _failed(found)
        try:
            names = [item["name"] for item in json.loads(found.stdout)]
        except (ValueError, TypeError, KeyError):
            return ()
        return tuple(sorted(name.removeprefix(_KINDS) for name in names if str(name).startswith(_KINDS)))

    def require_startable(self, names: Sequence[str]) -> None:
        """Refuse nothing: devenv starts all that it declares."""

    def beyond(self) -> Mapping[str, Beyond]:
        """Return none."""
        return {}


def _devenv(root: Path, arguments: tuple[str, ...], timeout: float) -> Completed:
    return ask_devenv(
        command(*arguments, program=find_program(NAME) or NAME),
        cwd=root,
        timeout=timeout,
        builds=True,
        environment=OUTLIVES | {MARK: str(root)},
    )


def _failed(found: Completed) -> DevkeelError:
    """Return why devenv started nothing: what it names, else the end of what it said."""
    text = without_sequences(found.stderr.decode("utf-8", "replace"))
    told = text[text.rindex("error:") :] if "error:" in text else text.strip()[-_MOST:]
    if taken := _TAKEN.search(text):
        return port_held(int(taken[1]), told)
    if strangers := _STRANGERS.search(text):
        return UsageError(
            "unknown_process",
            f"The declaration has no process {strangers[1].strip()}.",
            seen=strangers[1].strip(),
            remedy=f"{do('inspect', prefix='processes')} shows what is declared; enabled services may bring more.",
        )
    if "No processes defined" in text or "No 'processes' option defined" in text:
        return no_processes()
    return not_started("devenv started no process manager.", told)
