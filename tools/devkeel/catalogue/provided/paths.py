"""What a file of a package provides, by its path alone."""

from __future__ import annotations

import re

__all__ = ["KINDS", "distribution", "provided"]

KINDS = ("program", "header", "library", "pkg_config", "cmake", "python_module")

_PROGRAM = re.compile(r"/s?bin/([^/]+)")
# A header with up to two folders above it; of what lies deeper, those two folders, with a slash behind them.
_HEADER = re.compile(r"/include/(?:((?:[^/]+/){0,2}[^/]+)|((?:[^/]+/){2}).+)")
_LIBRARY = re.compile(r"/lib(?:64)?/(lib[^/]+?\.(?:so(?:\.[0-9.]+)?|a))")
_PKG_CONFIG = re.compile(r"/(?:lib|lib64|share)/(?:[^/]+/)?pkgconfig/([^/]+)\.pc")
_CMAKE = re.compile(r"/(?:lib|lib64|share)/(?:.*/)?([^/]+?)(?:Config|-config)\.cmake")
_SITE = r"/lib/python3\.\d+/site-packages/"
_MODULE = re.compile(
    _SITE + r"((?:[A-Za-z_]\w*/){0,2}?[A-Za-z_]\w*?)(?:/__init__\.py|\.py|(?:\.(?:cpython|abi3)[\w.-]*)?\.so)"
)
_METADATA = re.compile(_SITE + r"(?:([\w.]+)-[^/]+\.(?:dist|egg)-info/(?:METADATA|PKG-INFO)|([\w.]+)-[^/]+\.egg-info)")
# What no program is started by: a wrapper's inside, a part of a name that only a package's own programs use.
_INNER = re.compile(r"\..*-wrapped_*|\.")


def provided(path: str, *, runs: bool) -> tuple[str, str] | None:
    """Return what a path of a package gives others, as kind and name; None for the rest.

    runs: whether the file is executable, or a link.
    """
    if runs and path.startswith(("/bin/", "/sbin/")):
        match = _PROGRAM.fullmatch(path)
        return None if match is None or _INNER.match(match[1]) else ("program", match[1])
    for kind, pattern in _BY_KIND:
        if (match := pattern.fullmatch(path)) is not None:
            name = match[1] or match[2]
            return kind, name.replace("/", ".") if kind == "python_module" else name
    return None


_BY_KIND = (
    ("header", _HEADER),
    ("pkg_config", _PKG_CONFIG),
    ("library", _LIBRARY),
    ("cmake", _CMAKE),
    ("python_module", _MODULE),
)


def distribution(path: str) -> str | None:
    """Return the distribution of Python whose metadata a path is."""
    match = _METADATA.fullmatch(path)
    return None if match is None else match[1] or match[2]
