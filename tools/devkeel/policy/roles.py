"""Who calls, and what that leaves of what may be done: the roles that a caller was started or is named with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import Place, PolicyRefused
from devkeel.policy.permission import Limit
from devkeel.project.root import SETTINGS

if TYPE_CHECKING:
    from devkeel.policy.permission import Permission
    from devkeel.project.roles import RoleTable
    from devkeel.text import wording
else:
    wording = Deferred("devkeel.text.wording")

__all__ = ["LIBRARY", "MAINTAINER", "Caller", "NamedRole", "permission_of", "role_of_client"]

# Who can change what a rule of the project takes.
MAINTAINER = f"who may change {SETTINGS}"


class NamedRole(Struct, frozen=True):
    """A role that a caller was given where it was started. by: what gave it. whose: who can give another."""

    name: str
    by: str
    whose: str


class Caller(Struct, frozen=True):
    """Who calls: the library's own user, a person's command, or a client of a server.

    client: what a client calls itself, its name and version: a convention. roles: those that it was started with, which
    are a boundary; all of them hold.
    """

    kind: Literal["library", "command", "client"] = "library"
    client: str | None = None
    roles: tuple[NamedRole, ...] = ()


LIBRARY = Caller()


def permission_of(caller: Caller, granted: Permission, table: RoleTable) -> Permission:
    """Return what a caller may do: what it was granted, within each role that it has.

    A role that a client is bound to by its name is within those that it was started with. The default is for those that
    have no other. Raises PolicyRefused `unknown_role`.
    """
    found = granted
    for named in caller.roles:
        found = found.within(_limit(table, named))
    bound = _bound(caller, table)
    return found if bound is None else found.within(_limit(table, bound))


def role_of_client(table: RoleTable, client: str) -> tuple[str, str] | None:
    """Return the key that a client's own name and version begin with, the longest, and its role.

    A key ends where a word does, or a part of a version: `Cursor` means `Cursor 1.2` and not `Cursorless`.
    """
    fitting = [key for key in table.callers.clients if _begins(client, key)]
    key = max(fitting, key=len, default=None)
    return None if key is None else (key, table.callers.clients[key])


def _begins(client: str, key: str) -> bool:
    rest = client[len(key) :] if client.startswith(key) else None
    return rest is not None and (not rest or rest[0] in " .+-")


def _bound(caller: Caller, table: RoleTable) -> NamedRole | None:
    callers = table.callers
    if caller.kind == "command":
        return NamedRole(callers.command, "callers.command", MAINTAINER) if callers.command else None
    if caller.kind != "client":
        return None
    named = role_of_client(table, caller.client or "")
    if named is not None:
        return NamedRole(named[1], f"callers.clients.{named[0]}", MAINTAINER)
    if callers.default and not caller.roles:
        return NamedRole(callers.default, "callers.default", MAINTAINER)
    return None


def _limit(table: RoleTable, named: NamedRole) -> Limit:
    role = table.roles.get(named.name)
    if role is None:
        raise PolicyRefused(
            "unknown_role",
            f"{SETTINGS} has no role of this name, and without it nothing is allowed.",
            place=Place(SETTINGS),
            seen=named.name[:80],
            remedy=f"Name one that is there, or ask {MAINTAINER} for it.",
            alternatives=tuple(wording.nearest(named.name[:80], sorted(table.roles)) or sorted(table.roles)[:5]),
            details={"given_by": named.by, "whose": named.whose},
        )
    whose = MAINTAINER if named.whose == MAINTAINER else f"{MAINTAINER}, or for another role {named.whose}"
    return Limit(
        role.permissions,
        f"the role {role.name}",
        Place(SETTINGS, table.line_of(role.name)),
        role.name,
        role.sandbox,
        whose,
        named.by,
    )
