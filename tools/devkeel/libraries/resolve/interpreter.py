"""The Python that an environment is made of: one that fits what the project declares, or a refusal.

Looked at in this order: what the call names; the Python on PATH; what uv finds; `python3.N` on PATH; pyenv's own.
Nothing is downloaded here.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Place, Unavailable
from devkeel.libraries.resolve.declared_python import WantedPython, declared_python, exclude_each_other, wanted_version
from devkeel.libraries.resolve.installers import behind, find_python, find_uv, told_by, tool_environment
from devkeel.runtime import find_program, is_foreign, run
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Interpreter", "install_python", "interpreter"]

_CALL = "the call"
_MINORS = range(7, 31)
_SECONDS = 30.0
_INSTALL_SECONDS = 600.0


class Interpreter(Struct, frozen=True):
    """A Python of this machine. path: the program itself. notes: what the project says that could not be followed."""

    path: str
    version: str
    kind: str
    free: bool
    notes: tuple[str, ...] = ()


def interpreter(files: Mapping[str, bytes], named: str | None = None) -> Interpreter:
    """Return the Python for a project with these files. named: a version, a program or a path that the call gives.

    Where the call names one, it goes before what the files pin; a range that pyproject.toml requires holds all the
    same. Raises Unavailable `python_missing` where no Python of this machine fits.
    """
    declared = declared_python(files)
    wanted = tuple(item for item in declared if item.versions is not None)
    asked = wanted_version(_CALL, named) if named is not None else None
    if asked is not None:
        wanted = tuple(item for item in wanted if item.kind is None)
        wanted += (asked,) if asked.versions is not None else ()
    program = named if asked is not None and asked.versions is None else None
    found = next((item for item in _candidates(wanted, program) if _fits(item, wanted)), None)
    if found is None:
        raise _missing(wanted, program)
    unread = (item for item in declared if item.versions is None)
    notes = tuple(
        f"{item.file} says {item.text!r}, which is no version of Python: it was not followed." for item in unread
    )
    return Interpreter(found.path, found.version, found.kind, found.free, notes)


def _fits(found: Interpreter, wanted: Iterable[WantedPython]) -> bool:
    return all(item.fits(found.version, found.kind, free=found.free) for item in wanted)


def _candidates(wanted: tuple[WantedPython, ...], program: str | None) -> Iterator[Interpreter]:
    """Yield the Pythons of this machine, the likeliest first; each is asked who it is when its turn comes."""
    places = _places(wanted) if program is None else iter([find_program(program) or program])
    for place in places:
        found = _asked(place)
        if found is not None and (program is not None or not is_foreign(found.path)):
            yield found


def _places(wanted: tuple[WantedPython, ...]) -> Iterator[str]:
    yield find_python()
    found = _found_by_uv(_request(wanted))
    if found is not None:
        yield found
    for minor in reversed(_MINORS):
        place = find_program(f"python3.{minor}")
        if place is not None:
            yield place
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from (str(path) for path in sorted(pyenv.glob("*/bin/python"), reverse=True))
    yield sys.executable


def _request(wanted: tuple[WantedPython, ...]) -> str:
    """Return the same in the words of uv: a build by its name, else the ranges together."""
    named = next((item.text for item in wanted if item.kind is not None), None)
    if named is not None and re.fullmatch(r"[\w.@+-]+", named):
        return named
    return ",".join(filter(None, (str(item.versions) for item in wanted)))


def _found_by_uv(request: str) -> str | None:
    uv = find_uv()
    if uv is None or not request:
        return None
    # `--system`: without it uv answers with a virtual environment that is active or lies above (uv, `python find`).
    argv = (uv, "python", "find", "--no-project", "--no-config", "--system", request)
    done = run(argv, timeout=_SECONDS, environment=tool_environment())
    return None if done.returncode else done.stdout.decode("utf-8", "replace").strip() or None


@cache
def _asked(place: str) -> Interpreter | None:
    """Ask a Python who it is; None where it does not answer, as a version manager's script does for what is absent."""
    told = told_by(place)
    if told is None:
        return None
    return Interpreter(behind(told[0], told[1]), told[2], told[3], told[4] == "True")


def _missing(wanted: tuple[WantedPython, ...], program: str | None) -> Unavailable:
    says = "; ".join(f"{item.file} asks for Python {item.text}" for item in wanted) or f"the call names {program}"
    says = f"The{says[3:]}" if says.startswith("the ") else says  # the name of a file stays as it is
    if exclude_each_other(wanted):
        return Unavailable(
            "python_missing",
            f"{says}, and no Python is both. The environment is as it was.",
            place=Place(next(item.file for item in wanted if item.file != _CALL)),
            seen=_request(wanted),
            remedy="Make them agree: change one of them.",
        )
    request = _request(wanted)
    default = _asked(find_python())
    # The place to look at first: what not even the Python on PATH is.
    unmet = [item for item in wanted if default is None or not _fits(default, (item,))] or wanted
    file = next((item.file for item in unmet if item.file != _CALL), None)
    has = f"the one on PATH is {default.version}" if default else "there is none on PATH"
    fetch = (
        f"`uv python install '{request}'` fetches one, as {do('bootstrap')} does; or install"
        if find_uv()
        else "Install"
    )
    return Unavailable(
        "python_missing",
        f"{says}, and this machine has none that fits: {has}. The environment is as it was.",
        place=Place(file) if file else None,
        seen=request or program,
        remedy=f"{fetch} it with the system's means; or change what {file or 'the call'} asks for.",
        details={"bootstrap": f"python {request}"} if find_uv() and request else {},
    )


def install_python(request: str) -> str:
    """Let uv fetch a Python into the user's own directory of them, and return its path; only ever called when asked.

    request: a version or a range in uv's words. Raises Unavailable `bootstrap_failed`.
    """
    uv = find_uv() or "uv"
    argv = (uv, "python", "install", "--quiet", "--no-config", "--no-bin", request)
    variables = tool_environment() | {"UV_PYTHON_DOWNLOADS": "manual"}
    done = run(argv, timeout=_INSTALL_SECONDS, environment=variables)
    found = None if done.returncode else _found_by_uv(request)
    if found is None:
        told = done.stderr.decode("utf-8", "replace").strip()[-500:] or "uv does not find what it installed"
        raise Unavailable(
            "bootstrap_failed",
            f"Python {request} could not be installed: {told}.",
            seen=request,
            remedy="Install it by hand, or name a mirror with UV_PYTHON_INSTALL_MIRROR.",
        )
    return found
