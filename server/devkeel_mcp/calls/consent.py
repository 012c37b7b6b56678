"""Asking the human before a write or an execution: by elicitation in both eras, else by a plan that is repeated.

A plan is bound to the caller, the tool, its arguments and the revision; it expires, and is good for one call. Where a
page is open it is settled there too: `on_page.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcp_types import (
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    TextContent,
)
from pydantic import BaseModel, Field

from devkeel.errors import Conflict, PolicyRefused
from devkeel_mcp.answers.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.mcpserver import Context

    from devkeel.policy.roles import Caller

__all__ = [
    "CONFIRM",
    "CONFIRM_SCHEMA",
    "Plans",
    "answer_of",
    "asks_by_result",
    "can_ask",
    "declined",
    "elicited",
    "expired",
    "plan_result",
    "takes_away",
    "to_be_asked",
    "unasked",
    "waiting_result",
]

CONFIRM = "confirm"
CONFIRM_SCHEMA = {"type": "string", "description": "The plan that the user agreed to."}
_ASKED = "consent"
_SECONDS = 600.0
_PLANS = 100
_SHOWN = 4_000
# MCP, Multi Round-Trip Requests: since this revision a server asks by its result, and the client repeats the request
# with what a person said.
_MODERN = "2026-07-28"


class Approval(BaseModel):
    """What the person is asked."""

    # MCP, Elicitation: a flat object, whose properties are primitive.
    approve: bool = Field(description="Do this now.")


@dataclass
class Plans:
    """The plans that were proposed and not yet used; they end with the process, and after ten minutes."""

    clock: Callable[[], float] = time.monotonic
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _open: OrderedDict[str, float] = field(default_factory=OrderedDict, repr=False)

    def propose(self, caller: Caller, tool: str, arguments: dict[str, Any], revision: str) -> str:
        """Return the hash of a new plan."""
        nonce = secrets.token_hex(8)
        plan = f"{nonce}{self._hash(nonce, caller, tool, arguments, revision)}"
        self._open[plan] = self.clock() + _SECONDS
        if len(self._open) > _PLANS:
            self._open.popitem(last=False)
        return plan

    def has(self, plan: str) -> bool:
        """Return whether a plan can still be used."""
        return self._open.get(plan, 0.0) > self.clock()

    def drop(self, plan: str) -> None:
        """Let a plan be good for nothing."""
        self._open.pop(plan, None)

    def is_of(self, plan: str, caller: Caller, tool: str, arguments: dict[str, Any], revision: str) -> bool:
        """Return whether a plan can still be used, for this call."""
        hashed = self._hash(plan[:16], caller, tool, arguments, revision)
        return self.has(plan) and hmac.compare_digest(plan[16:], hashed)

    def redeem(self, plan: str, caller: Caller, tool: str, arguments: dict[str, Any], revision: str) -> None:
        """Use a plan up; raises Conflict `plan_expired` or `plan_differs`, and then nothing may be done."""
        if self._open.pop(plan, 0.0) <= self.clock():
            raise expired()
        nonce = plan[:16]
        if not hmac.compare_digest(plan[16:], self._hash(nonce, caller, tool, arguments, revision)):
            raise Conflict(
                "plan_differs",
                "The plan was for another caller or other arguments, or the files have changed since it was made.",
                remedy=f"Call again without {CONFIRM} for a new plan, and show it to the user.",
            )

    def _hash(self, nonce: str, caller: Caller, tool: str, arguments: dict[str, Any], revision: str) -> str:
        who = [caller.client, sorted(role.name for role in caller.roles)]
        told = json.dumps([nonce, who, tool, arguments, revision], sort_keys=True)
        return hmac.new(self._key, told.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def can_ask(context: Context[Any, Any]) -> bool:
    """Return whether the host can ask a person."""
    capabilities = context.client_capabilities
    # MCP, Elicitation: a client that can ask a person says so in its capabilities.
    return capabilities is not None and capabilities.elicitation is not None


def asks_by_result(context: Context[Any, Any]) -> bool:
    """Return whether the host is asked by what a call answers, and not while it is under way."""
    return (context.protocol_version or "") >= _MODERN


def to_be_asked(message: str, plan: str) -> InputRequiredResult:
    """Return what the client must bring first: what a person says to a plan."""
    message = cut(message, _SHOWN)
    request = ElicitRequest(
        params=ElicitRequestFormParams(message=message, requested_schema=Approval.model_json_schema())
    )
    return InputRequiredResult(input_requests={_ASKED: request}, request_state=plan)


async def elicited(context: Context[Any, Any], message: str) -> bool | None:
    """Ask the person by the host: whether they agree, None where they made no choice."""
    try:
        answer = await context.elicit(cut(message, _SHOWN), Approval)
    except ValueError:  # accepted, with content of another form: nobody said that they approve
        return False
    # MCP, Elicitation: accept, decline, or cancel where a person made no choice.
    if answer.action == "cancel":
        return None
    return answer.action == "accept" and answer.data.approve


def answer_of(context: Context[Any, Any]) -> tuple[str, bool | None] | None:
    """Return the plan that the client was asked about and whether the person agreed; None on the first call."""
    if context.request_state is None or context.input_responses is None:
        return None
    answer = context.input_responses.get(_ASKED)
    if isinstance(answer, ElicitResult) and answer.action == "cancel":
        return context.request_state, None
    if not isinstance(answer, ElicitResult) or answer.action != "accept" or answer.content is None:
        return context.request_state, False
    return context.request_state, answer.content.get("approve") is True


def takes_away(shown: dict[str, Any]) -> bool:
    """Return whether a tried write removes a line or adds what will run; what is not wholly shown is taken for both."""
    lines = shown.get("diff", "").split("\n")
    heads = {number for number, line in enumerate(lines[1:]) if line.startswith("+++ ")}
    removed = any(line.startswith("-") and number not in heads for number, line in enumerate(lines))
    removed = removed or len(heads) > len(shown.get("files", ()))  # removed text that looks like a head
    return removed or "cut" in shown or shown.get("runs_on_enter", False) is True


def expired() -> Conflict:
    """Return the refusal of a plan that there is not, or not any more."""
    return Conflict(
        "plan_expired",
        "There is no such plan any more: a plan is good for one call within ten minutes.",
        remedy=f"Call again without {CONFIRM} for a new plan, and show it to the user.",
    )


def declined() -> PolicyRefused:
    """Return the refusal of a call that the person did not want."""
    return PolicyRefused(
        "declined", "The user did not agree. Nothing was done.", remedy="Ask the user what they want instead."
    )


def unasked(tool: str, instead: str) -> PolicyRefused:
    """Return the refusal of a call that a person has to agree to, where the host can ask no one."""
    return PolicyRefused(
        "person_needed",
        "A person has to agree to this, and this host cannot ask one. Nothing was done.",
        seen=tool,
        remedy=f"Ask the user to do it: {instead}.",
    )


def plan_result(message: str, shown: dict[str, Any], plan: str) -> CallToolResult:
    """Return the answer where no person can be asked: the plan, and how to carry it out."""
    then = f"Show this to the user. If they agree, repeat the call with {CONFIRM}={plan!r}; it is good for ten minutes."
    return CallToolResult(
        content=[TextContent(type="text", text=f"{message}\nNothing was done yet. {then}")],
        structured_content=shown | {CONFIRM: plan, "next": then},
    )


def waiting_result(
    message: str, shown: dict[str, Any], plan: str | None, until: str, *, attended: bool
) -> CallToolResult:
    """Return the answer while a person is asked on the page. plan: where the tool takes one. attended: it is open."""
    again = f"with {CONFIRM}={plan!r}" if plan is not None else "as it is"
    closed = "" if attended else " Its page was closed: ask the user to open one again (devkeel review --write)."
    then = (
        f"A person is asked on the page and has not answered yet.{closed} Repeat the call {again} to wait for them"
        f" again, until {until}. Nothing else of yours is their consent."
    )
    return CallToolResult(
        content=[TextContent(type="text", text=f"{message}\nNothing was done yet. {then}")],
        structured_content=shown | ({} if plan is None else {CONFIRM: plan}) | {"waits_until": until, "next": then},
    )
