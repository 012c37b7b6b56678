"""The second opinion: `nix-instantiate --parse`, which must agree with the `syntax` rung."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.diagnosis.nix_messages import last_error, printable
from devkeel.diagnosis.obstacles import obstacle_in
from devkeel.errors import Diagnostic, Place, Unavailable
from devkeel.nix_cli.settings import run_nix
from devkeel.runtime import find_program
from devkeel.source import nix
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate

__all__ = ["check"]

_TIMEOUT = 30.0
_SEEN = 400
# By itself on a line: of an attribute that is there twice, the message names the place of the other one before.
_AT = re.compile("^\\s*at «stdin»:(\\d+):(\\d+):?$".encode(), re.MULTILINE)


def check(subject: Candidate) -> list[Diagnostic]:
    """Return what Nix says of each Nix file, and a warning wherever devkeel's own parser says otherwise.

    Raises Unavailable `check_unavailable` without Nix.
    """
    program = find_program("nix-instantiate")
    if program is None:
        raise Unavailable(
            "check_unavailable",
            "The second opinion needs nix-instantiate, which is not on PATH.",
            remedy=f"Install Nix, or check without {argument('second_opinion')}.",
            alternatives=("syntax",),
        )
    found: list[Diagnostic] = []
    for name, data in sorted(subject.files.items()):
        if name.endswith(".nix"):
            found += _check_file(program, name, data)
    return found


def _check_file(program: str, name: str, data: bytes) -> list[Diagnostic]:
    # It parses and binds names, and evaluates nothing (nix-instantiate, `--parse`), so that any text may be given.
    completed = run_nix((program, "--parse", "-"), stdin=data, timeout=_TIMEOUT)
    own = nix.Document(data, name).problems
    if completed.returncode < 0:
        message = f"nix-instantiate was killed by signal {-completed.returncode}."
        raise Unavailable("check_crashed", message, place=Place(name), remedy="Try again.")
    found = []
    said = completed.stderr.decode("utf-8", "replace")
    if completed.returncode and (obstacle := obstacle_in(last_error(said))):
        raise obstacle.stops("The second opinion was not given", printable(last_error(said).strip(), _SEEN))
    if completed.returncode:
        found.append(_diagnostic(name, completed.stderr))
    if bool(completed.returncode) != bool(own):
        verdict = "rejects" if completed.returncode else "accepts"
        message = f"Nix {verdict} this file, devkeel's own parser does the opposite."
        found.append(Diagnostic("parser_disagreement", "warning", message, "nix-parse", Place(name)))
    return found


def _diagnostic(name: str, stderr: bytes) -> Diagnostic:
    """Return the last `error:` line of Nix with the place that follows it."""
    lines = stderr.decode("utf-8", "replace").splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("error:")]
    message = lines[starts[-1]].removeprefix("error:").strip() if starts else "Nix rejects this file"
    at = _AT.search(stderr)
    place = Place(name, int(at[1]), int(at[2])) if at else Place(name)
    return Diagnostic("nix_parse_error", "error", message, "nix-parse", place)
