"""What the conformance suite wants to find on a server, laid beside devkeel's own tools, resources and prompts.

    python tests/conformance/fixtures.py ROOT

serves both over HTTP, through devkeel's own gate. The names and answers are those that the suite's scenarios ask for.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context  # noqa: TC002  (the SDK reads the annotations)
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    SetLevelRequestParams,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel, Field

from devkeel_mcp import build_server
from devkeel_mcp.transports.http import Http, run_http

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SOUND = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="


def text(words: str) -> TextContent:
    return TextContent(type="text", text=words)


def image() -> ImageContent:
    return ImageContent(type="image", data=PIXEL, mime_type="image/png")


def embedded(uri: str, mime_type: str, words: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=words))


# Contents


async def test_simple_text() -> str:
    return "This is a simple text response for testing."


async def test_image_content() -> list[ImageContent]:
    return [image()]


async def test_audio_content() -> list[AudioContent]:
    return [AudioContent(type="audio", data=SOUND, mime_type="audio/wav")]


async def test_embedded_resource() -> list[EmbeddedResource]:
    return [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]


async def test_multiple_content_types() -> list[TextContent | ImageContent | EmbeddedResource]:
    data = '{"test": "data", "value": 123}'
    return [
        text("Multiple content types test:"),
        image(),
        embedded("test://mixed-content-resource", "application/json", data),
    ]


async def test_error_handling() -> str:
    raise RuntimeError("This tool intentionally returns an error for testing")


async def json_schema_2020_12_tool() -> str:
    return "nothing"


SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


async def test_x_mcp_header(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
    return region


# What a call may send beside its answer


async def test_tool_with_logging(context: Context) -> str:
    for step in ("started", "processing data", "completed"):
        await context.info(f"Tool execution {step}")
    return "done"


async def test_tool_with_progress(context: Context) -> str:
    for percent in (0, 50, 100):
        await context.report_progress(percent, 100, f"{percent} of 100")
    return "done"


async def test_reconnection(context: Context) -> str:
    await context.close_sse_stream()
    await anyio.sleep(0.2)  # the client comes back meanwhile
    return "Reconnection test completed"


async def test_trigger_tool_change(context: Context) -> str:
    await context.notify_tools_changed()
    return "done"


async def test_trigger_prompt_change(context: Context) -> str:
    await context.notify_prompts_changed()
    return "done"


# Asking back, in the handshake era


async def test_sampling(prompt: str, context: Context) -> str:
    messages = [SamplingMessage(role="user", content=text(prompt))]
    # Without the request it belongs to, the question would wait for a stream that nobody has opened.
    answer = await context.session.create_message(
        messages=messages, max_tokens=100, related_request_id=context.request_id
    )
    return f"LLM response: {answer.content.text}"


class Response(BaseModel):
    response: str = Field(description="What the user says.")


class Defaults(BaseModel):
    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: str = Field("active", json_schema_extra={"enum": ["active", "inactive", "pending"]})
    verified: bool = True


def titled(**names: str) -> list[dict[str, str]]:
    return [{"const": value, "title": title} for value, title in names.items()]


class Enums(BaseModel):
    untitledSingle: str = Field(json_schema_extra={"enum": ["active", "inactive", "pending"]})  # noqa: N815
    titledSingle: str = Field(json_schema_extra={"oneOf": titled(low="Low", high="High")})  # noqa: N815
    untitledMulti: list[str] = Field(  # noqa: N815
        json_schema_extra={"items": {"type": "string", "enum": ["read", "write", "execute"]}}
    )
    titledMulti: list[str] = Field(json_schema_extra={"items": {"anyOf": titled(feature="New", bug="Bug")}})  # noqa: N815
    legacyEnum: str = Field(  # noqa: N815
        json_schema_extra={"enum": ["small", "large"], "enumNames": ["Small Size", "Large Size"]}
    )


async def asked(context: Context, message: str, model: type[BaseModel]) -> str:
    answer = await context.elicit(message, model)
    told = answer.data.model_dump_json() if answer.action == "accept" else "{}"
    return f"action={answer.action}, content={told}"


async def test_elicitation(message: str, context: Context) -> str:
    return await asked(context, message, Response)


async def test_elicitation_sep1034_defaults(context: Context) -> str:
    return await asked(context, "Who are you?", Defaults)


async def test_elicitation_sep1330_enums(context: Context) -> str:
    return await asked(context, "Which of these?", Enums)


# Asking back, in the stateless era


def form(message: str, **fields: str) -> ElicitRequest:
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
        "required": list(fields),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(prompt: str) -> CreateMessageRequest:
    messages = [SamplingMessage(role="user", content=text(prompt))]
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=messages, max_tokens=100))


def filled(context: Context, name: str) -> dict[str, Any] | None:
    """Return what the person filled in, or None where they were not asked yet."""
    answer = (context.input_responses or {}).get(name)
    return (answer.content or {}) if isinstance(answer, ElicitResult) else None


async def test_input_required_result_elicitation(context: Context) -> str | InputRequiredResult:
    answer = filled(context, "user_name")
    if answer is not None:
        return f"Hello, {answer.get('name')}!"
    return InputRequiredResult(input_requests={"user_name": form("What is your name?", name="string")})


async def test_input_required_result_sampling(context: Context) -> str | InputRequiredResult:
    answer = (context.input_responses or {}).get("capital_question")
    if answer is not None:
        return f"Model said: {answer.content.text}"
    return InputRequiredResult(input_requests={"capital_question": sample("What is the capital of France?")})


async def test_input_required_result_list_roots(context: Context) -> str | InputRequiredResult:
    answer = (context.input_responses or {}).get("client_roots")
    if answer is not None:
        return f"{len(answer.roots)} roots"
    return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})


async def test_input_required_result_request_state(context: Context) -> str | InputRequiredResult:
    if filled(context, "confirm") is not None and context.request_state == "asked":
        return "state-ok"
    return InputRequiredResult(input_requests={"confirm": form("Go on?", ok="boolean")}, request_state="asked")


async def test_input_required_result_tampered_state(context: Context) -> str | InputRequiredResult:
    if context.request_state is not None:
        return "state-ok"
    return InputRequiredResult(input_requests={"confirm": form("Go on?", ok="boolean")}, request_state="asked")


async def test_input_required_result_multiple_inputs(context: Context) -> str | InputRequiredResult:
    wanted = {
        "user_name": form("What is your name?", name="string"),
        "greeting": sample("Greet"),
        "client_roots": ListRootsRequest(),
    }
    if wanted.keys() <= (context.input_responses or {}).keys():
        return "All inputs received."
    return InputRequiredResult(input_requests=wanted, request_state="several")


async def test_input_required_result_multi_round(context: Context) -> str | InputRequiredResult:
    known = json.loads(context.request_state or "{}")
    name, color = filled(context, "step1"), filled(context, "step2")
    if known.get("name") and color is not None:
        return f"{known['name']} likes {color.get('color')}."
    if name is not None:
        return InputRequiredResult(
            input_requests={"step2": form("Which colour?", color="string")},
            request_state=json.dumps({"round": 2, "name": name.get("name")}),
        )
    return InputRequiredResult(
        input_requests={"step1": form("What is your name?", name="string")}, request_state=json.dumps({"round": 1})
    )


async def test_input_required_result_capabilities(context: Context) -> InputRequiredResult:
    can = context.client_capabilities
    wanted: dict[str, Any] = {}
    if can is None or can.sampling is not None:
        wanted["sample"] = sample("Say hello")
    if can is None or can.elicitation is not None:
        wanted["ask"] = form("What is your name?", name="string")
    return InputRequiredResult(input_requests=wanted, request_state="gated")


async def test_missing_capability(context: Context) -> str:
    can = context.client_capabilities
    if can is None or can.sampling is None:
        needed = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "This tool needs sampling.", needed)
    return "done"


# Prompts


def test_simple_prompt() -> list[UserMessage]:
    return [UserMessage(text("This is a simple prompt for testing."))]


def test_prompt_with_arguments(arg1: str, arg2: str) -> list[UserMessage]:
    return [UserMessage(text(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"))]


def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803
    return [
        UserMessage(embedded(resourceUri, "text/plain", "Embedded resource content for testing.")),
        UserMessage(text("Please process the embedded resource above.")),
    ]


def test_prompt_with_image() -> list[UserMessage]:
    return [UserMessage(image()), UserMessage(text("Please analyze the image above."))]


async def test_input_required_result_prompt(context: Context) -> list[UserMessage] | InputRequiredResult:
    answer = filled(context, "user_context")
    if answer is not None:
        return [UserMessage(text(f"Use this context: {answer.get('context')}"))]
    return InputRequiredResult(input_requests={"user_context": form("Which context?", context="string")})


def lay_beside(server: MCPServer[Any]) -> None:
    """Add the fixtures to a server; what it serves itself stays what it is."""
    lay_tools(server)
    lay_resources(server)

    async def set_level(_: object, __: SetLevelRequestParams) -> EmptyResult:
        return EmptyResult()

    # Logging over the protocol is deprecated and devkeel logs to stderr: the suite's logging tool is a fixture as well.
    server._lowlevel_server.add_request_handler("logging/setLevel", SetLevelRequestParams, set_level)


def lay_tools(server: MCPServer[Any]) -> None:
    server._have_tools()
    for name, found in list(globals().items()):
        if name.startswith("test_") and "prompt" in name and name != "test_trigger_prompt_change":
            server.add_prompt(Prompt.from_function(found, name=name, description=name))
        elif name.startswith(("test_", "json_schema")):
            server.add_tool(found, name=name, description=name)
            server._listed |= {name}
    server._tool_manager._tools["json_schema_2020_12_tool"].parameters = SCHEMA_2020_12


def lay_resources(server: MCPServer[Any]) -> None:
    listed, templates, read = server.list_resources, server.list_resource_templates, server.read_resource

    @server.resource("test://static-text")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        return base64.b64decode(PIXEL)

    @server.resource("test://watched-resource")
    def watched() -> str:
        return "Watched."

    @server.resource("test://template/{id}/data")
    def template(id: str) -> str:  # noqa: A002
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})

    async def list_resources() -> list[Any]:
        return [*await listed(), *await MCPServer.list_resources(server)]

    async def list_templates() -> list[Any]:
        return [*await templates(), *await MCPServer.list_resource_templates(server)]

    async def read_resource(uri: Any, context: Any = None) -> Any:
        if str(uri).startswith("test://"):
            return await MCPServer.read_resource(server, uri, context)
        return await read(uri, context)

    server.list_resources, server.list_resource_templates = list_resources, list_templates
    server.read_resource = read_resource


def main() -> None:
    """Serve until killed."""
    logging.disable()  # nobody reads stderr after the address
    server = build_server(Path(sys.argv[1]))
    lay_beside(server)
    http = Http("127.0.0.1:0")
    with http.listen() as listening:
        anyio.run(run_http, server, http, listening)


if __name__ == "__main__":
    main()
