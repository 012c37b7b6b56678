"""configure_policy: what devkeel.toml allows, changed where the person agrees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from devkeel.text.actions import do
from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments, FromJsonText
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.write import REPLACING

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["CONFIGURE_POLICY"]


class PolicyArguments(Arguments):
    key: str = Field(description="As rules.packages.forbid.")
    value: Annotated[Any, FromJsonText] = Field(default=None, description="Left out: the key is taken out.")
    reason: str | None = Field(default=None, description="Why; kept in history.")
    dry_run: bool = Field(default=False, description="Show the diff.")


async def _configure(call: Call, arguments: PolicyArguments) -> CallToolResult:
    key, value = arguments.key, arguments.value
    reason, dry_run = arguments.reason, arguments.dry_run
    return render.change(
        await call.write(lambda environment: environment.configure_policy(key, value, reason=reason, dry_run=dry_run))
    )


def _by_person(arguments: PolicyArguments) -> str:
    if arguments.value is None:
        return do("policy_unset", key=arguments.key)
    return do("policy_set", key=arguments.key, value=_as_toml(arguments.value))


def _as_toml(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


CONFIGURE_POLICY = ToolSpec(
    name="configure_policy",
    description="Use to change what devkeel.toml allows: protected, rules, roles. Asks the user.",
    hints=REPLACING,
    toolset="policy",
    by_person=_by_person,
    arguments=PolicyArguments,
    handler=_configure,
    verbs=("configure_policy",),
)
