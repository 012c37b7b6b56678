"""What libraries and build tools of Python print in words of their own where something beside them is not there."""

from __future__ import annotations

from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_DISTRIBUTION = MappingProxyType({"is": "distribution"})
# The name of a distribution before what pip says of its build.
_COLLECTED = (
    r"Collecting (?P<subject>[A-Za-z0-9][\w.-]{0,60}?)(?:[=<>~!][^\n]{1,60})?$(?:\n(?!Collecting)[^\n]{0,300}){0,8}"
    r"(?:Getting requirements to build wheel|Preparing metadata)[^\n]{0,60}(?:error|did not run)"
)
_UNMADE = r"generating package metadata\.?(?:\n[^\n]{0,20})?\n[^\n]{0,20}> (?!See )(?P<subject>[A-Za-z0-9][\w.-]{0,60})"
# uv, the chain of who depends on what is built: the project names the first of them.
_INCLUDED = r"`(?P<subject>[A-Za-z0-9][\w.-]{0,60})` \(v[^)\n]{1,40}\) was included because\s+(?P<chain>`[^:]{1,400}`)"

PHRASES = (
    # pandas, io/parquet.py: one of two is enough
    Phrase(
        "pandas.engine",
        "python_module",
        "Unable to find a usable engine",
        r"usable engine; tried using: '(?P<subject>pyarrow|openpyxl|fastparquet)'",
        weight=95,
        facts=_DISTRIBUTION,
    ),
    # What libraries say in words of their own where something beside them is not there.
    Phrase(
        "psycopg.wrapper",
        "python_module",
        "no pq wrapper available",
        r"no pq wrapper available",
        subject="psycopg",
        weight=95,
        facts=MappingProxyType({"is": "distribution", "extras": "binary"}),
    ),
    Phrase(
        "requests.socks",
        "python_module",
        "Missing dependencies for SOCKS support",
        r"Missing dependencies for SOCKS support",
        subject="pysocks",
        weight=90,
        facts=_DISTRIBUTION,
    ),
    Phrase(
        "kombu.redis",
        "python_module",
        "'NoneType' object has no attribute 'Redis'",
        r"'NoneType' object has no attribute 'Redis'",
        subject="redis",
        weight=90,
        facts=_DISTRIBUTION,
    ),
    Phrase(
        "uvicorn.websockets",
        "python_module",
        "No supported WebSocket library detected",
        r"No supported WebSocket library detected",
        subject="websockets",
        weight=70,
        facts=_DISTRIBUTION,
    ),
    Phrase(
        "flask.command",
        "python_module",
        "No such command 'db'",
        r"No such command 'db'",
        subject="flask-migrate",
        weight=80,
        facts=_DISTRIBUTION,
        judge=lambda _, text: "flask" in text.lower(),
    ),
    Phrase(
        "python.requires_version",
        "python_module",
        "equires `",
        r"equires `(?P<subject>[A-Za-z][\w.-]{1,60})\s?(?:[<>=!~]=?[\d.]{1,12})`",
        weight=75,
        facts=_DISTRIBUTION,
    ),
    Phrase(
        "sphinx.theme",
        "python_module",
        "no theme named",
        r"no theme named '(?P<subject>[\w-]{1,60})' found",
        weight=90,
    ),
    Phrase(
        "mkdocs.theme",
        "python_module",
        "nrecognised theme name",
        r"nrecognised theme name: '(?P<theme>[\w-]{1,60})'",
        subject="mkdocs-{theme}",
        weight=90,
        facts=_DISTRIBUTION,
    ),
    Phrase(
        "mkdocs.plugin",
        "python_module",
        "plugin is not installed",
        r"The \"(?P<plugin>[\w-]{1,60})\" plugin is not installed",
        subject="mkdocs-{plugin}",
        weight=90,
        facts=MappingProxyType({"is": "mkdocs-plugin"}),
    ),
    # uv, of what it was to run
    Phrase(
        "uv.spawn",
        "program",
        "Failed to spawn: `",
        r"Failed to spawn: `(?P<subject>[A-Za-z][\w.-]{0,60})`",
        weight=85,
    ),
    # What builds of wheels look for and is a program of the system.
    Phrase(
        "cmake.uninstalled",
        "program",
        "CMake is not installed on your system",
        r"CMake is not installed on your system",
        subject="cmake",
        weight=86,
    ),
    Phrase(
        "maturin.rust",
        "program",
        "Rust not found, installing into a temporary directory",
        r"Rust not found, installing into a temporary directory",
        subject="rustc",
        weight=86,
    ),
    Phrase(
        "qt.xcb_cursor",
        "soname",
        "xcb-cursor0 or libxcb-cursor0 is needed",
        r"xcb-cursor0 or libxcb-cursor0 is needed",
        subject="libxcb-cursor.so.0",
        weight=90,
    ),
    Phrase(
        "charlock.icu",
        "pkg_config",
        "icu required",
        r"icu required \(brew install icu4c",
        subject="icu-uc",
        weight=87,
    ),
    # A library that is built from source: what the build lacks stands elsewhere, or another version comes built.
    *(
        Phrase(
            f"pip.unbuilt_{number}",
            "unbuilt",
            hint,
            pattern,
            before=before,
            lines=lines,
            weight=weight,
        )
        for number, (hint, before, lines, weight, pattern) in enumerate(
            (
                (
                    "Failed building wheel for",
                    0,
                    1,
                    40,
                    r"Failed building wheel for (?P<subject>[A-Za-z0-9][\w.-]{0,60})",
                ),
                (
                    "Failed to build `",
                    0,
                    1,
                    40,
                    r"Failed to build `(?P<subject>[A-Za-z0-9][\w.-]{0,60}?)(?:==[^`\n]{1,30})?`",
                ),
                ("Getting requirements to build wheel", 8, 1, 40, _COLLECTED),
                ("Preparing metadata", 8, 1, 40, _COLLECTED),
                (
                    "likely not a problem with poetry but",
                    0,
                    1,
                    40,
                    r"problem with poetry but (?:one )?with (?P<subject>[A-Za-z0-9][\w.-]{0,60}) \(",
                ),
                (
                    "Encountered error while generating package metadata",
                    0,
                    3,
                    40,
                    _UNMADE,
                ),
                ("was included because", 0, 3, 45, _INCLUDED),
            )
        )
    ),
)
