"""Which processes the text of a declaration names, without evaluating it: enough to offer them, not to promise them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.processes.procfile import procfile
from devkeel.project.declaration import read_declaration
from devkeel.project.root import DECLARATION, PROCFILE
from devkeel.project.survey import survey

if TYPE_CHECKING:
    from devkeel.project.root import Project

__all__ = ["NamedProcess", "named_processes"]

_NAMED = re.compile(r'processes\.(?P<quote>"?)(?P<name>[^."]+|(?<=")[^"]+)(?P=quote)(?:\.|$)')
_SERVICE = re.compile(r"services\.(?P<name>[\w-]+)\.enable")


class NamedProcess(Struct, frozen=True):
    """A process that the declaration names. kind: a service names its process itself, mostly so.

    file, line: where.
    """

    name: str
    kind: Literal["process", "service"]
    file: str
    line: int | None = None


def named_processes(project: Project) -> tuple[NamedProcess, ...]:
    """Return the processes that the text names, by name; what cannot be read names none."""
    found: dict[str, NamedProcess] = {}
    with suppress(DevkeelError):
        if not project.exists(DECLARATION):
            names = procfile(project.read(PROCFILE) or b"")
            return tuple(NamedProcess(name, "process", PROCFILE) for name in sorted(names))
        for item in survey(read_declaration(project), None).definitions:
            named = _NAMED.match(item.path)
            service = _SERVICE.fullmatch(item.path) if item.value is True else None
            if named is not None:
                found[named["name"]] = NamedProcess(named["name"], "process", item.file, item.line)
            elif service is not None:
                found.setdefault(service["name"], NamedProcess(service["name"], "service", item.file, item.line))
    return tuple(found[name] for name in sorted(found))
