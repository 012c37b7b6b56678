"""A file that Nix misses in a flake because Git does not know it: Nix takes a Git work tree's files from Git."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Literal

from devkeel.candidate.repository import find_repository
from devkeel.candidate.withheld import withhold
from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.errors import CheckFailed, Diagnostic, Place
from devkeel.runtime.process import run
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["untracked_file"]

_SECONDS = 10.0
# Nix 2.8 misses it in the store's copy; 2.20 and later say that it `is not tracked by Git` (nix,
# src/libutil/source-accessor.cc, src/libfetchers/git-utils.cc).
_MISSED = rf"(?:/nix/store/[0-9a-z]{{32}}-source|%s)/(?P<file>{INNER}+)\W{{1,2}}(?: does not exist| ?No such file)"
_SAID = re.compile(rf"[Pp]ath {quoted(f'(?P<file>{INNER}+)')} in the repository .{{1,4096}} is not tracked by Git")


def untracked_file(
    title: str, root: Path, told: str, code: Literal["evaluation_failed", "build_failed"] = "evaluation_failed"
) -> CheckFailed | None:
    """Return the failure of what Nix evaluated where it missed a file that is there, which Git does not know.

    title: what was evaluated. told: what Nix printed.
    """
    found = _SAID.search(told) or re.search(_MISSED % re.escape(str(root)), told)
    if found is None or find_repository(root) is None:
        return None
    file = found["file"]
    if _listed(root, file) or not _listed(root, file, "--others"):
        return None
    if file in withhold(root).files:
        return CheckFailed(
            code,
            f"{title} does not evaluate: no evaluation is shown {one_line(file)}, as it may hold secrets.",
            seen=file,
            remedy="Let the program read it when it runs: what is evaluated ends in the store, which everybody reads.",
        )
    ignored = not _listed(root, file, "--others", "--exclude-standard")
    why = f"Git does not know {one_line(file)}, and Nix is shown the files that Git knows"
    return CheckFailed(
        code,
        f"{title} does not evaluate: {why}.",
        seen=file,
        remedy="Git ignores it: name another file, or take it out of .gitignore."
        if ignored
        else f"Add it with `git add --intent-to-add {shlex.quote(file)}`, then repeat the call.",
        diagnostics=(Diagnostic(code, "error", why, "build", Place(file)),) if code == "build_failed" else (),
    )


def _listed(root: Path, file: str, *more: str) -> bool:
    """Return whether Git lists a file, or one in a directory. more: `--others` lists those that it does not know."""
    found = run(("git", "-C", str(root), "ls-files", *more, "-z", "--", f":(literal){file}"), timeout=_SECONDS)
    return found.returncode == 0 and bool(found.stdout)
