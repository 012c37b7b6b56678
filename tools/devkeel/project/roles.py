"""Roles and who has which: `[roles.NAME]` and `[callers]` of devkeel.toml. What they say only ever narrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from msgspec import Struct

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.text import wording
else:
    wording = Deferred("devkeel.text.wording")

__all__ = ["CALLERS", "NAMES", "ROLES", "Callers", "PermissionName", "Role", "RoleTable", "roles_in"]

PermissionName = Literal["read", "write", "build", "execute", "network", "publish"]
NAMES: tuple[PermissionName, ...] = get_args(PermissionName)
ROLES, CALLERS = "roles", "callers"
_ROLE = ("permissions", "sandbox")
_CALLER = ("default", "command", "clients")


def _nowhere(_: tuple[str, ...]) -> int | None:
    return None


class Role(Struct, frozen=True):
    """What those who have it may do. sandbox: whether what they run is enclosed."""

    name: str
    permissions: frozenset[str]
    sandbox: bool = False


class Callers(Struct, frozen=True):
    """Who has which role, by its name. clients: by the beginning of what a client calls itself."""

    default: str | None = None
    command: str | None = None
    clients: Mapping[str, str] = {}


class RoleTable(Struct, frozen=True):
    """The roles of a project, by their names, and who has them. line: finds that of a key of devkeel.toml."""

    roles: Mapping[str, Role] = {}
    callers: Callers = Callers()
    line: Callable[[tuple[str, ...]], int | None] = _nowhere

    def line_of(self, role: str) -> int | None:
        """Return the line of a role's permissions."""
        return self.line((ROLES, role, "permissions"))


def roles_in(
    roles: Mapping[str, Any],
    callers: Mapping[str, Any],
    wrong: Callable[[str, tuple[str, ...]], Exception],
    line: Callable[[tuple[str, ...]], int | None],
) -> RoleTable:
    """Return what two tables say. wrong: makes the error for a key. line: has its line."""
    found = {name: _role(name, table, wrong) for name, table in roles.items()}
    for key in callers:
        if key not in _CALLER:
            raise wrong(f"{CALLERS} takes {', '.join(_CALLER)}, and not {key[:80]}", (CALLERS, key))
    clients = callers.get("clients", {})
    if not isinstance(clients, dict):
        raise wrong("clients takes a table: what a client calls itself, and its role", (CALLERS, "clients"))
    named = {key: callers[key] for key in ("default", "command") if key in callers}
    for key, role in (*named.items(), *clients.items()):
        where = (CALLERS, key) if key in named else (CALLERS, "clients", key)
        if not isinstance(role, str) or role not in found:
            known = wording.nearest(str(role), sorted(found))
            meant = f"; there is {', '.join(known)}" if known else ""
            raise wrong(f"{key[:80]} has a role that is not there: {str(role)[:80]!r}{meant}", where)
    return RoleTable(found, Callers(**named, clients=clients), line)


def _role(name: str, table: object, wrong: Callable[[str, tuple[str, ...]], Exception]) -> Role:
    where = (ROLES, name)
    if not isinstance(table, dict) or "permissions" not in table:
        raise wrong(f"the role {name[:80]} is a table with a list of permissions", where)
    for key in table:
        if key not in _ROLE:
            raise wrong(f"a role takes {', '.join(_ROLE)}, and not {key[:80]}", (*where, key))
    given, sandbox = table["permissions"], table.get("sandbox", False)
    place = (*where, "permissions")
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise wrong(f"permissions is a list of {', '.join(NAMES)}", place)
    for item in given:
        if item not in NAMES:
            known = wording.nearest(item[:80], NAMES)
            meant = f"; there is {', '.join(known)}" if known else f"; there are {', '.join(NAMES)}"
            raise wrong(f"{item[:80]!r} is no permission{meant}", place)
    if not isinstance(sandbox, bool):
        raise wrong("sandbox is true or false", (*where, "sandbox"))
    return Role(name, frozenset(given), sandbox)
