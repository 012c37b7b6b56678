"""The supervisor's process: a launch and a plan on standard input, SIGTERM for the end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.json import decode

from devkeel.processes.devenv_up import MARK
from devkeel.processes.plan import read_plan
from devkeel.processes.runtime_folder import RuntimeFolder
from devkeel.processes.supervisor.listener import Listener
from devkeel.processes.supervisor.schedule import Schedule
from devkeel.processes.supervisor.shared import Launch, Shared
from devkeel.runtime import process_tree
from devkeel.runtime.programs import executing

if TYPE_CHECKING:
    from devkeel.processes.plan import Plan

__all__ = ["supervise"]

# Between looks at what was adopted. An exit that is seen twice is collected: by then a program that we run ourselves
# has been waited for.
_ROUND = 5.0
_GRACE = 5.0
_TRIES = 4


def supervise(launch: Launch, plan: Plan) -> None:
    """Run a plan until SIGTERM or SIGINT, then end all of it; returns when nothing is left."""
    folder = RuntimeFolder(Path(launch.folder))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    # signal(7): what is ignored stays so in a program that is started, what is handled does not.
    signal.signal(signal.SIGHUP, lambda *_: None)
    shared = Shared(Path(launch.root), folder, launch.variables | plan.variables)
    with process_tree.adopting(), executing():
        schedule = Schedule(plan, shared)
        with Listener(schedule) as listener:
            # Only now: another manager's logs and its number are its own for as long as it listens.
            folder.begin(os.getpid())
            for item in plan.processes:
                folder.empty_logs(item.name)
            # Before it answers: to wait for what is not on its way yet would be no wait. Who asks meanwhile is
            # held by the socket, which listens already.
            schedule.start(launch.names or schedule.by_themselves())
            threading.Thread(target=listener.serve_forever, daemon=True).start()
            _until(ended)
            schedule.stop_all()
            _end_the_rest(launch.root)
            listener.shutdown()
    folder.end()


def _end_the_rest(root: str) -> None:
    """End what left its session: what was adopted, and what has the mark where nothing can be adopted."""
    for _ in range(_TRIES):  # one may have been forked after the look
        left = process_tree.still([*process_tree.adopted(()), *process_tree.marked(MARK, root)])
        if not left:
            return
        process_tree.end(left, _GRACE)


def _until(ended: threading.Event) -> None:
    """Wait for the end, and meanwhile collect the exits of what was adopted."""
    before = set[process_tree.ProcessInfo]()
    while not ended.wait(_ROUND):
        dead = {item for item in process_tree.adopted(()) if item.dead}
        process_tree.collect(dead & before)
        before = dead


if __name__ == "__main__":
    head, _, rest = sys.stdin.buffer.read().partition(b"\n")
    try:
        supervise(decode(head, type=Launch), read_plan(rest))
    except FileExistsError as another:
        sys.exit(str(another))
