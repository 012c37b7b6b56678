"""What a caller may do and why, what a role or a client would, and what is not sound in the roles of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import Diagnostic, Place, ProjectError, UsageError
from devkeel.policy.actions import ACTIONS
from devkeel.policy.permission import EVERYTHING, NAMES, Permission, is_minimal, validate
from devkeel.policy.roles import Caller, NamedRole, permission_of
from devkeel.project.root import SETTINGS
from devkeel.project.settings import line_of, read_settings, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.project.roles import RoleTable
    from devkeel.project.root import Project
    from devkeel.text import wording
else:
    wording = Deferred("devkeel.text.wording")

__all__ = ["CallView", "PolicyReport", "PolicyView", "RuleView", "explain", "judged_role", "problems", "view"]

# What a change of the policy takes, beside the person who agrees.
_CHANGING = frozenset({"read", "write"})


class RuleView(Struct, frozen=True):
    """A rule that narrows a caller. by: what gives it to the caller. whose: who can change it."""

    rule: str
    permissions: tuple[str, ...]
    place: Place | None = None
    by: str | None = None
    whose: str | None = None


class PolicyView(Struct, frozen=True):
    """What a caller may do. allowed: verbs of which some call is. roles: all of the project, with their permissions.

    may_ask: the roles in which a change of the policy can be asked for, to which a person agrees each time.
    """

    permissions: tuple[str, ...]
    role: str | None
    sandbox: bool
    minimal: bool
    rules: tuple[RuleView, ...]
    allowed: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    may_ask: tuple[str, ...] = ()


class CallView(Struct, frozen=True):
    """Whether a call is allowed. lacks: permissions. argument: `name=value` that it is with, None for a plain one."""

    action: str
    argument: str | None
    takes: tuple[str, ...]
    allowed: bool
    lacks: tuple[str, ...] = ()
    rule: RuleView | None = None


class PolicyReport(Struct, frozen=True):
    """What is not sound in the roles and callers of devkeel.toml. ok: whether nothing is wrong."""

    ok: bool
    diagnostics: tuple[Diagnostic, ...]


def judged_role(table: RoleTable, role: str | None, client: str | None) -> Permission:
    """Return what a role by its name, or a client by what it calls itself, may do on a server without flags."""
    named = () if role is None else (NamedRole(role, "the question", "whoever asks"),)
    return permission_of(Caller("library" if client is None else "client", client, named), EVERYTHING, table)


def view(permission: Permission, table: RoleTable) -> PolicyView:
    """Return what a permission lets its caller do, and which rules it comes of."""
    return PolicyView(
        _listed(permission.names),
        permission.role,
        permission.sandbox,
        is_minimal(permission.names),
        tuple(_rule(permission, index) for index in range(len(permission.limits))),
        tuple(name for name, needs in ACTIONS.items() if not permission.lacks(needs.least)),
        {name: _listed(role.permissions) for name, role in table.roles.items()},
        tuple(name for name, role in table.roles.items() if role.permissions >= _CHANGING),
    )


def explain(permission: Permission, actions: Iterable[str]) -> tuple[CallView, ...]:
    """Return of each action whether it is allowed, plain and with each argument that changes what it takes.

    Raises UsageError `unknown_action`.
    """
    found = list[CallView]()
    for action in actions:
        needs = ACTIONS.get(action)
        if needs is None:
            raise UsageError(
                "unknown_action",
                "There is no action of this name.",
                seen=action[:80],
                remedy="Name one that the refusal of a call names, or a call.",
                alternatives=tuple(wording.nearest(action[:80], list(ACTIONS))[:3]),
            )
        found.append(_call(permission, action, None, needs.takes))
        for item in needs.when:
            value = str(item.value).lower() if isinstance(item.value, bool) else item.value
            taken = needs.needed({item.argument: item.value})
            found.append(_call(permission, action, f"{item.argument}={value}", taken))
    return tuple(found)


def problems(project: Project) -> PolicyReport:
    """Return what is not sound in devkeel.toml's roles, the settings that cannot be read among it."""
    data = project.read(SETTINGS) or b""
    try:
        found = [*_of_tables(data, tables_of(data))]
        if not any(item.severity == "error" for item in found):
            read_settings(project)
    except ProjectError as error:
        found = [Diagnostic(error.code, "error", error.message, "schema", error.place, error.seen)]
    return PolicyReport(not any(item.severity != "info" for item in found), tuple(found))


def _of_tables(data: bytes, tables: Mapping[str, Any]) -> Iterator[Diagnostic]:
    roles = tables.get("roles", {})
    for name, table in roles.items() if isinstance(roles, dict) else ():
        given = table.get("permissions") if isinstance(table, dict) else None
        if isinstance(given, list):
            place = Place(SETTINGS, line_of(data, ("roles", name, "permissions")))
            sandbox = bool(table.get("sandbox"))
            yield from validate(name, [str(item) for item in given], sandbox=sandbox, place=place)


def _call(permission: Permission, action: str, argument: str | None, takes: frozenset[str]) -> CallView:
    lacks = permission.lacks(takes)
    limit = permission.taken_by(lacks)
    rule = None if limit is None or not lacks else _rule(permission, permission.limits.index(limit))
    return CallView(action, argument, _listed(takes), not lacks, lacks, rule)


def _rule(permission: Permission, index: int) -> RuleView:
    limit = permission.limits[index]
    return RuleView(limit.rule, _listed(limit.names), limit.place, limit.by, limit.whose)


def _listed(names: Iterable[str]) -> tuple[str, ...]:
    known = frozenset(names)
    return tuple(name for name in NAMES if name in known)
