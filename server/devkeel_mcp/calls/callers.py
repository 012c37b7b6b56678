"""Who makes a request: what the client calls itself, the roles that it has, and what these leave of the offer."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from devkeel.deferred import Deferred
from devkeel.errors import ProjectError
from devkeel.policy.permission import EVERYTHING
from devkeel.policy.roles import Caller, NamedRole, permission_of
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mcp.server.session import ServerSession

    from devkeel.policy import actions
    from devkeel.policy.permission import Permission
    from devkeel.project import root as project_root
    from devkeel.project import settings
else:
    actions = Deferred("devkeel.policy.actions")
    project_root = Deferred("devkeel.project.root")
    settings = Deferred("devkeel.project.settings")

__all__ = [
    "ROLE",
    "UNKNOWN_ACTOR",
    "allowed",
    "calling",
    "client_of",
    "current",
    "may_ever",
    "require_roles",
    "standing_of",
]

UNKNOWN_ACTOR = "mcp client"
ROLE = "devkeel.role"  # in the state of an HTTP request: the name of the role that its token has
_SETTINGS = "devkeel.toml"
_MAX_ACTOR = 80
_TOKEN, _GIVER = "the caller's token", "whoever gave it the token"
_UNKNOWN = Caller("client", UNKNOWN_ACTOR)
_CURRENT: ContextVar[Caller | None] = ContextVar("caller", default=None)


def client_of(session: ServerSession) -> str:
    """Return the client's name and version, from the handshake or the request's envelope, in either era."""
    try:
        parameters = session.client_params
    except ValueError:  # a call from inside the process, outside any request
        return UNKNOWN_ACTOR
    if parameters is None:
        return UNKNOWN_ACTOR
    client = parameters.client_info
    name = one_line(f"{client.name} {client.version}")
    return name[:_MAX_ACTOR] or UNKNOWN_ACTOR


def calling(roles: tuple[NamedRole, ...], session: ServerSession, request: Any) -> Caller:  # noqa: ANN401  (the SDK's)
    """Return who makes a request, and keep it for what the request does. roles: those of the server."""
    token = None if request is None else request.scope.get("state", {}).get(ROLE)
    if token is not None:
        roles = (*roles, NamedRole(token, _TOKEN, _GIVER))
    caller = Caller("client", client_of(session), roles)
    _CURRENT.set(caller)
    return caller


def current() -> Caller:
    """Return who makes the request that is being answered."""
    return _CURRENT.get() or _UNKNOWN


async def allowed(root: Path, caller: Caller, bounds: Permission) -> Permission | None:
    """Return what a caller may do, None where devkeel.toml cannot be read; raises PolicyRefused `unknown_role`."""
    if not caller.roles and not (root / _SETTINGS).exists():
        return bounds  # nothing narrows it, and nothing has to be imported for that
    return await anyio.to_thread.run_sync(standing_of, root, caller, bounds)


def standing_of(root: Path, caller: Caller, bounds: Permission) -> Permission | None:
    """Return what `allowed` does, in this thread."""
    try:
        table = settings.read_settings(project_root.Project(root)).roles
    except ProjectError:
        return None
    return permission_of(caller, bounds, table)


def require_roles(root: Path, own: Iterable[NamedRole], tokens: Iterable[str]) -> None:
    """Find the roles of a server at its start. tokens: those that tokens give.

    Raises PolicyRefused `unknown_role`, ProjectError `bad_settings`.
    """
    roles = [*own, *(NamedRole(name, _TOKEN, _GIVER) for name in tokens)]
    if roles:
        table = settings.read_settings(project_root.Project(root)).roles
        permission_of(Caller("client", roles=tuple(roles)), EVERYTHING, table)


def may_ever(verbs: Iterable[str], permission: Permission | None) -> bool:
    """Return whether some call that comes to one of these verbs is allowed; where none is named, they say it."""
    verbs = tuple(verbs)
    return not verbs or permission is None or any(not permission.lacks(actions.ACTIONS[name].least) for name in verbs)
