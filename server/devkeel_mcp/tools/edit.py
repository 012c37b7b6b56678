"""edit_environment: any list of edits as one transaction, through one flat item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import core_schema

from devkeel.deferred import Deferred
from devkeel_mcp.calls.arguments import FromJsonText, WriteArguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.write import REPLACING, change

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel.edits import vocabulary
    from devkeel_mcp.calls.call import Call
else:
    vocabulary = Deferred("devkeel.edits.vocabulary")

__all__ = ["EDIT"]


class _Kinds:
    """The library's kinds of edits, asked for when the schema is: the handshake does without them."""

    @staticmethod
    def __get_pydantic_core_schema__(source: object, handler: object) -> core_schema.CoreSchema:

        return core_schema.literal_schema([*vocabulary.models()])


class EditItem(BaseModel):
    """One edit as the agent sees it; `devkeel.edits.vocabulary.parse_edits` judges which fields belong to its kind.

    A field stands for the one of the same name of every kind that has it.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    kind: Annotated[str, _Kinds] = Field(description="append, prepend, remove: one list element.")
    path: str | None = Field(default=None, description="Option path.")
    to: str | None = Field(default=None, description="New path; an input's ref or target.")
    value: JsonValue = Field(default=None, description="A string is never Nix.")
    expression: str | None = Field(default=None, description="Nix source, for value.")
    names: list[str] | None = Field(default=None, description="Packages or libraries.")
    language: str | None = Field(default=None, description="Of libraries.")
    group: str | None = Field(default=None, description="Dependency group.")
    inside: str | None = Field(default=None, description="As in add_packages.")
    name: str | None = Field(default=None, description="Service, language, input.")
    url: str | None = Field(default=None, description="Flake reference.")
    follows: list[str] | None = Field(default=None, description="Inputs that follow ours.")
    settings: dict[str, JsonValue] | None = Field(default=None, description="Options below; input: flake.")
    old: str | None = Field(default=None, description="replace_text: exact text.")
    new: str | None = Field(default=None, description="Its replacement.")
    occurrences: int | None = Field(default=None, description="Default 1.")
    file: str | None = Field(default=None, description="Default: its own.")

    def as_edit(self) -> dict[str, Any]:
        """Return the fields that were given.

        Some hosts send null for what they leave out: null counts as given only where it can be a value.
        """
        given = self.model_dump(exclude_unset=True)
        null_is_data = "value" in vocabulary.models()[self.kind].model_fields and self.expression is None
        return {name: value for name, value in given.items() if value is not None or (name == "value" and null_is_data)}


class EditArguments(WriteArguments):
    model_config = ConfigDict(defer_build=True)

    edits: Annotated[list[EditItem], FromJsonText] = Field(min_length=1, description="Applied in order.")
    create: bool = Field(default=False, description="Make a missing file.")


async def _edit_environment(call: Call, arguments: EditArguments) -> CallToolResult:
    return await change(
        call, [item.as_edit() for item in arguments.edits], arguments, level=arguments.level, create=arguments.create
    )


EDIT = ToolSpec(
    name="edit_environment",
    description=(
        "Use to set, unset or extend any option, or for several changes that belong together: typed edits, "
        "all or none, checked first. For what it refuses: patch_file."
    ),
    hints=REPLACING,
    arguments=EditArguments,
    handler=_edit_environment,
    verbs=("change",),
)
