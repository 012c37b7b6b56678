"""Faults on request, and a record of every call: both in the folder that STANDIN_HOME names."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from failure import Failure

__all__ = ["FAULTS", "inject", "record"]

SHELL = "Failed to get shell attribute from devenv"
FAULTS = {
    "database-locked": (
        "Failed to initialize eval cache database: error returned from database: (code: 5) database is locked"
    ),
    "network": (
        f"{SHELL}: error:\n… while fetching the input 'github:cachix/devenv-nixpkgs/rolling'\n\n"
        "error: unable to download 'https://api.github.com/repos/cachix/devenv-nixpkgs/commits/rolling': "
        "Could not resolve hostname (6) Could not resolve host: api.github.com"
    ),
    "disk-full": "Failed to realize shell derivation: error: writing to file: No space left on device",
    "memory": f"{SHELL}: error: out of memory",
    "store-locked": (
        "Failed to open Nix store: error: opening lock file '/nix/var/nix/db/big-lock': Permission denied"
    ),
}


def home() -> Path | None:
    """Return the folder that the test gave, or None."""
    folder = os.environ.get("STANDIN_HOME")
    return Path(folder) if folder else None


def record(argv: list[str]) -> None:
    """Write a call down."""
    folder = home()
    if folder is not None and argv[:1] != ["daemon-processes"]:
        line = json.dumps({"argv": argv, "cwd": str(Path.cwd()), "pid": os.getpid(), "tty": os.isatty(0)})
        with (folder / "calls.jsonl").open("a") as file:
            file.write(line + "\n")


def inject() -> None:
    """Fail as the test asked: `fault.json` has the kind and how many calls are left that it strikes."""
    folder = home()
    path = folder / "fault.json" if folder else None
    if path is None or not path.exists():
        return
    fault = json.loads(path.read_text())
    if fault["times"] <= 1:
        path.unlink()
    else:
        path.write_text(json.dumps({**fault, "times": fault["times"] - 1}))
    if fault["kind"] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault["kind"] == "hang":
        while True:
            time.sleep(60)
    raise Failure(FAULTS[fault["kind"]])
