"""The same kills and the same save by somebody else, against `uv add` and against devkeel.

`python -m benchmarks.uv_side_by_side` needs no network: uv asks an index
on this machine, which tells when it is asked, lets the script act, and then does not have the package. That is the
moment in which uv has written the new pyproject.toml and holds the old one in memory. devkeel publishes the same
change to the same file, and the script acts at every step of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.libraries.resolve.installers import find_uv
from devkeel.project.root import Project
from devkeel.transaction import FileChange, Record, Transactions, files

if TYPE_CHECKING:
    from collections.abc import Callable

UV = find_uv() or "uv"
BEFORE = '[project]\nname = "demo"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = []\n'
AFTER = BEFORE.replace("[]", '["wanted"]')
HUMAN = BEFORE + "\n# a human's\n"
ACTIONS = ("SIGKILL", "SIGTERM", "save")


def save(root: Path) -> None:
    (root / "editor").write_text(HUMAN)
    (root / "editor").rename(root / "pyproject.toml")


def verdict(text: str, *, saved: bool, changed: bool) -> str:
    """Say what became of the file; changed: whether the whole change was made, as the program says."""
    if saved and "# a human's" not in text:
        return "the save is lost"
    if text == (HUMAN if saved else BEFORE) or (changed and text == AFTER):
        return "whole"
    return "a half change is left: the dependency that could not be had is written"


class Index(BaseHTTPRequestHandler):
    """An index that has nothing, and acts before it says so."""

    act: Callable[[], None]

    def do_GET(self) -> None:
        type(self).act()
        with suppress(BrokenPipeError):  # who asked may have been killed
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def with_uv(action: str, place: Path) -> str:
    root = place / f"uv-{action}"
    root.mkdir()
    (root / "pyproject.toml").write_text(BEFORE)
    done = threading.Event()
    process: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def act() -> None:
        started.wait()
        if not done.is_set():
            done.set()
            if action == "save":
                save(root)
            else:
                process[0].send_signal(signal.Signals[action])
                process[0].wait()

    handler = type("Handler", (Index,), {"act": staticmethod(act)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/simple"
        argv = [UV, "add", "--no-sync", "--default-index", url, "wanted"]
        variables = os.environ | {"UV_CACHE_DIR": str(place / "cache"), "UV_PYTHON_DOWNLOADS": "never"}
        variables = {name: value for name, value in variables.items() if not name.lower().endswith("_proxy")}
        for name in ("UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS"):
            variables.pop(name, None)
        process.append(subprocess.Popen(argv, cwd=root, env=variables, stderr=subprocess.PIPE))
        started.set()
        process[0].communicate()
        server.shutdown()
    assert done.is_set(), "uv did not ask the index"
    return verdict((root / "pyproject.toml").read_text(), saved=action == "save", changed=False)


def publish(root: Path, at: int, act: Callable[[], None]) -> int:
    """Publish with an action at a step; return how many steps there were."""
    count = 0

    def hook(_step: str) -> None:
        nonlocal count
        count += 1
        if count == at:
            act()

    files.hook = hook
    try:
        with Transactions(Project(root)) as transactions:
            change = FileChange("pyproject.toml", BEFORE.encode(), AFTER.encode())
            transactions.publish([change], Record("edit", "benchmark", None, [], {}, "0" * 16, "1" * 16))
    finally:
        files.hook = None
    return count


def with_devkeel(action: str, at: int, place: Path) -> str:
    root = place / f"devkeel-{action}-{at}"
    root.mkdir()
    (root / "pyproject.toml").write_text(BEFORE)
    if (child := os.fork()) == 0:
        code = 1
        try:
            publish(root, at, lambda: save(root) if action == "save" else signal.raise_signal(signal.Signals[action]))
            code = 0
        except DevkeelError:
            code = 3
        finally:
            os._exit(code)
    os.waitpid(child, 0)
    with Transactions(Project(root)) as transactions:
        transactions.recover()
        changed = bool(transactions.history())
    return verdict((root / "pyproject.toml").read_text(), saved=action == "save", changed=changed)


def main() -> None:
    version = subprocess.run([UV, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "count").mkdir()
        (place / "count" / "pyproject.toml").write_text(BEFORE)
        steps = publish(place / "count", 0, lambda: None)
        print(
            f"| what happens meanwhile | `uv add` {version} | devkeel, at each of {steps} steps |\n| --- | --- | --- |"
        )
        for action in ACTIONS:
            told = {with_devkeel(action, at, place) for at in range(1, steps + 1)}
            what = "somebody saves the file" if action == "save" else action
            print(f"| {what} | {with_uv(action, place)} | {', '.join(sorted(told))} |")


if __name__ == "__main__":
    main()
