"""The programs that install Python libraries: where they are, and what they may see of this process' environment."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.runtime import find_program, is_foreign, looking, run
from devkeel.runtime.holding import HeldProgram, run_held

__all__ = ["behind", "find_python", "find_uv", "pip_of", "told_by", "tool_environment"]

if TYPE_CHECKING:
    from devkeel.runtime import Completed

# What a Python is asked of itself, `os` and `sys` being there: where it is, and for a virtual environment, which
# `pyvenv.cfg` makes one (PEP 405), where the one is that it was made of, as `venv` asks (Lib/venv/__init__.py).
_PLACES = "sys.executable, os.path.isfile(os.path.join(sys.prefix, 'pyvenv.cfg')) and sys._base_executable or ''"
_ASK = (
    f"import os, sys, sysconfig; print({_PLACES}, '.'.join(map(str, sys.version_info[:3])), sys.implementation.name,"
    # PEP 703: a build without the GIL says so in its configuration.
    " bool(sysconfig.get_config_var('Py_GIL_DISABLED')), sep='\\n')"
)
_SECONDS = 30.0
# A script of a version manager and the Python behind it are asked once.
_TOLD: list[tuple[str, ...]] = []

# How these tools find their index, certificates, caches and proxies; nothing that names a project of this process.
_PREFIXES = ("PIP_", "UV_", "NPM_CONFIG_", "npm_config_", "CARGO_", "GO", "BUNDLE_", "CONDA_PKGS_", "MAMBA_")
_NAMES = frozenset(
    {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NETRC", "XDG_DATA_HOME"}
    | {name for base in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (base, base.lower())}
)
_ELSEWHERE = frozenset(
    {*("UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"), "PIP_TARGET", "PIP_PREFIX"}
)


def find_uv() -> str | None:
    """Return uv: the one on PATH, else the one beside the Python that runs devkeel."""
    beside = Path(sys.executable).parent / "uv"
    return find_program("uv") or (str(beside) if os.access(beside, os.X_OK) else None)


def find_python() -> str:
    """Return the Python that environments are made of where a call names none: the one on PATH, else our own.

    Never one of a project: in a shell that is in the project's environment, that is what PATH has first.
    """
    itself = _first_python()
    if is_foreign(itself):
        with looking():
            itself = _first_python()
    return sys.executable if is_foreign(itself) else itself


def _first_python() -> str:
    found = find_program("python3") or find_program("python")
    return _itself(found) if found else sys.executable


def behind(place: str, base: str) -> str:
    """Return the Python that a project's own virtual environment was made of, any other one as it is.

    An environment that is made of another goes when that one goes, and resolvers see none that is in the project.
    place, base: what a Python says of `told_by`.
    """
    return base if base and is_foreign(place) and os.access(base, os.X_OK) else place


def _itself(found: str) -> str:
    """Return the interpreter behind a name on PATH: version managers put slow scripts there, environments links."""
    told = told_by(found)
    return found if told is None else behind(told[0], told[1])


@cache
def told_by(place: str) -> tuple[str, ...] | None:
    """Ask a Python where and what it is; None where it does not answer, as a version manager's script for what is gone.

    Five lines: itself, what it was made of, its version, its kind, whether it is without the GIL.
    """
    known = next((told for told in _TOLD if told[0] == place), None)
    if known is not None:
        return known
    try:
        done = _run(place, "-I", "-c", _ASK)
    except Unavailable:
        return None
    told = tuple(done.stdout.decode("utf-8", "replace").split("\n"))
    if done.returncode or len(told) < 5 or not os.access(told[0], os.X_OK):  # noqa: PLR2004  (its five lines)
        return None
    _TOLD.append(told)
    return told


def pip_of(python: str) -> tuple[str, ...]:
    """Return the words that run pip for an interpreter: its own, or where it has none ours (Debian's comes without)."""
    if python == sys.executable or _has_pip(python) or not _has_pip(sys.executable):
        return (python, "-m", "pip")
    # pip 22.3 and later run themselves with the interpreter of another environment (pip documentation, `pip`).
    return (sys.executable, "-m", "pip", "--python", python)


@cache
def _has_pip(python: str) -> bool:
    look = "import sys; from importlib.util import find_spec; sys.exit(find_spec('pip') is None)"
    try:
        return _run(python, "-I", "-c", look).returncode == 0
    except Unavailable:
        return False


def _run(python: str, *arguments: str) -> Completed:
    """Ask a Python; one that is the project's is held where the caller is."""
    argv = (python, *arguments)
    if is_foreign(python):
        return run_held(HeldProgram(argv, timeout=_SECONDS))
    return run(argv, timeout=_SECONDS)


def tool_environment() -> dict[str, str]:
    """Return the variables that installers need beside the few that every child has."""
    found = {
        name: value
        for name, value in os.environ.items()
        if (name in _NAMES or name.startswith(_PREFIXES)) and name not in _ELSEWHERE
    }
    # An interpreter is a tool: it is installed when the caller asks for it.
    # uv would fetch a Python that is missing by itself (uv, `python-downloads`: automatic, manual, never).
    return found | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
