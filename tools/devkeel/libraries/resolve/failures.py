"""What a resolver says against a manifest: the sentence that says why, where, and what would help."""

from __future__ import annotations

import re

from devkeel.diagnosis.causes import cause
from devkeel.errors import Place
from devkeel.text.actions import do

__all__ = ["other_file", "place_of", "reason", "remedy"]

# What uv and pip say of a file that is not the one that was locked.
_TAMPERED = re.compile(r"[Hh]ash mismatch for `([^`]+)`|DO NOT MATCH THE HASHES(?:[^\n]*\n)+?\s+(\S+)(?: @ \S+)? from ")
# What uv and npm draw around their sentences.
_FRAME = " \t\u2570\u2500\u25b6\u2502\u251c\u00d7\u2717"
_BUILT = re.compile(
    r"\[stderr\]|Traceback|get_requires_for_build|subprocess-exited-with-error|Failed to build", re.IGNORECASE
)
_UNREAD = re.compile(
    r"Failed to parse:?|Couldn't parse requirement|Invalid `?pyproject\.toml|ERROR: Invalid requirement|"
    r"Invalid TOML file|TOML parse error|npm (?:ERR!|error) (?:code )?EJSONPARSE|failed to parse manifest"
)
_AT = re.compile(r"TOML parse error at line (?P<line>\d+), column (?P<column>\d+)")
_REMEDIES = (
    (_UNREAD, f"Repair the file where it does not parse with {do('patch')}, then repeat the edit."),
    (
        re.compile(r"DO NOT MATCH THE HASHES|[Hh]ash mismatch"),
        "Ask for the version once more, so that it gets the hashes that the index has.",
    ),
    (_BUILT, "Ask for a version that is published as a wheel for this Python, or add what its build needs."),
    (
        re.compile(r"requested Python version|depends on Python|requires a different Python|Requires-Python"),
        "Ask for a version that supports the project's Python, or change the Python that the project asks for.",
    ),
    (
        re.compile(r"was not found in the package registry|from versions: none|E404|no matching package named"),
        "Ask for a name that exists, or name the index that has it.",
    ),
    (
        re.compile(r"there (?:is|are) no versions? of|No matching distribution found|ETARGET"),
        "Ask for a version that exists.",
    ),
)


def reason(told: str) -> str:
    """Return the sentence that says why: the resolver's own, without the lines around it."""
    lines = [line.strip(_FRAME) for line in told.splitlines()]
    causes = [line.removeprefix("cause:").strip() for line in lines if re.match(r"cause:|Because\b", line)]
    errors = [
        re.sub(r"^(?:npm )?(?:ERROR|error|ERR!):? *", "", line) for line in lines if re.match(r"(?i)(npm )?err", line)
    ]
    if causes and _AT.search(told):
        # The parser's sentence stands below the line that it quotes.
        causes += [line for line in lines[-1:] if line not in causes]
    # A build that failed says why in its own output, which stands further down than the resolver's sentence.
    built = cause(told) if _BUILT.search(told) else ""
    said = built or " ".join(causes) or "; ".join(errors) or cause(told) or " ".join(lines[-1:])
    text = said[:600].strip() or "It does not resolve."
    return text if text.endswith(".") else f"{text}."


def remedy(told: str) -> str:
    """Return what helps against what a resolver said."""
    known = (text for pattern, text in _REMEDIES if pattern.search(told))
    return next(known, "Ask for versions that go together.")


def other_file(told: str) -> str | None:
    """Return the distribution whose file does not have the hash that is asked for, None where nothing is said of it."""
    found = _TAMPERED.search(told)
    return None if found is None else found[1] or found[2] or "a library"


def place_of(told: str, manifest: str) -> Place:
    """Return the place in a manifest that a resolver names, else the manifest."""
    found = _AT.search(told)
    return Place(manifest, int(found["line"]), int(found["column"])) if found else Place(manifest)
