"""Real Nix, as the command asks it: values as JSON, store paths by building."""

from __future__ import annotations

import collections
import io
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from failure import Failure, evaluator_text

__all__ = ["add_to_store", "build", "evaluate"]

BOOTSTRAP = Path(__file__).resolve().parent.parent / "bootstrap.nix"
KEPT = 2000
# Nothing is fetched and nothing is asked of a cache, so that a build costs what its builder costs.
OPTIONS = (
    *("--option", "substitute", "false"),
    *("--extra-experimental-features", "nix-command flakes"),
)


def evaluate(request: Path, attribute: str, context: str) -> Any:
    """Return the value of an attribute, all of it forced.

    request: the JSON file for bootstrap.nix. context: what a failure says before the evaluator's own words.
    """
    argv = ["nix-instantiate", "--eval", "--strict", "--json", "--read-write-mode", "--show-trace", *OPTIONS]
    return json.loads(_run([*argv, *_entry(request), "-A", attribute], context))


def build(request: Path, attributes: list[str], root: Path | None, context: str) -> list[str]:
    """Build attributes of bootstrap.nix and return their store paths, kept from being collected by links at `root`."""
    argv = ["nix-build", "--show-trace", *OPTIONS, *_entry(request)]
    argv += [part for attribute in attributes for part in ("-A", attribute)]
    argv += ["--no-out-link"] if root is None else ["--out-link", str(root)]
    printed = _run(argv, context).split()
    if len(printed) != len(attributes):
        raise Failure(f"{context}: error: expected a derivation")
    return [str(Path(path).resolve()) for path in printed]


def add_to_store(folder: Path) -> str:
    """Copy a directory to where `fetchTree` looks for an input and return its narHash."""
    path = _run(["nix", *OPTIONS, "store", "add-path", "--name", "source", str(folder)], "Failed to lock inputs")
    return _run(["nix", *OPTIONS, "hash", "path", path.strip()], "Failed to lock inputs").strip()


def _entry(request: Path) -> list[str]:
    return [str(BOOTSTRAP), "--arg", "request", str(request)]


def _run(argv: list[str], context: str) -> str:
    """Run a program of Nix. Its log goes on to stderr as it comes; what is kept of it is bounded."""
    kept: collections.deque[str] = collections.deque(maxlen=KEPT)
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        reader = threading.Thread(target=_follow, args=(process.stderr, kept))
        reader.start()
        stdout = process.stdout.read()
        reader.join()
    if process.returncode:
        text = "".join(kept)
        if "syntax error" in text:
            context = "Failed to get attribute 'config.cachix.enable'"
        raise Failure(f"{context}: {evaluator_text(text)}")
    return stdout.decode()


def _follow(stream: IO[bytes], kept: collections.deque[str]) -> None:
    ended = False
    for line in io.TextIOWrapper(stream, errors="replace"):
        kept.append(line)
        ended = ended or line.startswith("error:")
        if not ended and "--quiet" not in sys.argv and "-q" not in sys.argv:
            sys.stderr.write(line.removeprefix("trace: "))
