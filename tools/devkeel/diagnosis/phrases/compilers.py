"""What compilers print where a file that is included is not there, or a part of the compiler itself."""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_HEADER = r"(?P<subject>[\w.+/@-]{1,120})"
_HEADER_H = r"(?P<subject>[\w+/-][\w.+/-]{0,80}\.h(?:pp|xx|h)?)"
# Made by the project's own build, or its own by their name: no package has them under that name for others.
_OWN = re.compile(
    r"^(?:config|version|common|utils?|types|defs|main|stdafx|pch|global|globals|helpers?|settings|macros|platform|"
    r"test|tests|debug|log|build|buildinfo|autoconf|export|api|core|base|app|application|resource|resources)\.h(?:pp|xx|h)?$"
    r"|(?:\.pb|\.grpc\.pb|_generated|\.tab|\.moc|\.inc|-enums|-marshal|-resources|_pb2)\.(?:h|hpp|cc|c)$"
    r"|(?:^|/)(?:ui_|moc_|qrc_)\w+\.(?:h|cpp)$"
    r"|^\.\.?/|\.(?:c|cc|cpp|cxx|C|m|mm|S|s|f|f90|f95|F90|o|a)$"
)


def _is_of_others(match: re.Match[str], _text: str) -> bool:
    """A header of the project itself is no package's; clang says where it would look for it or what is meant."""
    end = match.string[match.end() : match.end() + 60]
    return _OWN.search(match["subject"]) is None and "did you mean" not in end and 'use "quotes"' not in end


def _row(name: str, hint: str, pattern: str, weight: int = 90) -> Phrase:
    return Phrase(name, "header", hint, pattern, weight=weight, judge=_is_of_others)


def _is_of_bindgen(_match: re.Match[str], text: str) -> bool:
    return "bindgen" in text or "libclang" in text


PHRASES = (
    # libclang as a library does not know where clang's own headers lie (clang-sys, bindgen).
    Phrase(
        "bindgen.header",
        "header",
        "file not found",
        r"error: '(?P<subject>(?:std\w+|limits|float|string|sys/types|inttypes|errno|math|assert|time|unistd)\.h)' file not found",
        weight=91,
        judge=_is_of_bindgen,
    ),
    # gcc/c-family and clang's err_pp_file_not_found: place, severity, the name as it is written in the source.
    _row("gcc.header", "No such file or directory", rf"(?:error|Error|ERROR): {_HEADER}: No such file or directory"),
    _row("clang.header", "file not found", rf"error: ['\"<]{_HEADER}['\">] file not found"),
    # MSVC; EDG's front end, which nvcc and Intel's compilers have; tcc; gfortran with its module and include files.
    _row("msvc.header", "Cannot open include file", rf"Cannot open include file: '{_HEADER}'"),
    _row("edg.header", "open source file", rf"(?:cannot|could not) open source file \"{_HEADER}\""),
    _row("tcc.header", "include file '", rf"include file '{_HEADER}' not found"),
    _row(
        "gfortran.module", "module file", r"open module file ['\u2018`](?P<subject>[\w.+-]+\.mod)['\u2019] for reading"
    ),
    _row("gfortran.include", "included file", rf"open included file '{_HEADER}'"),
    # In the words of builds: uv, mkmf, Cabal.
    _row("uv.header", "install a library that provides", rf"library that provides `{_HEADER}` for"),
    _row("mkmf.header", "Can't find the '", rf"Can't find the '{_HEADER} header"),
    _row("mkmf.missing", ".h", rf"(?:^|\s){_HEADER_H} (?:is missing|not found|missing)\b", 84),
    _row("cabal.header", "header file", rf"Missing (?:\(or bad\) )?header files?: {_HEADER}"),
    # Parts of the compiler.
    Phrase(
        "gcc.part",
        "compiler",
        "cannot execute",
        r"cannot execute [\u2018'`]?(?P<part>cc1plus|cc1obj|f951|gnat1|d21|cc1)['\u2019]?",
        weight=86,
        subject="{part}",
    ),
    Phrase(
        "gcc.no_such",
        "compiler",
        "rror trying to exec '",
        r"error trying to exec '(?P<part>cc1plus|cc1obj|f951|gnat1|d21|cc1)'",
        weight=86,
        subject="{part}",
    ),
    Phrase(
        "cgo.compiler",
        "compiler",
        'C compiler "',
        r'cgo: C compiler "(?P<program>[^"\s]+)" not found',
        weight=88,
        subject="{program}",
    ),
    Phrase(
        "node_gyp.compiler",
        "compiler",
        "not found: ",
        r"gyp ERR! (?:stack |build error )?(?:Error: )?not found: (?P<program>cc|gcc|c\+\+|g\+\+|clang)\b",
        weight=85,
        subject="{program}",
    ),
    Phrase(
        "node_gyp.make",
        "program",
        "not found: ",
        r"(?:Error: |gyp ERR! [\w ]{0,20})not found: (?P<subject>make|gmake)\b",
        weight=85,
    ),
    Phrase(
        "python.no_compiler",
        "compiler",
        "C compiler",
        r"(?:[Yy]ou need a C compiler|[Nn]o (?:working |suitable )?C compiler (?:was )?(?:found|could be found))",
        weight=75,
        subject="C",
    ),
)
