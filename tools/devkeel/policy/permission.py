"""What a caller may do, as a set of six permissions that is only ever narrowed.

Every limit is one rule: a flag of the server, a role of devkeel.toml. What all of them allow is what a call may do, and
a refusal names the first one that does not allow it. Every call begins by looking, which runs nothing that the project
brings: `devkeel.runtime.programs`. Whether one goes on to `executing`, and whether an evaluation may fetch what is
pinned, is answered here for the library, the server and the command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import Diagnostic, Place, PolicyRefused
from devkeel.project.roles import NAMES, PermissionName
from devkeel.project.root import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devkeel.errors import Severity
    from devkeel.text import wording
else:
    wording = Deferred("devkeel.text.wording")

__all__ = [
    "ALL",
    "EVERYTHING",
    "NAMES",
    "NOTHING",
    "Limit",
    "Permission",
    "PermissionName",
    "builds",
    "has",
    "is_minimal",
    "validate",
]

ALL: frozenset[str] = frozenset(NAMES)
_BUILD = "build"
_MINIMAL = 4
# The levels that run programs, and are asked for by name where a call only tries.
_RUNNING = ("evaluation", _BUILD)
_RUNS = frozenset({"build", "execute", "network"})


def has(names: Iterable[str], *wanted: str) -> bool:
    """Return whether a set of permissions has all that are wanted."""
    return frozenset(wanted) <= frozenset(names)


def is_minimal(names: Iterable[str]) -> bool:
    """Return whether a set of permissions is small: with fewer, a caller can be talked into less."""
    return len(frozenset(names)) <= _MINIMAL


def validate(role: str, names: Sequence[str], *, sandbox: bool = False, place: Place | None = None) -> list[Diagnostic]:
    """Return what is not sound in a role: what it cannot mean, and what it can be meant without.

    names: as they are written. place: where they are.
    """
    given = frozenset(names)
    found = [
        Diagnostic("unknown_permission", "error", _unknown(name), "schema", place, name)
        for name in dict.fromkeys(names)
        if name not in ALL
    ]

    def add(code: str, severity: Severity, message: str) -> None:
        found.append(Diagnostic(code, severity, message, "schema", place, role))

    if not has(given, "read"):
        add("role_without_read", "warning", f"The role {role} has no read, without which nothing is allowed")
    if has(given, "publish") and not has(given, "network"):
        add("publish_without_network", "warning", f"The role {role} may publish, and has no network to upload by")
    if not is_minimal(given):
        message = f"The role {role} has {len(given)} permissions; one of at most {_MINIMAL} is minimal"
        add("role_not_minimal", "info", message)
    runs = given & {"build", "execute"}
    if runs and has(given, "network") and not sandbox:  # without a network it is in one
        message = (
            f"The role {role} runs programs without a sandbox, and is no boundary against one that edits {SETTINGS}"
        )
        add("role_without_sandbox", "info", message)
    if sandbox and not runs:
        add("sandbox_without_execute", "info", f"The role {role} is enclosed, and runs nothing that could be")
    return found


def _unknown(name: str) -> str:
    known = wording.nearest(name[:80], NAMES) or NAMES
    return f"{name[:80]!r} is no permission; there is {', '.join(known)}"


def builds(level: str | None) -> bool:
    """Return whether a check up to this level builds, which runs what the declaration says."""
    return level == _BUILD


class Limit(Struct, frozen=True):
    """One rule that narrows what a caller may do.

    names: what it allows. rule: what it is called where it stands. place: its line in devkeel.toml. role: the one that
    it is. sandbox: whether what runs is enclosed. whose: who can change it. by: what gives that role to the caller.
    """

    names: frozenset[str]
    rule: str
    place: Place | None = None
    role: str | None = None
    sandbox: bool = False
    whose: str = "whoever started devkeel"
    by: str | None = None


class Permission(Struct, frozen=True):
    """What a caller may do.

    names: the permissions that are left. role: the innermost role that narrowed them, place: its line in devkeel.toml.
    sandbox: whether what a call runs is to be enclosed. limits: the rules that narrowed them, in their order.
    """

    names: frozenset[str] = ALL
    role: str | None = None
    place: Place | None = None
    sandbox: bool = False
    limits: tuple[Limit, ...] = ()

    @property
    def builds(self) -> bool:
        """Whether what is declared may be built, which runs what it says."""
        return "build" in self.names

    @property
    def executes(self) -> bool:
        """Whether programs of the project and of the caller may be run."""
        return "execute" in self.names

    @property
    def network(self) -> bool:
        """Whether what is on another machine may be reached."""
        return "network" in self.names

    @property
    def resolves(self) -> bool:
        """Whether a check may fetch what is pinned, and run what libraries bring as resolvers do, and devenv's command.

        Both go together: where Nix alone cannot evaluate, what fetches runs what the declaration says.
        """
        return self.builds and self.network

    @property
    def why_unresolved(self) -> str:
        """Why it may not, to stand behind `it takes`; "" where it may."""
        return self.why_not(("build", "network"))

    def within(self, limit: Limit) -> Permission:
        """Return what is left of this within one more rule."""
        names, sandbox = self.names & limit.names, self.sandbox or limit.sandbox
        left = replace(self, names=names, limits=(*self.limits, limit), sandbox=sandbox)
        return left if limit.role is None else replace(left, role=limit.role, place=limit.place)

    def still(self) -> Permission:
        """Return this for what runs nothing that the project or a library brings, and fetches nothing for it."""
        return replace(self, names=self.names - _RUNS)

    def of_call(self, *, dry_run: bool, level: str | None = None) -> Permission:
        """Return what one call may run. level: the one that the call itself names.

        What is only tried runs nothing, whatever the settings of the project say, unless the call names a level that
        runs something.
        """
        return self.still() if dry_run and level not in _RUNNING else self

    def lacks(self, needed: Iterable[str]) -> tuple[str, ...]:
        """Return which of these permissions are not there, in the order of `NAMES`."""
        wanted = frozenset(needed)
        return tuple(name for name in NAMES if name in wanted - self.names)

    def taken_by(self, lacking: Iterable[str]) -> Limit | None:
        """Return the first rule that takes one of these permissions away."""
        wanted = frozenset(lacking)
        return next((limit for limit in self.limits if wanted - limit.names), None)

    def why_not(self, needed: Iterable[str]) -> str:
        """Return which of these permissions lack, and what takes them, to stand behind `it takes`; "" for none."""
        lacking = self.lacks(needed)
        if not lacking:
            return ""
        limit = self.taken_by(lacking)
        rule = limit.rule if limit else "this call"
        place = f" ({limit.place})" if limit and limit.place else ""
        return f"the permission {' and '.join(lacking)}, which {rule}{place} does not give"

    def require(self, action: str, needed: Iterable[str]) -> None:
        """Raise PolicyRefused `permission_denied` unless all of these permissions are there."""
        lacking = self.lacks(needed)
        if lacking:
            raise denial(action, lacking, self)


def denial(action: str, lacking: tuple[str, ...], permission: Permission) -> PolicyRefused:
    """Return the refusal of an action: which permission lacks, which rule took it, where, and who can change that."""
    limit = permission.taken_by(lacking)
    role = limit.role if limit else permission.role
    rule = limit.rule if limit else "this call"
    whose = limit.whose if limit else "whoever made the call"
    details: dict[str, Any] = {
        "action": action,
        "lacks": list(lacking),
        "rule": rule,
        "may": sorted(permission.names),
        "whose": whose,
    }
    if role:
        details |= {"role": role, "given_by": limit.by if limit else None}
    return PolicyRefused(
        "permission_denied",
        f"This takes the permission {' and '.join(lacking)}, which {rule} does not give.",
        place=limit.place if limit else None,
        seen=action,
        remedy=f"Ask {whose}.",
        details=details,
    )


EVERYTHING = Permission()
NOTHING = EVERYTHING.still()
