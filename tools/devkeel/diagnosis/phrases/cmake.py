"""What CMake prints where a package, a library, a program or a compiler is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.diagnosis.phrase import Phrase

if TYPE_CHECKING:
    import re

    from devkeel.diagnosis.cause import Kind

__all__ = ["PHRASES"]

_NAME = r"(?P<subject>[A-Za-z][\w.+-]{0,80})"
# What a package of CMake's own wants beside itself, by the word that it has for it: a program, or another package.
_PARTS: tuple[tuple[str, str, Kind, str], ...] = (
    ("Doxygen", "dot", "program", "dot"),
    ("Doxygen", "mscgen", "program", "mscgen"),
    ("Doxygen", "dia", "program", "dia"),
    ("Python3?", "NumPy", "cmake", "NumPy"),
    ("Vulkan", "glslc", "program", "glslc"),
    ("Vulkan", "glslangValidator", "program", "glslangValidator"),
)
_ONLY_PARTS = r"(?!\w{1,20}\s{1,8}\(missing:(?:\s{1,8}(?:" + "|".join(row[1] for row in _PARTS) + r")){1,6}\))"
# Where it is there, and older than what is wanted.
_UNSUITABLE = r"(?:: Found unsuitable\s{1,8}version \"(?P<found>[^\"\n]{0,40})\")?"

_ERRORS = 50  # of CMake that are looked at for the name of a package


def _is_fatal(match: re.Match[str], text: str) -> bool:
    """A package that is not required is reported in a line with two dashes, and CMake goes on.

    Where it then fails with words of the project's own about the same package, that was the reason.
    """
    if "CMake Error" in match[0]:
        return True
    name = match["subject"].lower()
    place = text.rfind(f"Could NOT find {match['subject']}")
    for _ in range(_ERRORS):
        place = text.find("CMake Error", place + 1)
        if place < 0:
            return False
        if name in text[place : place + 400].lower():
            return True
    return False


def _fails(_match: re.Match[str], text: str) -> bool:
    return "CMake Error" in text


PHRASES = (
    # FindPackageHandleStandardArgs.cmake; the text is broken at 77 columns.
    Phrase(
        "cmake.package",
        "cmake",
        "Could NOT find",
        rf"CMake Error[^\n]*\n(?:[^\n]*\n)?\s{{2,8}}Could NOT find\s{{1,8}}{_ONLY_PARTS}{_NAME}{_UNSUITABLE}",
        before=2,
        lines=2,
        weight=90,
    ),
    *(
        Phrase(
            f"cmake.part_{part}",
            kind,
            "Could NOT find",
            rf"CMake Error[^\n]*\n(?:[^\n]*\n)?\s{{2,8}}Could NOT find\s{{1,8}}{package}\s{{1,8}}\(missing:[^)]{{0,200}}\b{part}\b",
            before=2,
            lines=3,
            weight=90,
            subject=subject,
        )
        for package, part, kind, subject in _PARTS
    ),
    Phrase(
        "cmake.package_after",
        "cmake",
        "-- Could NOT find",
        rf"-- Could NOT find\s+{_NAME}",
        lines=2,
        weight=80,
        judge=_is_fatal,
    ),
    # cmFindPackageCommand.cxx.
    Phrase(
        "cmake.config",
        "cmake",
        "Could not find a package",
        rf'configuration\s+file\s+provided\s+by\s+"{_NAME}"',
        lines=2,
        weight=90,
    ),
    Phrase("cmake.by_not", "cmake", 'By not providing "Find', rf'By not providing "Find{_NAME}\.cmake"', weight=90),
    Phrase(
        "cmake.component",
        "cmake",
        "Expected Config file",
        r'Expected\s+Config\s+file\s+at\s+"[^"\n]*/(?P<subject>[\w+-]+?)(?:Config|-config)\.cmake"',
        lines=3,
        weight=92,
    ),
    Phrase(
        "cmake.reason_component",
        "cmake",
        "Qt component",
        r'\A[\s\S]*?(?P<qt>Qt\d)\b[\s\S]*Qt component "(?P<part>\w{1,60})"',
        before=6,
        weight=91,
        subject="{qt}{part}",
    ),
    # cmFindLibraryCommand and its kin, with REQUIRED.
    Phrase(
        "cmake.library",
        "library",
        "Could not find",
        rf"\(find_library\):\s+Could not find\s+\S+\s+using the following names:\s+{_NAME}",
        before=1,
        lines=3,
        weight=90,
    ),
    Phrase(
        "cmake.program",
        "program",
        "Could not find",
        rf"\(find_program\):\s+Could not find\s+\S+\s+using the following names:\s+{_NAME}",
        before=1,
        lines=3,
        weight=90,
    ),
    Phrase(
        "cmake.header",
        "header",
        "Could not find",
        r"\(find_(?:path|file)\):\s+Could not find\s+\S+\s+using the following files:\s+(?P<subject>[\w./+-]+)",
        before=1,
        lines=3,
        weight=90,
    ),
    Phrase(
        "cmake.notfound",
        "library",
        "are set to NOTFOUND",
        r"\A[\s\S]*NOTFOUND[^\n]*\n[^\n]*files:\s{1,8}(?P<subject>[A-Za-z]\w{1,60}?)(?:_(?:LIBRAR(?:Y|IES)|INCLUDE_DIRS?|INCLUDES?|LIBS?|PATH))?(?: \(ADVANCED\))?$",
        lines=4,
        weight=70,
    ),
    # FindPkgConfig.cmake: a list, and each of its lines is one.
    Phrase(
        "cmake.pkg_list",
        "pkg_config",
        "   - ",
        rf"\A(?=[\s\S]*required packages? w)(?![\s\S]*Call Stack)[\s\S]*^\s+- {_NAME}[^\n]*\Z",
        before=8,
        weight=90,
    ),
    Phrase(
        "cmake.compiler_variable",
        "program",
        "set in environment variable",
        r"Could not find compiler set in environment variable \w{1,12}:\s{1,8}(?P<subject>[\w.+-]{1,60})(?<!\.)",
        lines=3,
        weight=88,
    ),
    # cmake.cxx and the modules that determine compilers.
    Phrase(
        "cmake.generator",
        "program",
        "build program corresponding to",
        r'corresponding\s+to\s+"(?P<generator>Ninja)',
        lines=2,
        weight=92,
        subject="ninja",
    ),
    Phrase(
        "cmake.generator_make",
        "program",
        "build program corresponding to",
        r'corresponding\s+to\s+"(?P<generator>Unix Makefiles)',
        lines=2,
        weight=92,
        subject="make",
    ),
    Phrase(
        "cmake.compiler",
        "compiler",
        "could be found",
        r"No CMAKE_(?P<subject>[A-Z][A-Za-z_]{0,12})_COMPILER could be found",
        weight=84,
    ),
    Phrase(
        "cmake.compiler_full",
        "compiler",
        "CMAKE_",
        r"The CMAKE_(?P<subject>[A-Z][A-Za-z_]{0,12})_COMPILER:\s+(?P<program>[\w.+-]+)\s+is not a full path",
        lines=4,
        weight=88,
    ),
    Phrase("cmake.nvcc", "compiler", "ailed to find nvcc", r"[Ff]ailed to find nvcc", weight=88, subject="CUDA"),
    # CMake 4 dropped what asks for less than 3.5; its own message names the setting that permits it.
    Phrase(
        "cmake.policy",
        "version",
        "Compatibility with CMake < ",
        r"Compatibility with CMake < (?P<version>[\d.]+) has been removed",
        weight=92,
        subject="cmake",
    ),
    Phrase(
        "cmake.unknown_command",
        "cmake",
        "Unknown CMake command",
        r'Unknown CMake command "(?P<subject>ecm_\w+|qt_\w+|pybind11_\w+|pkg_check_modules)"',
        weight=70,
        judge=_fails,
    ),
)
