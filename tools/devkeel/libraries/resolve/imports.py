"""Whether installed libraries import: asked of the environment's own Python, see `probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import CheckFailed, Diagnostic, Place
from devkeel.libraries.resolve import probe
from devkeel.runtime.holding import HeldProgram, run_held

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["CANNOT", "require_imports"]

# Between the name of what fails to import and the reason, in the message of `import_failed`.
CANNOT = " cannot be imported: "


def require_imports(python: Path, names: Iterable[str], file: str, timeout: float, *, before: Path | None) -> bool:
    """Return whether all distributions can be imported; raise CheckFailed `import_failed` for those that cannot.

    names: normalised. file: what asks for them. before: the Python of the environment in use; what it cannot import
    for the same reason is not this change's doing.
    """
    asked = sorted(set(names))
    if not asked:
        return True
    told = _broken(python, asked, timeout)
    wrong = told
    if wrong and before is not None and before.exists():
        known = _broken(before, sorted(wrong), timeout)
        wrong = {name: why for name, why in wrong.items() if known.get(name) != why}
    if not wrong:
        return not told
    found = tuple(
        Diagnostic("import_failed", "error", f"{name}{CANNOT}{why}", "build", Place(file), name)
        for name, why in wrong.items()
    )
    raise CheckFailed(
        "import_failed",
        f"{found[0].message}. The environment is as it was.",
        place=Place(file),
        remedy="Ask for another version of it, or pin what it was built with.",
        diagnostics=found,
    )


def _broken(python: Path, names: list[str], timeout: float) -> dict[str, str]:
    done = run_held(
        HeldProgram(
            (str(python), "-I", probe.__file__),
            stdin="\n".join(names).encode(),
            timeout=timeout,
            environment={},
            reads=(probe.__file__, str(python.parent.parent)),
        )
    )
    # An interpreter that cannot run the probe says nothing against the libraries: it may be older than the probe.
    told = done.stdout.decode("utf-8", "replace") if not done.returncode else ""
    # Where the environment is says nothing of why, and is another place the next time.
    lines = told.replace(f"{python.parent.parent}/", "").splitlines()
    return dict(line.split("\t", 1) for line in lines)
