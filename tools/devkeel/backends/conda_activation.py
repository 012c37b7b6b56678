"""The scripts that packages of conda run when an environment is entered: what they set is a part of the environment.

conda sources etc/conda/activate.d/*.sh of a prefix in the order of their names (conda documentation, "Managing
environments"). They run once, when the environment is made, and what they export is kept with it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.runtime import find_program
from devkeel.runtime.holding import HeldProgram, run_held

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["activated"]

_SECONDS = 60.0
# What a shell sets for itself (bash(1), Shell Variables).
_OWN = frozenset({"PWD", "OLDPWD", "SHLVL", "_"})
# Without `set -e`, as conda does: that a script ends with a test that is false means nothing.
_SOURCE = 'for script in "$@"; do . "$script" >&2; done; env -0'


def activated(prefix: Path, variables: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the variables of an environment with what its scripts export, and notes."""
    scripts = [str(path) for path in sorted(prefix.glob("etc/conda/activate.d/*.sh"))]
    if not scripts:
        return dict(variables), ()
    host = os.environ.get("PATH", os.defpath)
    given = {**variables, "PATH": f"{variables.get('PATH', '')}{os.pathsep}{host}"}
    names = ", ".join(os.path.basename(path) for path in scripts)  # noqa: PTH119  (names alone)
    before, why = _exported(given, (), (str(prefix),))
    after, why = _exported(given, scripts, (str(prefix),)) if why is None else (before, why)
    if why is not None:
        return dict(variables), (f"The scripts that enter the environment did not end well ({names}): {why}.",)
    found = {name: value for name, value in after.items() if name not in _OWN and before.get(name) != value}
    if "PATH" in found:
        found["PATH"] = found["PATH"].removesuffix(f"{os.pathsep}{host}")
    gone = tuple(name for name in before if name not in after and name not in _OWN)
    kept = {name: value for name, value in variables.items() if name not in gone}
    told = f"Scripts of its packages ran to enter it ({names})" + (f"; they set {', '.join(found)}." if found else ".")
    return {**kept, **found}, (told,)


def _exported(
    variables: Mapping[str, str], scripts: Sequence[str], prefixes: tuple[str, ...]
) -> tuple[dict[str, str], str | None]:
    """Return what a shell exports once it has sourced the scripts, and why it did not, None where it did."""
    shell = find_program("bash") or "sh"
    try:
        done = run_held(
            HeldProgram((shell, "-c", _SOURCE, "sh", *scripts), timeout=_SECONDS, environment=variables, reads=prefixes)
        )
    except Unavailable as error:
        return {}, error.message.rstrip(".")
    if done.returncode:
        return {}, done.stderr.decode("utf-8", "replace").strip()[-300:] or f"exit code {done.returncode}"
    text = done.stdout.decode("utf-8", "surrogateescape")
    return dict(item.split("=", 1) for item in text.split("\0") if "=" in item), None
