"""check_cache, upload_to_cache and configure_cache: what the project's caches have, sharing by them, naming them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from mcp_types import ToolAnnotations
from pydantic import Field

from devkeel.text.actions import do
from devkeel_mcp.answers import nix_toolset, render
from devkeel_mcp.calls.arguments import Arguments, FromJsonText
from devkeel_mcp.calls.spec import READ_AND_FETCH, ToolSpec
from devkeel_mcp.tools.write import TOGGLING

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["CHECK_CACHE", "CONFIGURE_CACHE", "UPLOAD_TO_CACHE"]

_PATHS = "Store paths or #hello."


class CacheArguments(Arguments):
    paths: Annotated[list[str], FromJsonText] = Field(description=_PATHS)
    cache: str | None = Field(default=None, description="URL.")
    closure: bool = Field(default=False, description="With what they need.")
    verify: bool = Field(default=False, description="Read all: hashes, signatures.")


class UploadArguments(Arguments):
    paths: Annotated[list[str], FromJsonText] = Field(description=_PATHS)
    cache: str | None = Field(default=None, description="URL.")
    dry_run: bool = Field(default=False, description="Say what is new.")


class ConfigureArguments(Arguments):
    url: str = Field(description="file://, https://, s3:// or ssh-ng:// store.")
    public_key: str | None = Field(default=None, description="NAME:BASE64; https needs it.")
    priority: int | None = Field(default=None, description="Lowest first.")
    secret_key_file: str | None = Field(default=None, description="Signs uploads.")
    remove: bool = Field(default=False, description="Take it out.")
    dry_run: bool = Field(default=False, description="Show the diff.")


async def _check(call: Call, arguments: CacheArguments) -> CallToolResult:
    paths, cache = arguments.paths, arguments.cache
    if arguments.verify:
        return await call.execute(lambda environment: environment.verify_cache(paths, cache=cache))
    closure = arguments.closure
    return nix_toolset.rendered(
        await call.read(lambda environment: environment.check_cache(paths, cache=cache, closure=closure))
    )


async def _upload(call: Call, arguments: UploadArguments) -> CallToolResult:
    return await call.execute(
        lambda environment: environment.upload_to_cache(
            arguments.paths, cache=arguments.cache, dry_run=arguments.dry_run
        )
    )


async def _configure(call: Call, arguments: ConfigureArguments) -> CallToolResult:
    given = arguments.model_dump()
    return render.change(await call.write(lambda environment: environment.configure_cache(**given)))


def _by_person(arguments: ConfigureArguments) -> str:
    if arguments.remove:
        return do("forget_cache", url=arguments.url)
    return do(
        "cache",
        url=arguments.url,
        public_key=arguments.public_key,
        priority=arguments.priority,
        key_file=arguments.secret_key_file,
    )


CHECK_CACHE = ToolSpec(
    name="check_cache",
    description="Use to see whether devkeel.toml's caches have paths.",
    hints=READ_AND_FETCH,
    toolset="nix",
    arguments=CacheArguments,
    handler=_check,
    verbs=("check_cache", "verify_cache"),
)
UPLOAD_TO_CACHE = ToolSpec(
    name="upload_to_cache",
    description="Use to share what was built, with all that it needs, signed.",
    hints=ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True),
    executes=True,
    toolset="nix",
    arguments=UploadArguments,
    handler=_upload,
    verbs=("upload_to_cache",),
)
CONFIGURE_CACHE = ToolSpec(
    name="configure_cache",
    description="Use to name a cache in devkeel.toml. Asks the user.",
    hints=TOGGLING,
    toolset="nix",
    by_person=_by_person,
    arguments=ConfigureArguments,
    handler=_configure,
    verbs=("configure_cache",),
)
