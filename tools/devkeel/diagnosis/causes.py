"""Why a program failed: the lines of its output that say so, and its two ends where it is too long to show whole.

Programs begin with what they were about and end with what became of it. The reason stands near the end, often under a
last line that only says that something failed.
"""

from __future__ import annotations

import re

__all__ = ["both_ends", "cause", "whole_ends"]

# A line that tells a reason, and one that only passes on that there was a failure further down.
_TELLS = re.compile(
    r"\berror\b|\bERR!|[A-Za-z]Error\b|\bException\b|\bfatal\b|\bBecause\b|^cause:|not found\b|\bNo such|\bmissing\b"
    r"|\bcannot\b|could not\b|\bCan't\b|\bunable to\b|\bundefined\b|\bis required\b|\bdenied\b|\bFAILED\b|\bpanicked\b"
    r"|\bno member\b|\bunresolved\b|\bconflicts? with\b|\bUnsupported\b|\bNo module named\b",
    re.IGNORECASE,
)
_PASSES_ON = re.compile(
    r"exit(?:ed with)? (?:status|code)|subprocess-exited|This (?:error|is an issue)|likely not a problem with"
    r"|build backend returned|metadata-generation-failed|hint: |hint:\Z|See above|Failed to build|Encountered error"
    r"|full log|For full logs|Call to `|A complete log|did not run successfully|Getting requirements to build"
    r"|^Traceback|npm (?:ERR!|error) (?:code|errno|path|A complete)|^error: builder for|dependencies? couldn't be built"
    r"|Preparing metadata|^\[(?:stdout|stderr)\]|\blines of output\b",
    re.IGNORECASE,
)
# What uv, pip, npm and cargo draw around their sentences.
_FRAME = " \t\u2570\u2500\u25b6\u2502\u251c\u00d7\u2717|>"
_MOST_LINES = 6


def cause(told: str, limit: int = 600) -> str:
    """Return the last lines that say why, in their order, with what follows each; empty where none does.

    limit: characters.
    """
    lines = [line.strip(_FRAME) for line in told.splitlines()]
    lines = [line for line in lines if line]
    found: list[str] = []
    room = limit
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        if line in found or not _TELLS.search(line) or _PASSES_ON.search(line):
            continue
        if len(found) >= _MOST_LINES or (found and len(line) + 1 > room):
            break
        found.insert(0, line[:room])
        room -= len(line) + 1
        if room <= 0:
            break
    return " ".join(found)


def both_ends(text: str, limit: int) -> str:
    """Return text of about so many characters: its beginning and its end, and how much between them was left out."""
    if len(text) <= limit:
        return text
    head, tail = text[: limit // 3], text[-(limit - limit // 3) :]
    head = head.rpartition("\n")[0] or head
    tail = tail.partition("\n")[2] or tail
    return f"{head}\n… {len(text) - len(head) - len(tail)} characters left out …\n{tail}"


_LONGEST_LINE, _PART = 4096, 256


def whole_ends(data: bytes, half: int) -> tuple[bytes, bytes]:
    """Return the two ends of an output whose middle is gone, without the parts of lines that stood across the gap.

    Half of a secret would not be known for one. Where a line is very long, a part of it is left out instead.
    """
    head, tail = data[:half], data[half:]
    end, begin = head.rfind(b"\n"), tail.find(b"\n")
    head = head[: end + 1] if end >= 0 and len(head) - end <= _LONGEST_LINE else head[:-_PART]
    tail = tail[begin + 1 :] if 0 <= begin <= _LONGEST_LINE else tail[_PART:]
    return head, tail
