"""A failure as the command reports it: one message on stderr, marked, its further lines indented."""

from __future__ import annotations

import re
import textwrap

__all__ = ["Failure", "evaluator_text"]

ERROR = re.compile(r"^error:", re.MULTILINE)
MARK = "\N{MULTIPLICATION SIGN}"
FRAME = re.compile(r"^\s*… ")


class Failure(Exception):
    """What ends a command with exit code 1."""

    def rendered(self) -> str:
        """Return the text for stderr."""
        first, *rest = str(self).rstrip("\n").split("\n")
        return "\n".join([f"  {MARK} {first}", *(f"    {line}".rstrip() for line in rest)]) + "\n"


def evaluator_text(stderr: str) -> str:
    """Return an evaluator's error with its frames first and what went wrong last.

    The one that devenv embeds prints them so, as Nix does since 2.20; before that it was the other way round.
    """
    start = ERROR.search(stderr)
    if start is None:
        return stderr.strip()
    lines = stderr[start.start() :].rstrip("\n").split("\n")
    lines = [line for line in lines if not line.startswith("(use '--show-trace'")]
    if lines[0].rstrip() == "error:":
        return "\n".join(["error:", textwrap.dedent("\n".join(lines[1:]))])
    first = next((number for number, line in enumerate(lines) if FRAME.match(line)), len(lines))
    message = textwrap.dedent("\n".join([" " * 7 + lines[0], *(line for line in lines[1:first])])).strip()
    frames: list[list[str]] = []
    for line in lines[first:]:
        if FRAME.match(line):
            frames.append([])
        frames[-1].append(line)
    if not frames:
        return message
    shown = [textwrap.dedent("\n".join(frame)).strip("\n") for frame in reversed(frames)]
    return "\n".join(["error:", *shown, "", message])
