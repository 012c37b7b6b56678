"""Which Python an environment has, by the records in it: no program of it runs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.backends.backend import Applied

__all__ = ["python_of"]

# PEP 405 has `version` there; uv and virtualenv say `version_info`.
_SETTING = re.compile(r"^version(?:_info)?\s*=\s*(\d+(?:\.\d+)*)", re.MULTILINE)
_CONDA = re.compile(r"python-(\d+(?:\.\d+)*)-[^-]*\.json")
# The name of a store path has that of its derivation (Nix manual, Store paths): python3-3.12.4, python3-3.12.4-env.
_STORE = re.compile(r"/nix/store/[^/]*-python3?-(\d+(?:\.\d+)+)")


def python_of(applied: Applied) -> str | None:
    """Return the version of the Python of an environment; None where it has none, or does not say."""
    prefix = Path(applied.prefix)
    try:
        return _found(_SETTING.search((prefix / "pyvenv.cfg").read_text("utf-8", "replace")))
    except OSError:
        pass
    try:
        names = os.listdir(prefix / "conda-meta")  # noqa: PTH208  (names alone)
    except OSError:
        return _found(_STORE.search(_python_on(applied.variables.get("PATH", ""))))
    return next((found[1] for name in sorted(names) if (found := _CONDA.fullmatch(name))), None)


def _found(match: re.Match[str] | None) -> str | None:
    return None if match is None else match[1]


def _python_on(path: str) -> str:
    """Return where the Python of a search path is, behind its links."""
    places = (os.path.join(folder, "python3") for folder in path.split(os.pathsep) if folder)  # noqa: PTH118
    return next((os.path.realpath(place) for place in places if os.path.lexists(place)), "")
