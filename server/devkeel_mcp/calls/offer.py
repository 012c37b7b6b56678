"""What a server offers: chosen at its start, the same for every client, and held at every call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.errors import PolicyRefused, UsageError
from devkeel.policy.permission import ALL as ALL_PERMISSIONS
from devkeel.policy.permission import EVERYTHING, Limit, builds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.policy.permission import Permission
    from devkeel.policy.roles import NamedRole
    from devkeel_mcp.calls.arguments import Arguments
    from devkeel_mcp.calls.spec import ToolSpec

__all__ = ["ALL", "TOOLSETS", "Asks", "Offer"]

ALL = "all"
TOOLSETS = ("core", "nix", "project", "policy")
Asks = Literal["all", "destructive"]
_START = "Ask the user: it is set where the server is started."
_READ_ONLY = Limit(frozenset({"read"}), "the server's --read-only", whose="whoever starts the server")
# What is fetched is fetched for something to run.
_NO_EXECUTE = Limit(
    frozenset({"read", "write", "publish"}), "the server's --no-execute", whose="whoever starts the server"
)
_SANDBOX = Limit(ALL_PERMISSIONS, "the server's --sandbox", sandbox=True, whose="whoever starts the server")


class Offer(Struct, frozen=True):
    """The toolsets that are served, whether tools may write or execute, and whether the person is asked first.

    A tool that is not allowed is not listed, and refused with a reason where it is called nevertheless. asks: before
    which writes and runs, or None. roles: those that every caller is held to. sandbox: whether all that runs is held in
    one.
    """

    toolsets: frozenset[str] = frozenset({"core"})
    writes: bool = True
    executes: bool = True
    asks: Asks | None = None
    roles: tuple[NamedRole, ...] = ()
    sandbox: bool = False

    @classmethod
    def of(
        cls,
        toolsets: Iterable[str],
        *,
        read_only: bool = False,
        no_execute: bool = False,
        ask: Asks | None = None,
        roles: tuple[NamedRole, ...] = (),
        sandbox: bool = False,
    ) -> Offer:
        """Return the offer that a command line asks for; raises UsageError `unknown_toolset`."""
        for name in (chosen := frozenset(toolsets)):
            if name not in {*TOOLSETS, ALL}:
                raise UsageError(
                    "unknown_toolset",
                    "There is no toolset of this name.",
                    seen=name,
                    remedy="Name the toolsets with commas between them.",
                    alternatives=(*TOOLSETS, ALL),
                )
        chosen = frozenset(TOOLSETS) if ALL in chosen else chosen
        return cls(chosen, not read_only, not (no_execute or read_only), ask, roles, sandbox)

    def lists(self, spec: ToolSpec) -> bool:
        """Return whether a tool is part of what is offered."""
        return self._obstacle(spec) is None

    def require(self, spec: ToolSpec, level: str | None = None) -> None:
        """Raise PolicyRefused unless a call of the tool, with the check level that it names, is allowed."""
        obstacle = self._obstacle(spec)
        if obstacle is None and builds(level) and not self.executes:
            obstacle = "Building runs programs, and this server may not (--no-execute)."
        if obstacle is not None:
            raise PolicyRefused("not_offered", obstacle, seen=spec.name, remedy=_START)

    def may_ask(self, spec: ToolSpec) -> bool:
        """Return whether some call of a tool is one that the person is asked about, or has a plan for."""
        could = not spec.reads or "level" in spec.arguments.model_fields
        return self.asks is not None and could and not spec.consents

    def asks_before(self, spec: ToolSpec, parsed: Arguments) -> bool:
        """Return whether the person is asked before this call: a dry run writes nothing, but it may run something."""
        if spec.consents:
            return not getattr(parsed, "dry_run", False)
        if self.asks is None:
            return False
        if spec.executes or builds(getattr(parsed, "level", None)):
            return True
        return not spec.reads and not getattr(parsed, "dry_run", False)

    @property
    def bounds(self) -> Permission:
        """What a call may do at most, whoever makes it."""
        found = EVERYTHING if self.writes else EVERYTHING.within(_READ_ONLY)
        found = found if self.executes else found.within(_NO_EXECUTE)
        return found.within(_SANDBOX) if self.sandbox else found

    def permission(self, spec: ToolSpec, *, asked: bool) -> Permission:
        """Return what a call may run. asked: whether the person is asked about it before.

        Where the person is asked before something runs, what they are not asked about runs nothing.
        """
        unasked = self.asks is not None and not spec.reads and not asked
        return self.bounds.still() if unasked else self.bounds

    def _obstacle(self, spec: ToolSpec) -> str | None:
        if spec.toolset not in self.toolsets:
            return f"The toolset {spec.toolset} is not served here (--toolsets)."
        if not self.writes and not spec.reads:
            return "This server only reads (--read-only)."
        if not self.executes and spec.executes:
            return "This server runs no programs for its callers (--no-execute)."
        return None
