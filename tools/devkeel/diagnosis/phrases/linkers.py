"""What linkers print where a library is not there that they are to link."""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_NAME = r"(?P<subject>[\w][\w.+-]{0,80})"
# What every C compiler brings: they are missing as archives only, for `-static`.
_OWN = frozenset({"c", "m", "pthread", "dl", "rt", "util", "gcc", "gcc_s", "stdc++"})


def _is_the_compilers(match: re.Match[str], text: str) -> bool:
    return match["subject"] in _OWN and "static" in text


def _is_a_library(match: re.Match[str], _text: str) -> bool:
    return match["subject"] not in _OWN


def _finds_no_linker(_match: re.Match[str], text: str) -> bool:
    return re.search(r"cannot find [\u2018']ld", text) is not None


def _library(name: str, hint: str, pattern: str) -> Phrase:
    return Phrase(name, "library", hint, pattern, weight=90, judge=_is_a_library)


PHRASES = (
    # bfd and gold (ldfile.c, readsyms.cc); bfd names the file that is not there behind it from 2.38 on.
    _library("ld.library", "cannot find -l", rf"cannot find -l:?(?:lib)?{_NAME}?(?::|\s|$)".replace("?(?::", "(?::")),
    # lld (DriverUtils.cpp), wasm-ld, mold (input-files), Apple's two linkers, MSVC, Zig, rustc's own search.
    _library("lld.library", "unable to find library -l", rf"unable to find library -l:?{_NAME}"),
    _library("mold.library", "library not found: ", rf"library not found: {_NAME}"),
    _library("apple.library", "library not found for -l", rf"library not found for -l{_NAME}"),
    _library("apple.library_new", "ld: library '", rf"ld: library '{_NAME}' not found"),
    _library("zig.library", "dynamic system library '", rf"unable to find dynamic system library '{_NAME}'"),
    _library("rustc.library", "native static library `", rf"could not find native static library `{_NAME}`"),
    _library("msvc.library", "LNK1181", rf"LNK1181: cannot open input file '{_NAME}\.lib'"),
    Phrase(
        "cabal.library",
        "library",
        " C librar",
        r"Missing (?:\(or bad\) )?C librar(?:y|ies): (?P<subject>[\w.+-]+(?:,\s+[\w.+-]+){0,8})",
        lines=2,
        weight=90,
        separator=r",\s+",
    ),
    Phrase(
        "ld.static",
        "library",
        "cannot find -l",
        rf"cannot find -l{_NAME}(?::|\s|$)",
        weight=90,
        facts={"static": "yes"},
        judge=_is_the_compilers,
    ),
    Phrase(
        "ld.start_files", "compiler", "cannot find ", r"cannot find (?P<file>S?crt[1in]\.o)", weight=85, subject="cc"
    ),
    # bfd says so where only the shared one is there, and an archive is asked for.
    Phrase(
        "ld.static_version",
        "library",
        "static version of the",
        r"installed the static version of the (?P<subject>[\w.+-]{1,60}) library",
        weight=91,
        facts={"static": "yes"},
    ),
    # A linker that -fuse-ld= names: gcc looks for ld.NAME (collect2.c), clang for NAME or ld.NAME (ToolChain.cpp).
    Phrase(
        "gcc.linker",
        "program",
        "-fuse-ld=",
        r"-fuse-ld=(?:[\w.-]{0,40}/){0,9}(?P<subject>[\w.-]{1,40})",
        weight=85,
        judge=_finds_no_linker,
    ),
    Phrase(
        "clang.linker",
        "program",
        "invalid linker name in",
        r"invalid linker name in [^'\n]{0,20}'-fuse-ld=(?:[\w.-]{0,40}/){0,9}(?P<subject>[\w.-]{1,40})'",
        weight=85,
    ),
)
