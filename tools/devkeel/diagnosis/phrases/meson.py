"""What Meson prints where a dependency, a program, a library or a compiler is not there."""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_NAME = r"(?P<subject>[A-Za-z0-9][\w.+-]{0,80})"
# With the place before it; until 0.45 the place was a sentence of its own, in the line before.
_ERROR = r"(?:(?:ERROR|Error):\s+|column \d+:\s+)"


def _has_no_fallback(_match: re.Match[str], text: str) -> bool:
    """A dependency that is not there is built as a subproject, unless there is none either."""
    return (
        re.search(r"ERROR: (?:Neither a subproject|Attempted to resolve|Subproject \S{1,60} is buildable: NO)", text)
        is not None
    )


PHRASES = (
    # mesonbuild/dependencies/detect.py and base.py, the wording of several releases.
    Phrase(
        "meson.dependency",
        "pkg_config",
        "ependency ",
        rf"{_ERROR}(?:[Nn]ative |[Bb]uild )?[Dd]ependency\s+[\"']?{_NAME}[\"']?(?:\s+is\s+required\s+but)?\s+not\s+found",
        before=1,
        lines=3,
        weight=90,
    ),
    Phrase(
        "meson.lookup",
        "pkg_config",
        "ependency lookup for",
        rf"{_ERROR}Dependency lookup for {_NAME} with method (?:'[^'\n]*' failed: Invalid version[^\n]*found '(?P<found>[^'\n]*)')?",
        before=1,
        weight=85,
    ),
    Phrase(
        "meson.version",
        "pkg_config",
        "nvalid version",
        rf"{_ERROR}Invalid version(?: of dependency)?, need '{_NAME}' \[?'?(?P<version>[<>=]+[^'\]]*)'?\]? found '?(?P<found>[\w.]+)",
        before=1,
        weight=80,
    ),
    Phrase(
        "meson.version_of",
        "pkg_config",
        " is required but ",
        rf"{_ERROR}Dependency '{_NAME}' is required but (?:not found|version)",
        before=1,
        weight=88,
    ),
    Phrase(
        "meson.fallback",
        "pkg_config",
        "fallback subproject for the dependency",
        rf"fallback subproject for the dependency {_NAME}",
        weight=84,
        judge=_has_no_fallback,
    ),
    Phrase(
        "meson.language",
        "program",
        "Could not execute ",
        r"ERROR: Could not execute [^\n:]{1,20} compiler: (?P<subject>[\w.+-]{1,60})",
        weight=90,
    ),
    Phrase(
        "meson.problem",
        "library",
        "Problem encountered: ",
        r"Problem encountered: (?:(?:[Cc]ould not find|[Cc]annot find|[Mm]issing|No) )?(?:the )?(?P<subject>[A-Za-z][\w.+-]{1,40})"
        r"(?: (?:library|headers?|development files))?(?: (?:is|was|are|were))?(?: (?:not (?:found|available)|required|missing|needed))",
        weight=66,
        facts={"any": "yes"},
    ),
    Phrase(
        "meson.subproject",
        "pkg_config",
        "Neither a subproject directory",
        rf"\A[\s\S]*dependency {_NAME} found: NO[^\n]*\n[\s\S]*Neither a subproject",
        before=4,
        weight=85,
    ),
    # interpreter.py and compilers.py.
    Phrase(
        "meson.program",
        "program",
        "rogram",
        rf"{_ERROR}Program(?:\(s\))? \[?[\"']?{_NAME}[\"' \],][^\n]{{0,200}}(?:not found|not executable)",
        before=1,
        weight=90,
    ),
    Phrase(
        "meson.library",
        "library",
        " library '",
        rf"{_ERROR}[\w+]+ (?:shared or static |static or shared |shared |static )?library '{_NAME}' not found",
        before=1,
        weight=90,
    ),
    Phrase(
        "meson.header", "header", " header '", rf"{_ERROR}[\w+]+ header '(?P<subject>[\w./+-]+)' not found", weight=90
    ),
    Phrase(
        "meson.compiler",
        "compiler",
        "Unknown compiler(s)",
        r"Unknown compiler\(s\): \[+'(?P<program>[\w.+-]+)'",
        weight=90,
        subject="{program}",
    ),
    Phrase("meson.ninja", "program", "Could not detect Ninja", r"Could not detect Ninja", weight=90, subject="ninja"),
    Phrase(
        "meson.python_modules",
        "python_module",
        "is missing modules: ",
        r"is missing modules: (?P<subject>[A-Za-z_][\w.]*)",
        weight=90,
    ),
)
