"""What configure scripts print, and the programs that make them."""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_NAME = r"(?P<subject>[A-Za-z][\w.+-]{0,60})"
_STOPS = r"[^\n]*\n(?:(?:configure: WARNING[^\n]*|[^\n]{0,60})\n)?\s*configure: error:"


def _names_none(_match: re.Match[str], text: str) -> bool:
    """pkg-config names those that are not there itself, where it does."""
    return not re.search(r"No package '|, required by '|required version is|but version of ", text)


def _is_named(match: re.Match[str], _text: str) -> bool:
    return match["subject"].lower() not in {
        "a", "an", "any", "the", "no", "not", "c", "it", "library", "libraries", "header", "headers", "required", "some",
        "your", "you", "source", "sources", "suitable", "working", "usable", "program", "package", "support", "valid",
    }  # fmt: skip


def _missing_macro(name: str, macros: str, subject: str) -> Phrase:
    """A macro of an m4 file that a package brings: `possibly undefined macro: X`, `undefined macro: X`, unexpanded."""
    return Phrase(
        f"autoconf.macro_{name}",
        "program",
        "macro: ",
        rf"undefined macro: (?P<macro>{macros})\b",
        weight=86,
        subject=subject,
    )


PHRASES = (
    # pkg.m4: PKG_CHECK_MODULES.
    Phrase(
        "autoconf.requirements",
        "pkg_config",
        "Package requirements (",
        rf"Package requirements \({_NAME}",
        weight=75,
        judge=_names_none,
    ),
    # lang/c.m4, c++.m4, fortran.m4.
    Phrase("autoconf.c", "compiler", "no acceptable C compiler", r"no acceptable C compiler", weight=85, subject="C"),
    Phrase("autoconf.cxx", "compiler", "no acceptable C++ compiler", r"no acceptable C\+\+", weight=85, subject="CXX"),
    Phrase(
        "autoconf.fortran",
        "compiler",
        "Fortran",
        r"no acceptable Fortran|Fortran (?:77 )?compiler (?:is )?(?:not found|required)",
        weight=85,
        subject="Fortran",
    ),
    Phrase(
        "autoconf.c_program",
        "compiler",
        "unable to find a working C compiler",
        r"working C compiler",
        weight=80,
        subject="C",
    ),
    # The check before the error, in the shape of AC_CHECK_LIB, AC_CHECK_HEADER, PKG_CHECK_MODULES and AC_CHECK_PROG.
    Phrase(
        "autoconf.check_library",
        "library",
        " in -l",
        rf"checking for [^\n]{{1,80}} in -l{_NAME}\.\.\. no{_STOPS}",
        lines=3,
        weight=82,
    ),
    Phrase(
        "autoconf.check_header",
        "header",
        ".h",
        rf"checking for (?P<subject>[\w./+-]+\.h(?:pp|h)?)(?: usability| presence)?\.\.\. (?:no|not found){_STOPS}",
        lines=3,
        weight=82,
    ),
    Phrase(
        "autoconf.check_package",
        "pkg_config",
        "checking for ",
        rf"checking for {_NAME} [<>=]+ [^\n]{{1,60}}\.\.\. no{_STOPS}",
        lines=3,
        weight=78,
        judge=_names_none,
    ),
    Phrase(
        "autoconf.check_any",
        "program",
        "checking for ",
        rf"checking for {_NAME}\.\.\. (?:no|not found){_STOPS}",
        lines=3,
        weight=72,
        judge=_is_named,
        facts={"any": "yes"},
    ),
    # Words of a project after `configure: error:`.
    Phrase(
        "autoconf.library",
        "library",
        "configure: error:",
        r"configure: error: (?!Package req)[^\n]{0,40}\blib(?P<subject>[\w+-]{1,40})\b[^\n]{0,60}(?:not|missing|required|could|cannot|[Uu]nable)",
        weight=66,
        facts={"any": "yes"},
    ),
    Phrase(
        "autoconf.header",
        "header",
        "configure: error:",
        r"configure: error: [^\n]{0,60}?[\s'\"<`(](?P<subject>[\w/+-]{1,60}\.h(?:pp|h)?)\b",
        weight=70,
    ),
    Phrase(
        "autoconf.not_found",
        "program",
        "configure: error:",
        rf"configure: error: (?:\*+ )?[\u2018'`\"]?{_NAME}[\u2019'`\"]?(?: [\w/-]+){{0,4}} (?:not (?:be )?(?:found|installed|available)|(?:is |are )?(?:missing|required|needed))",
        weight=64,
        judge=_is_named,
        facts={"any": "yes"},
    ),
    Phrase(
        "autoconf.could_not",
        "program",
        "configure: error:",
        rf"configure: error: (?:[Cc]ould(?: not|n't)|[Cc]an(?:not|'t)|[Uu]nable to|[Yy]ou (?:must|need to)) (?:find|locate|have|install) (?:an? |the )?(?:usable |working |suitable |valid )?[\u2018'`\"]?{_NAME}",
        weight=64,
        judge=_is_named,
        facts={"any": "yes"},
    ),
    Phrase(
        "autoconf.missing",
        "program",
        "configure: error: ",
        rf"configure: error: [Mm]issing (?:required )?[\u2018'`\"]?{_NAME}",
        weight=64,
        judge=_is_named,
        facts={"any": "yes"},
    ),
    # automake's missing, autoreconf, gnome-autogen and the many autogen.sh.
    Phrase(
        "automake.missing",
        "program",
        "is missing on your system",
        r"[\u2018'`\"](?P<subject>[a-z][a-z0-9]*)(?:-[\d.]+)?['\u2019\"] is missing on your system",
        weight=86,
    ),
    Phrase(
        "automake.needed",
        "program",
        "WARNING: '",
        r"WARNING: '(?P<subject>[a-z][a-z0-9]*)(?:-[\d.]+)?' is (?:missing|needed)",
        weight=80,
    ),
    Phrase(
        "autogen.installed",
        "program",
        "ou must have ",
        rf"[Yy]ou must have [\u2018'`\"]?{_NAME}['\u2019\"]? installed",
        weight=80,
        judge=_is_named,
    ),
    Phrase(
        "autogen.compile",
        "program",
        "needed to compile",
        rf"(?<![\w.+-]){_NAME}['\u2019\"]? (?:is|are) needed to compile",
        weight=70,
        judge=_is_named,
    ),
    # Macros that stayed as they were written, by who brings them.
    _missing_macro(
        "libtool",
        r"AC_PROG_LIBTOOL|AM_PROG_LIBTOOL|LT_INIT|LT_\w+|AC_(?:LIBTOOL|LTDL|DISABLE_STATIC|ENABLE_STATIC|DISABLE_SHARED|ENABLE_SHARED)\w*",
        "libtool",
    ),
    _missing_macro("gettext", r"AM_GNU_GETTEXT\w*|AM_ICONV\w*|AM_NLS|AM_PO_SUBDIRS|AC_LIB_\w+|gl_\w+", "autopoint"),
    _missing_macro("pkg_config", r"PKG_\w+", "pkg-config"),
    Phrase(
        "autoconf.unexpanded_command",
        "program",
        ": command not found",
        r"line \d+: (?P<macro>PKG_\w+): command not found",
        weight=86,
        subject="pkg-config",
    ),
    Phrase(
        "autoconf.unexpanded_archive",
        "library",
        ": command not found",
        r"line \d+: (?P<macro>AX_\w+): command not found",
        weight=86,
        subject="autoconf-archive",
        facts={"package": "autoconf-archive"},
    ),
    Phrase(
        "autoconf.macro_error",
        "program",
        "macro: AC_MSG_ERROR",
        r"undefined macro: AC_MSG_ERROR",
        weight=60,
        subject="pkg-config",
    ),
    _missing_macro("intltool", r"IT_PROG_INTLTOOL|AC_PROG_INTLTOOL", "intltoolize"),
    _missing_macro("gtk_doc", r"GTK_DOC_CHECK", "gtkdocize"),
    _missing_macro("introspection", r"GOBJECT_INTROSPECTION_\w+", "g-ir-scanner"),
    _missing_macro(
        "automake", r"AM_INIT_AUTOMAKE|AM_(?:CONDITIONAL|MAINTAINER_MODE|SILENT_RULES|PROG_\w+)", "automake"
    ),
    Phrase(
        "autoconf.macro_archive",
        "library",
        "macro: AX_",
        r"undefined macro: (?P<macro>AX_\w+)",
        weight=86,
        subject="autoconf-archive",
        facts={"package": "autoconf-archive"},
    ),
    Phrase(
        "automake.libtool", "program", "'LIBTOOL' is undefined", r"'LIBTOOL' is undefined", weight=86, subject="libtool"
    ),
    Phrase(
        "automake.ltmain", "program", "ltmain.sh' not found", r"ltmain\.sh' not found", weight=84, subject="libtool"
    ),
    Phrase(
        "autoconf.unexpanded",
        "program",
        "syntax error near unexpected token `",
        r"\n[^\n]*(?P<macro>PKG_CHECK_MODULES|PKG_PROG_PKG_CONFIG)\(",
        lines=2,
        weight=80,
        subject="pkg-config",
    ),
)
