"""Realising derivations: the shell's at the end, and before it those whose outputs an evaluation reads.

Import from derivation mixes evaluating, which has no network here, with building, which may need one. They are taken
apart: Nix evaluates and builds nothing, says which output it wants to read, that one is realised in a step of its own
as every build is, and the evaluation begins again. What builds does so, and no check.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.nix_cli.settings import run_nix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel.runtime import Completed

__all__ = ["is_of_import", "realise", "with_imports"]

_STORE = Path("/nix/store")
_OUTPUT = 256 * 1024  # bytes of what a build prints: its end says why it failed
_DERIVATION = 4 * 1024**2  # bytes of a derivation that are looked at
_ROUNDS = 100
# It may read what is built already, and builds nothing itself; the trace says what it would have to build.
_READS = ("--option", "allow-import-from-derivation", "true", "--option", "max-jobs", "0", "--show-trace")
# The words of nix, src/libexpr/primops.cc.
_BUILT = quoted(r"(?P<path>/nix/store/[0-9a-z]{32}-[\w.+?=-]+\.drv)" + f"{INNER}*")
_READ = quoted(r"(?P<path>/nix/store/[0-9a-z]{32}-(?P<name>[\w.+?=-]+))(?:/[^\n]*)?")
_REFUSED = re.compile(f"cannot build {_BUILT} during evaluation because")
_WANTED = re.compile(f"while realising the context of path {_READ}")


def realise(derivation: str | Iterable[str], timeout: float, root: Path | None = None) -> Completed:
    """Build a derivation, or several; `root` is a link that keeps what was built from being collected.

    timeout: seconds. The links of several are numbered from the second on.
    """
    keep = () if root is None else ("--add-root", str(root), "--indirect")
    wanted = (derivation,) if isinstance(derivation, str) else tuple(derivation)
    argv = ("nix-store", "--realise", *wanted, *keep)
    return run_nix(argv, builds=True, timeout=max(0.0, timeout), limit=_OUTPUT)


def with_imports(ask: Callable[[tuple[str, ...]], Completed], deadline: float) -> Completed:
    """Return what an evaluation says once the outputs that it reads are built, or how building one of them failed.

    ask: evaluates, with more arguments for Nix after its own. deadline: by the monotonic clock.
    """
    found = ask(())
    refused = _REFUSED.search(_told(found)) if found.returncode else None
    wanted, built = refused["path"] if refused else None, set[str]()
    while wanted is not None and wanted not in built and len(built) < _ROUNDS:
        built.add(wanted)
        done = realise(wanted, deadline - time.monotonic())
        if done.returncode:
            return done
        found = ask(_READS)
        wanted = _wanted(_told(found)) if found.returncode else None
    return found


def is_of_import(found: Completed) -> bool:
    """Return whether what `with_imports` returned is how building an import ended, and not the evaluation."""
    return "--realise" in found.argv


def _wanted(told: str) -> str | None:
    """Return the derivation of an output that an evaluation wanted to read and that is not there."""
    outputs = ((match["path"], match["name"]) for match in _WANTED.finditer(told))
    missing = next(((path, name) for path, name in outputs if not os.path.lexists(path)), None)
    if missing is None:
        return None
    path, name = missing
    # The evaluation has written the derivation: it is one of those whose name the output has, maybe with its own after.
    endings = tuple(f"-{title}.drv" for title in dict.fromkeys((name, name.rpartition("-")[0])) if title)
    with os.scandir(_STORE) as entries:
        found = [entry.path for entry in entries if entry.name.endswith(endings)]
    return next((place for place in found if _makes(place, path)), None)


def _makes(derivation: str, path: str) -> bool:
    """Return whether an output of a derivation is this path; outputs come before inputs in its text (ATerm)."""
    try:
        with open(derivation, "rb") as file:  # noqa: PTH123  (a path of the store)
            outputs = file.read(_DERIVATION).partition(b"],[")[0]
    except OSError:
        return False
    return f'"{path}"'.encode() in outputs


def _told(found: Completed) -> str:
    return found.stderr.decode("utf-8", "replace")
