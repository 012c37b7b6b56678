"""Why a variable, a program or a port is there, or is not: declared, applied, in the processes, in a shell.

Each of these places is looked at, in this order, and the first that lacks it says what to do. Values are compared and
never shown.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.candidate.basis import Basis
from devkeel.environments.active import active_name, good_of
from devkeel.environments.applied import is_there
from devkeel.errors import Unavailable, UsageError
from devkeel.inspection.declared_in import declared_port, declared_program, declared_variable
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.manager_state import ACTIVE, look
from devkeel.project.declaration import declared_revision, lock_revision
from devkeel.project.root import DECLARATION
from devkeel.runtime import process_tree
from devkeel.runtime.ports import port_holder
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.context import Context
    from devkeel.environments.applied import Good
    from devkeel.inspection.declared_in import Mention
    from devkeel.processes.manager_state import Sight

__all__ = ["KINDS", "Explanation", "Seen", "explain"]

Kind = Literal["variable", "program", "port"]
KINDS: tuple[Kind, ...] = ("variable", "program", "port")
_PORTS = range(1, 65_536)
# POSIX, 8.1: the names of variables that programs of the standard use.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROGRAM = re.compile(r"[^\0\n\r/\s]{1,200}")
_ENTERED = "DEVKEEL_ENVIRONMENT"
_ENTER = f"Let the shell evaluate what {do('enter')} prints."


class Seen(Struct, frozen=True):
    """One place that was looked at. present: None where it could not be looked at, or has no such thing."""

    place: Literal["declared", "applied", "processes", "shell", "machine"]
    present: bool | None
    text: str
    file: str | None = None
    line: int | None = None


class Explanation(Struct, frozen=True):
    """Where a variable, program or port is and is not. answer: in one sentence; next: what would change that."""

    name: str
    kind: Kind
    environment: str
    seen: tuple[Seen, ...]
    answer: str
    next: str | None = None


def explain(context: Context, name: str, kind: str | None, shell: Mapping[str, str] | None) -> Explanation:
    """Return where something is and is not; see `Environment.why`."""
    context = context.through(Basis(context.project))
    inquiry = _Inquiry(context, name, good_of(context), shell)
    chosen = _kind_of(inquiry, kind)
    return {"variable": _variable, "program": _program, "port": _port}[chosen](inquiry)


class _Inquiry(Struct, frozen=True):
    """What is asked for. good: the active environment as it was made; shell: the caller's variables."""

    context: Context
    name: str
    good: Good | None
    shell: Mapping[str, str] | None

    @property
    def made(self) -> Mapping[str, str]:
        """The variables of what was applied, where it is still there."""
        good = self.good
        return good.applied.variables if good is not None and is_there(self.context.project, good) else {}

    def behind(self) -> str | None:
        """Return why what was applied need not have what is declared, None where it is just that."""
        good, project = self.good, self.context.project
        if good is None:
            return "nothing was applied yet"
        if not is_there(project, good):
            return "what was applied is no longer there"
        now = declared_revision(project, self.context.declaration()), lock_revision(project)
        if good.is_of(now, project):
            return None
        changed = "the declaration has changed since it was applied"
        return f"what is applied {good.unlike()}" if good.applied.overridden else changed

    def answered(self, kind: Kind, seen: list[Seen], answer: str, step: str | None = None) -> Explanation:
        """Return the explanation."""
        return Explanation(self.name, kind, active_name(self.context), tuple(seen), answer, step)


def _kind_of(inquiry: _Inquiry, kind: str | None) -> Kind:
    name = inquiry.name
    if kind is None:
        shell = inquiry.shell or {}
        known = name in inquiry.made or name in shell or _is_declared(inquiry)
        likely = name.isupper() and _VARIABLE.fullmatch(name) is not None
        kind = "port" if name.isdecimal() else "variable" if known or likely else "program"
    checks: dict[str, Callable[[str], bool]] = {
        "port": lambda text: text.isascii() and text.isdecimal() and len(text) <= len("65535") and int(text) in _PORTS,
        "variable": lambda text: _VARIABLE.fullmatch(text) is not None,
        "program": lambda text: _PROGRAM.fullmatch(text) is not None,
    }
    found = next((item for item in KINDS if item == kind and checks[item](name)), None)
    if found is None:
        raise UsageError(
            "bad_name",
            f"{name[:80]!r} is not the name of a {kind}.",
            seen=name[:80],
            remedy="Name a variable such as DATABASE_URL, a program such as psql, or a port such as 5432.",
        )
    return found


def _is_declared(inquiry: _Inquiry) -> bool:
    return any(item.path == f"env.{inquiry.name}" for item in declared_variable(inquiry.context, inquiry.name))


def _declared(mentions: tuple[Mention, ...], nothing: str) -> list[Seen]:
    return [Seen("declared", item.holds, item.text, item.file, item.line) for item in mentions] or [
        Seen("declared", False, nothing)
    ]


def _variable(inquiry: _Inquiry) -> Explanation:
    name, made = inquiry.name, inquiry.made
    mentions = declared_variable(inquiry.context, name)
    seen = _declared(mentions, f"No file of the declaration that could be read names {name}.")
    declared, beside = any(item.holds for item in mentions), next((item for item in mentions if not item.holds), None)
    behind = inquiry.behind()
    seen.append(_applied_variable(inquiry, behind))
    processes = _in_processes(inquiry)
    seen.append(processes)
    seen.append(_in_shell(inquiry))
    if name not in made:
        return inquiry.answered("variable", seen, *_why_not_applied(inquiry, behind, beside, declared=declared))
    shell = inquiry.shell
    if shell is not None and shell.get(name) != made[name]:
        how = "has another value" if name in shell else "does not have it"
        why = "entered the environment before this was applied" if _ENTERED in shell else "is not in the environment"
        return inquiry.answered(
            "variable", seen, f"{name} is in what was applied; this shell {how}, because it {why}.", _ENTER
        )
    if processes.present is False:
        return inquiry.answered(
            "variable", seen, f"{name} is in what was applied, and not in what every process sees.", do("restart")
        )
    where = "and in this shell" if shell is not None else "and commands that run in the environment see it"
    return inquiry.answered("variable", seen, f"{name} is in what was applied, {where}.", behind and do("apply"))


def _why_not_applied(
    inquiry: _Inquiry, behind: str | None, beside: Mention | None, *, declared: bool
) -> tuple[str, str | None]:
    name = inquiry.name
    # Variables are declared in a devenv.nix alone: without one there is no edit to name.
    setting = do("set") if inquiry.context.source.exists(DECLARATION) else None
    if declared and behind is not None:
        return f"{name} is declared, and {behind}.", do("apply")
    if declared:
        told = (
            f"{name} is declared, and what was applied of this declaration does not have it: look where it is declared."
        )
        return told, do("inspect", prefix="env")
    if beside:
        return f"{name} stands in {beside.file}: {beside.text}.", setting
    if inquiry.shell is not None and name in inquiry.shell:
        return f"{name} is from outside: this shell has it, the declaration does not.", setting
    return f"{name} is not declared where devkeel looked.", setting


def _applied_variable(inquiry: _Inquiry, behind: str | None) -> Seen:
    if inquiry.good is None:
        return Seen("applied", False, "Nothing was applied yet.")
    has = inquiry.name in inquiry.made
    told = f"The environment {inquiry.good.name} {'has' if has else 'does not have'} it"
    return Seen("applied", has, f"{told}; {behind}." if behind else f"{told}.")


def _in_shell(inquiry: _Inquiry) -> Seen:
    name, shell, made = inquiry.name, inquiry.shell, inquiry.made
    if shell is None:
        return Seen("shell", None, "A shell of yours cannot be looked into from here: ask in it, with the command.")
    entered = shell.get(_ENTERED)
    told = f"This shell is in the environment {entered}" if entered else "This shell is not in the environment"
    if name not in shell:
        return Seen("shell", False, f"{told}, and does not have it.")
    same = f", {'with' if shell[name] == made[name] else 'without'} the value that was applied" if name in made else ""
    return Seen("shell", True, f"{told}, and has it{same}.")


def _sight(inquiry: _Inquiry) -> Sight | None:
    try:
        sight = look(inquiry.context.project, ManagerSocket(inquiry.context.project.root))
    except Unavailable:
        return None
    return sight if sight.running else None


def _in_processes(inquiry: _Inquiry) -> Seen:
    sight = _sight(inquiry)
    if sight is None or sight.pid is None:
        return Seen("processes", None, "No process manager of this project runs.")
    name, made = inquiry.name, inquiry.made
    every = [(item, process_tree.variables_of(item.pid)) for item in process_tree.family([sight.pid])]
    looked = [(str(item), found) for item, found in every if found and item.pid != sight.pid]
    if not looked:
        return Seen("processes", None, "No process runs whose variables this user may see.")
    lacking = [item for item, found in looked if name not in found]
    other = [item for item, found in looked if name in made and found.get(name, made[name]) != made[name]]
    if lacking:
        return Seen("processes", False, f"These do not have it: {_few(lacking)}.")
    if other:
        return Seen("processes", False, f"These have another value than what was applied: {_few(other)}.")
    return Seen("processes", True, f"All {len(looked)} that run have it.")


def _few(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _program(inquiry: _Inquiry) -> Explanation:
    name = inquiry.name
    mentions = declared_program(inquiry.context, name)
    behind = inquiry.behind()
    inside = shutil.which(name, path=inquiry.made.get("PATH", ""))
    seen = _declared(mentions, f"No package, script, language or library of the declaration is called {name}.")
    seen.append(_applied_program(inquiry, inside, behind))
    seen.append(_program_in_shell(inquiry, inside))
    shell = inquiry.shell
    if inside is None:
        if any(item.holds for item in mentions) and behind is not None:
            return inquiry.answered("program", seen, f"{name} is declared, and {behind}.", do("apply"))
        host = shutil.which(name, path=(shell if shell is not None else os.environ).get("PATH"))
        told = f"; the host has one of its own: {host}" if host else ""
        return inquiry.answered("program", seen, f"{name} is not in what was applied{told}.", do("search"))
    if shell is not None and not _same(shutil.which(name, path=shell.get("PATH", "")), inside):
        return inquiry.answered(
            "program", seen, f"The environment has {name}, and this shell finds another or none.", _ENTER
        )
    return inquiry.answered("program", seen, f"{name} is in what was applied: {inside}.", behind and do("apply"))


def _applied_program(inquiry: _Inquiry, inside: str | None, behind: str | None) -> Seen:
    if inquiry.good is None:
        return Seen("applied", False, "Nothing was applied yet.")
    told = f"The environment {inquiry.good.name} has it: {inside}" if inside else "What was applied does not have it"
    return Seen("applied", inside is not None, f"{told}; {behind}." if behind else f"{told}.")


def _program_in_shell(inquiry: _Inquiry, inside: str | None) -> Seen:
    if inquiry.shell is None:
        return Seen("shell", None, "A shell of yours cannot be looked into from here: ask in it, with the command.")
    found = shutil.which(inquiry.name, path=inquiry.shell.get("PATH", ""))
    if found is None:
        return Seen("shell", False, "This shell does not find it.")
    whose = "that of the environment" if _same(found, inside) else "not that of the environment"
    return Seen("shell", True, f"This shell finds {found}, {whose}.")


def _same(found: str | None, inside: str | None) -> bool:
    return found is not None and inside is not None and Path(found).absolute() == Path(inside).absolute()


def _port(inquiry: _Inquiry) -> Explanation:
    number = int(inquiry.name)
    mentions = declared_port(inquiry.context, number)
    seen = _declared(mentions, f"No file of the declaration that could be read has the port {number}.")
    sight = _sight(inquiry)
    owners = (
        [] if sight is None else [item for item in sight.processes if any(_is(port, number) for port in item.ports)]
    )
    listens = port_holder(number)
    names = ", ".join(f"{item.name} ({item.phase})" for item in owners)
    if sight is None:
        seen.append(Seen("processes", None, "No process manager of this project runs."))
    else:
        seen.append(Seen("processes", bool(owners), f"It belongs to {names}." if owners else "No process has it."))
    told = f"{listens} listens there." if listens else "Nothing listens there."
    seen.append(Seen("machine", listens is not None, told))
    if owners and any(item.phase in ACTIVE for item in owners):
        held = f" {told}" if listens else f" {told} It is not ready yet, or has failed."
        return inquiry.answered(
            "port", seen, f"Port {number} is that of {names}.{held}", do("log", name=owners[0].name)
        )
    if listens:
        declares = "declares" if mentions else "does not declare"
        started = [] if sight is None or sight.pid is None else process_tree.family([sight.pid])
        whose = (
            "which a process of this project started"
            if any(f"(PID {item.pid})" in listens for item in started)
            else "which is no process of this project"
        )
        told = f"Port {number} is held by {listens}, {whose}."
        return inquiry.answered("port", seen, f"{told} The project {declares} the port.", do("processes"))
    if mentions:
        return inquiry.answered("port", seen, f"Port {number} is declared, and its process does not run.", do("start"))
    return inquiry.answered("port", seen, f"Port {number} is not declared, and nothing listens there.", do("processes"))


def _is(port: str, number: int) -> bool:
    return port.rpartition(":")[2] == str(number)
