"""A Procfile: what a project without a devenv.nix says of its processes, read as foreman and honcho read it.

A line is `NAME: COMMAND`, the command shell text; `.env` beside it has variables for all of them. Those two read what
they understand and pass over the rest; here a line that is neither a process, nor a comment, nor empty is refused,
for a process that was left out would be missed only later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import Place, ProjectError
from devkeel.processes.plan import Plan, PlannedProcess, Readiness
from devkeel.project.root import DOTENV, PROCFILE
from devkeel.runtime.ports import port_holder
from devkeel.text.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from devkeel.project.root import Project

__all__ = ["ProcfilePlan", "dotenv", "procfile"]

_PORT = "PORT"
# foreman, lib/foreman/procfile.rb, `parse`; honcho, honcho/environ.py, `PROCFILE_LINE`: the same names.
_LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")
# foreman, lib/foreman/env.rb; honcho, honcho/environ.py, `parse`: no comments behind a value, no other variables in it.
_VARIABLE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_ESCAPED = re.compile(r"\\(.)")
# foreman, lib/foreman/engine.rb, `port_for`: PORT is 5000, and 100 more for each further process.
_FIRST, _STEP = 5000, 100
_USES_PORT = re.compile(r"\$(?:PORT\b|\{PORT\b)")


class ProcfilePlan:
    """Makes the plan of a project's Procfile; a `PlanMaker`."""

    def __init__(self, project: Project, entered: Mapping[str, str]) -> None:
        """Read nothing yet. entered: the variables of the environment that is applied."""
        self._project = project
        self._entered = entered

    def __call__(
        self,
        ports: Mapping[tuple[str, str], int],
        asked: Sequence[str] | None = None,  # noqa: ARG002  (all of a Procfile can be started)
    ) -> Plan:
        """Return the plan; see `PlanMaker`.

        One that is missing has no processes. Raises ProjectError `bad_procfile`, and what entering raises.
        """
        commands = procfile(self._project.read(PROCFILE) or b"")
        own = self._project.read(DOTENV)
        variables = {**self._entered, **({} if own is None else dotenv(own))}
        first = variables.get(_PORT, "")
        base = int(first) if first.isdecimal() else _FIRST
        root = str(self._project.root)
        made = tuple(
            _process(name, command, root, ports, base + _STEP * number)
            for number, (name, command) in enumerate(commands.items())
        )
        seen = {name: value for name, value in variables.items() if name != _PORT}
        return Plan(made, variables=seen, notes=tuple(_moved(made)))


def procfile(data: bytes) -> dict[str, str]:
    """Return the commands of a Procfile by the names of their processes; raises ProjectError `bad_procfile`."""
    found: dict[str, str] = {}
    for number, line in _lines(data, PROCFILE):
        match = _LINE.fullmatch(line)
        if match is None:
            raise _bad(PROCFILE, number, "This is no process: a line is a name, a colon and a command.", line)
        if match["name"] in found:
            raise _bad(PROCFILE, number, f"There is a process {match['name']} already.", line)
        found[match["name"]] = match["command"]
    return found


def dotenv(data: bytes) -> dict[str, str]:
    """Return the variables of an .env; raises ProjectError `bad_procfile`, which shows no value."""
    found = {}
    for number, line in _lines(data, DOTENV):
        match = _VARIABLE.fullmatch(line)
        if match is None:
            raise _bad(DOTENV, number, "This is no variable: a line is a name, an equals sign and a value.", None)
        found[match["name"]] = _unquoted(match["value"])
    return found


def _process(name: str, command: str, root: str, ports: Mapping[tuple[str, str], int], wished: int) -> PlannedProcess:
    number = ports.get((name, "main"), wished)
    # Only what uses its port can be expected to listen on it.
    uses = _USES_PORT.search(command) is not None
    ready = Readiness(tcp=(f"127.0.0.1:{number}", f"[::1]:{number}")) if uses else None
    return PlannedProcess(
        name,
        ("sh", "-c", command),
        root,
        {_PORT: str(number), "PS": f"{name}.1"},
        ready=ready,
        ports={"main": number} if uses else {},
        wanted={"main": wished} if uses else {},
    )


def _moved(processes: Iterable[PlannedProcess]) -> Iterator[str]:
    """Say which ports are others than those that the order of the processes gives."""
    for item in processes:
        for name, wished in item.wanted.items():
            if item.ports[name] != wished:
                who = port_holder(wished) or "another process"
                yield f"{item.name} has port {item.ports[name]}: {wished} is held by {clean(who)}."


def _lines(data: bytes, file: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, with their numbers."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(file, data[: error.start].count(b"\n") + 1, "This is no UTF-8.", None) from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip() if file == DOTENV else line.rstrip()


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1]
    if len(value) > 1 and value[0] == value[-1] == '"':
        return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], value[1:-1])
    return value.strip()


def _bad(file: str, line: int, message: str, seen: str | None) -> ProjectError:
    return ProjectError(
        "bad_procfile",
        message,
        place=Place(file, line),
        seen=None if seen is None else seen[:200],
        remedy="Correct that line, or begin it with # to leave it out.",
    )
