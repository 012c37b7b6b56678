"""list_templates and use_template: kits from which an environment begins, or by which one grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from devkeel.deferred import Deferred
from devkeel_mcp.answers import render
from devkeel_mcp.answers.answer import answer
from devkeel_mcp.calls.arguments import Arguments, FromJsonText, WriteArguments
from devkeel_mcp.calls.spec import READ_AND_FETCH, ToolSpec
from devkeel_mcp.tools.write import TOGGLING

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call
    from devkeel_words import template_lines
else:
    template_lines = Deferred("devkeel_words.template_lines")

__all__ = ["LIST_TEMPLATES", "USE_TEMPLATE"]

_ADVICE = "The structured content has it too."
_SOURCE = "A built-in name, a directory with a kit.toml, or github:OWNER/REPO?dir=DIR."


class ListArguments(Arguments):
    template: str | None = Field(default=None, description=f"All about one. {_SOURCE}")
    check: bool = Field(default=False, description="Say what is not sound in it.")


class UseArguments(WriteArguments):
    template: str = Field(description=_SOURCE)
    parameters: Annotated[dict[str, Any], FromJsonText] = Field(
        default_factory=dict, description="By the template's schema."
    )


async def _list(call: Call, arguments: ListArguments) -> CallToolResult:
    source = arguments.template
    if source is None:
        every = await call.read(lambda environment: environment.templates())
        return answer(every, [f"{len(every.templates)} templates:"], list(template_lines.listed(every)), [], _ADVICE)
    if arguments.check:
        report = await call.read(lambda environment: environment.validate_template(source))
        verdict, *told = template_lines.validation(report)
        return answer(report, [verdict], told, [], _ADVICE)
    found = await call.read(lambda environment: environment.template(source))
    head, *told = template_lines.info(found)
    return answer(found, [head], told, [], _ADVICE)


async def _use(call: Call, arguments: UseArguments) -> CallToolResult:
    source, given = arguments.template, arguments.model_dump(exclude={"template", "parameters"})
    return render.change(
        await call.write(lambda environment: environment.use_template(source, arguments.parameters, **given))
    )


LIST_TEMPLATES = ToolSpec(
    name="list_templates",
    description="Use to find a template, and its parameters: languages, web service, data science, monorepo, agents.",
    # One that a reference names is fetched.
    hints=READ_AND_FETCH,
    toolset="project",
    arguments=ListArguments,
    handler=_list,
    verbs=("templates", "template", "validate_template"),
)
USE_TEMPLATE = ToolSpec(
    name="use_template",
    description=(
        "Use to begin a project, or to add what a template has to one. Only adds: files that are there and values that "
        "are set stay. Try with dry_run first."
    ),
    hints=TOGGLING,
    toolset="project",
    arguments=UseArguments,
    handler=_use,
    verbs=("use_template",),
)
