"""What pkg-config and pkgconf print, and those who ask them."""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_NAME = r"(?P<subject>[A-Za-z0-9][\w.+-]{0,80})"


def _failed(match: re.Match[str], text: str) -> bool:
    """CMake and configure ask for what they can do without: there it counts where they then failed for it.

    CMake writes it behind `-- `, and says afterwards that a required package is not there.
    """
    if not match.string[: match.start()].rpartition("\n")[2].lstrip().startswith("--"):
        return True
    name = match["subject"]
    place = text.find("CMake Error", text.rfind(name))
    return place >= 0 and (
        "FindPkgConfig" in text[place : place + 600] or name.lower() in text[place : place + 600].lower()
    )


def _row(name: str, hint: str, pattern: str, weight: int = 90, before: int = 0, lines: int = 1) -> Phrase:
    return Phrase(name, "pkg_config", hint, pattern, weight=weight, before=before, lines=lines, judge=_failed)


PHRASES = (
    # pkg-config (pkg.c, parse.c) and pkgconf (cli/main.c, libpkgconf/pkg.c).
    _row("pkg_config.package", "not found in the pkg-config search path", rf"Package '?{_NAME}'? was not found in the"),
    _row("pkg_config.file", "the directory containing `", rf"directory containing [`'\"]{_NAME}\.pc['\"]"),
    _row("pkg_config.no_package", "No package '", rf"No package '{_NAME}' found"),
    _row("pkgconf.package", "Package '", rf"Package '{_NAME}'(?:, required by '[^'\n]*',)? not found"),
    _row("pkgconf.required", "equired by '", rf"Package '{_NAME}', required by '[^'\n]*', not found"),
    _row("pkgconf.virtual", "required by 'virtual:world'", rf"'{_NAME}', required by 'virtual:world'"),
    # A newer one is wanted: who provides it is the same, and what is declared has it too old.
    _row(
        "pkgconf.version",
        "required version is",
        rf"Package '{_NAME}' has version '(?P<found>[^'\n]*)', required version is '(?P<version>[^'\n]*)'",
        80,
    ),
    _row(
        "pkg_config.version",
        "Requested '",
        rf"Requested '{_NAME} (?P<version>[<>=]+ [^'\n]*)' but version of [^\n]* is (?P<found>\S+)",
        80,
    ),
    # Who asked: the crate pkg-config, node-gyp, setup.py files and Python's pkgconfig, Cabal, R's configure, Vala.
    _row("crate.package", "The system library `", rf"system library `{_NAME}` required by crate"),
    _row("crate.file", "The file `", rf"The file `{_NAME}\.pc` needs to be installed"),
    _row("gyp.package", "Call to 'pkg-config", rf"Call to 'pkg-config (?:--?[\w-]+ )*{_NAME}"),
    _row("python.package", "ackageNotFoundError: ", rf"pkgconfig\.[\w.]*PackageNotFoundError: {_NAME} not found"),
    _row(
        "python.exists",
        "pkg-config ",
        rf"ommand '(?:[\w./-]*/)?pkg-config (?:--?[\w=-]+ )*{_NAME}[^'\n]*' returned non-zero",
        70,
    ),
    _row(
        "python.exists_list",
        "'pkg-config'",
        rf"Command '\['(?:[\w./-]*/)?pkg-config'(?:, '--?[\w=-]+')*, '{_NAME}'[^\n]*returned non-zero",
        70,
    ),
    _row(
        "cabal.package",
        "pkg-config package",
        r"pkg-config package '?(?P<subject>[A-Za-z0-9][\w.+-]{0,80}?)(?:-any\b|(?![\w.+-])[\s\S]{0,80}?(?:is required but"
        r"|could not be found|not found in\s+the\s+pkg-config))",
        90,
        0,
        2,
    ),
    _row("r.configure", "Configuration failed because", rf"Configuration failed because {_NAME} was not found"),
    _row("r.configure_any", "Configuration failed to find", rf"Configuration failed to find (?:the )?{_NAME}"),
    _row(
        "vala.package",
        "specified Vala API directories",
        rf"Package [`'\u2018]{_NAME}['\u2019] not found in specified Vala",
    ),
    # pkg-config itself.
    *(
        Phrase(name, "program", hint, re.escape(hint), weight=weight, subject="pkg-config")
        for name, hint, weight in (
            ("pkg_config.missing_crate", "The pkg-config command could not be found", 88),
            ("pkg_config.missing_autoconf", "The pkg-config script could not be found or", 85),
            ("pkg_config.missing_old_autoconf", "pkg-config is required", 70),
            ("pkg_config.missing_meson", "Pkg-config binary for machine", 85),
            ("pkg_config.missing_meson_old", "Pkg-config not found", 80),
            ("pkg_config.missing_meson_host", "Pkg-config for machine", 85),
            ("pkg_config.missing_python", "Unable to invoke pkg-config", 85),
            ("pkg_config.missing_macro", "undefined macro: PKG_", 85),
        )
    ),
)
