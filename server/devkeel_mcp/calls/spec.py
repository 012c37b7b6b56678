"""A tool before it is bound to a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_types import ToolAnnotations
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp_types import CallToolResult

    from devkeel_mcp.calls.arguments import Arguments
    from devkeel_mcp.calls.call import Call

__all__ = ["READ", "READ_AND_FETCH", "ToolSpec"]


# MCP, Tools: annotations are hints, which a client need not believe; without readOnlyHint a tool counts as one that
# writes.
READ = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
READ_AND_FETCH = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
)


class ToolSpec(Struct, frozen=True):
    """A tool before it is bound to a project; `handler` takes the call and an instance of `arguments`.

    verbs: those of the library that its calls come to. executes: whether it runs programs of the project or the caller.
    toolset: the family that it is served with. by_person: what a person does instead of a call; with it one agrees to
    each call that is no dry run, however the server was started, and where the host can ask no one, the call is
    refused. A tool without it that meets what a person has to agree to (`person_needed`) asks them then.
    """

    name: str
    description: str
    hints: ToolAnnotations
    arguments: type[Arguments]
    handler: Callable[[Call, Any], Awaitable[CallToolResult]]
    verbs: tuple[str, ...] = ()
    executes: bool = False
    toolset: str = "core"
    by_person: Callable[[Any], str] | None = None

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.hints.read_only_hint is True

    @property
    def consents(self) -> bool:
        """Whether a person agrees to each call that is no dry run."""
        return self.by_person is not None
