"""Building once more what the store has, by Nix' own check, and what came of it while it is there to be looked at."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.errors import Unavailable
from devkeel.nix_cli.settings import run_nix
from devkeel.runtime.process import watched

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from devkeel.runtime import Completed

__all__ = ["Rebuilt", "rebuilt"]

_OUTPUT = 256 * 1024
_TIDYING = 120.0
_CHECK = ".check"
# As Nix words them: `registerOutputs` in src/libstore/build, `deleteTmpDir` beside it. What a builder prints comes
# before, or is quoted behind `>`: it can forge neither the last line nor a path that is no output.
_DIFFERS = re.compile(
    rf"(?:\A|\n)[ \t]*error: derivation {quoted()} may not be deterministic: "
    rf"output {quoted(f'(?P<first>/{INNER}+)')} differs[^\n]*\s*\Z"
)
_KEPT = re.compile(rf"keeping build directory {quoted(f'(?P<path>/{INNER}+)')}")


class Rebuilt(Struct):
    """How a second build ended. first: the output of the first that differs, second: that of this one; else None.

    left: what could not be taken away afterwards.
    """

    done: Completed
    first: Path | None = None
    second: Path | None = None
    left: tuple[str, ...] = ()


@contextmanager
def rebuilt(derivation: str, outputs: Iterable[str], timeout: float) -> Iterator[Rebuilt]:
    """Build a derivation again beside its outputs, which the store has; what is left of it is gone at the end.

    Nix builds what is checked on this machine itself. timeout: seconds.
    """
    checked = [f"{path}{_CHECK}" for path in outputs]
    ours = [path for path in checked if not os.path.lexists(path)]
    folder = tempfile.mkdtemp(prefix="devkeel-rebuild-")
    # The builder may be a user of its own, without a sandbox, who has to pass through here.
    Path(folder).chmod(0o711)
    told, found = "", None
    try:
        done = run_nix(
            ("nix-store", "--realise", "--check", "--keep-failed", "--option", "build-dir", folder, derivation),
            builds=True,
            timeout=max(0.0, timeout),
            # Where Nix builds itself, it makes its directories here: a newer one by its setting, which an older one
            # does not know and only warns of.
            environment={"TMPDIR": folder},
            limit=_OUTPUT,
        )
        told = done.stderr.decode("utf-8", "replace")
        found = _result(done, told, checked)
        yield found
    finally:
        with watched(None):
            left = tuple(_take_away(ours, folder, told))
        if found is not None:
            found.left = left


def _result(done: Completed, told: str, checked: Container[str]) -> Rebuilt:
    differs = _DIFFERS.search(told) if done.returncode else None
    if differs is None or f"{differs['first']}{_CHECK}" not in checked:
        return Rebuilt(done)
    second = Path(f"{differs['first']}{_CHECK}")
    return Rebuilt(done, Path(differs["first"]), second if os.path.lexists(second) else None)


def _take_away(checked: Iterable[str], folder: str, told: str) -> Iterator[str]:
    """Remove what a check left in the store and beside it; yield what stays.

    A build directory elsewhere, as a daemon makes one, is only named: the words about it may be a builder's.
    """
    there = [path for path in checked if os.path.lexists(path)]
    if there:
        with suppress(Unavailable):
            run_nix(("nix-store", "--delete", *there), timeout=_TIDYING, limit=_OUTPUT)
    shutil.rmtree(folder, ignore_errors=True)
    kept = dict.fromkeys(match["path"] for match in _KEPT.finditer(told))
    yield from (path for path in (*there, folder, *kept) if os.path.lexists(path))
