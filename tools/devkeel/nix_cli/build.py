"""The shell of a candidate as a derivation, by Nix alone, and how long building it may take."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.nix_cli.build_log import failures
from devkeel.nix_cli.derivations import with_imports
from devkeel.nix_cli.evaluate import ask_nix, or_not_fetched, require_fetched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage
    from devkeel.errors import Diagnostic
    from devkeel.runtime import Completed

__all__ = ["instantiate", "on_time"]

# The characters of a store path's name (nix, src/libstore/path.cc, `checkName`).
_DERIVATION = re.compile(r"^/nix/store/[0-9a-z]{32}-[\w.+?=-]+\.drv$")


@contextmanager
def on_time(timeout: float) -> Iterator[None]:
    """Raise Unavailable `build_timeout` for what took too long, where other programs raise `timeout`."""
    try:
        yield
    except Unavailable as error:
        if error.code != "timeout":
            raise
        raise Unavailable(
            "build_timeout",
            f"It was not built within {timeout:g} seconds; what was built of it stays in the Nix store.",
            remedy="Try again: it goes on from there. A check may also have a lower level, which builds nothing.",
        ) from error


def instantiate(
    subject: Candidate,
    stage: Stage,
    timeout: float,
    *,
    imports: bool = False,
    ports: Mapping[str, Mapping[str, int]] | None = None,
) -> tuple[str | None, list[Diagnostic]]:
    """Return the shell's derivation, or None and why there is none.

    imports: build what the evaluation imports from derivations. ports: of processes, where they are not as declared.
    """
    deadline = time.monotonic() + timeout

    def ask(more: tuple[str, ...]) -> Completed:
        left = deadline - time.monotonic()
        return ask_nix(subject, stage, ("--read-write-mode", *more), left, write=True, ports=ports or {})

    found = with_imports(ask, deadline) if imports else ask(())
    # An output that is not `out` is behind an exclamation mark, as in `….drv!dev` (nix, src/nix/nix-instantiate).
    derivation = found.stdout.decode("utf-8", "replace").strip().split("!")[0]
    if found.returncode or not _DERIVATION.match(derivation):
        require_fetched(subject, found)
        findings = failures(subject.files, str(stage.root), found, evaluated=stage)
        return None, [item for finding in findings for item in or_not_fetched(subject, finding)]
    return derivation, []
