"""explain_policy: what this caller may do, and why a call would be denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Struct
from pydantic import Field

from devkeel.deferred import Deferred
from devkeel_mcp.answers.answer import answer
from devkeel_mcp.calls.arguments import Arguments, FromJsonText
from devkeel_mcp.calls.spec import READ, ToolSpec
from devkeel_words.call_actions import actions_of

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel.policy.explanation import CallView, PolicyView
    from devkeel_mcp.calls.call import Call
    from devkeel_words import policy_lines
else:
    policy_lines = Deferred("devkeel_words.policy_lines")

__all__ = ["EXPLAIN_POLICY"]

_ADVICE = "The structured content has it too."


class ExplainArguments(Arguments):
    calls: Annotated[list[str], FromJsonText] = Field(default=[], description="Tools: is each allowed, and why.")


class _Explained(Struct, frozen=True):
    """What the caller may do, and what of the calls that were asked about."""

    policy: PolicyView
    calls: tuple[CallView, ...]


async def _explain(call: Call, arguments: ExplainArguments) -> CallToolResult:
    actions = actions_of(arguments.calls)
    policy = await call.read(lambda environment: environment.policy())
    found = await call.read(lambda environment: environment.explain_call(actions))
    result = _Explained(policy, found)
    return answer(result, ["This caller may:"], [*policy_lines.view(policy), *policy_lines.calls(found)], [], _ADVICE)


EXPLAIN_POLICY = ToolSpec(
    name="explain_policy",
    description="Use to see what you may do here, by which rules, and why a call is denied.",
    hints=READ,
    toolset="policy",
    arguments=ExplainArguments,
    handler=_explain,
    verbs=("policy", "explain_call"),
)
