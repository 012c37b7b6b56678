"""A model that says what a test wants: the APIs of hosts' models on a loopback port, streamed as the hosts read them.

It answers with the tool calls of a script, one after the other, and then with a sentence. Which is next is read from
the request alone: as many as results of earlier ones are in it. A request that offers no tools (a title, a summary) is
no step of the script.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["DONE", "Call", "Model", "serving"]

DONE = "That was all."


class Call(NamedTuple):
    """A call of a tool: the host's name of it, and its arguments; a text in place of them for a free-form tool.

    space: the group of tools that it is in, where the API has groups.
    """

    tool: str
    given: Mapping[str, Any] | str
    space: str = ""


class Model:
    """What the host was answered, and what it sent."""

    def __init__(self, url: str, script: Sequence[Call]) -> None:
        self.url = url
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.strange: list[str] = []
        self._results: list[str] = []
        self._tools: set[str] = set()

    @property
    def results(self) -> list[str]:
        """What the model read of each call."""
        return self._results

    @property
    def tools(self) -> set[str]:
        """The names of the tools that were offered."""
        return self._tools

    def read(self, tools: set[str], results: list[str], body: dict[str, Any]) -> Call | None:
        """Note a request and return the next call; None where nothing is left to do."""
        self.requests.append(body)
        if not tools:
            return None
        self._tools |= tools
        self._results = max(self._results, results, key=len)
        return self.script[len(results)] if len(results) < len(self.script) else None


def _text(content: Any) -> str:
    """Return the text of a message's content, however its API nests it."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return _text(content.get("text", content.get("content", content.get("output", ""))))
    return "\n".join(_text(item) for item in content) if isinstance(content, list) else ""


Events = list[tuple[str, dict[str, Any]]]


def _messages(model: Model, body: dict[str, Any]) -> Events:
    """Anthropic's Messages API."""
    blocks = [item for turn in body["messages"] if isinstance(turn["content"], list) for item in turn["content"]]
    results = [_text(item.get("content", "")) for item in blocks if item["type"] == "tool_result"]
    call = model.read({item["name"] for item in body.get("tools", ())}, results, body)
    if call is None:
        block: dict[str, Any] = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": DONE}
    else:
        block = {"type": "tool_use", "id": f"toolu_{len(results):04}", "name": call.tool, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call.given)}
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": f"msg_{len(results):04}", "type": "message", "role": "assistant", "model": body["model"]}
    message |= {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    stop = {"stop_reason": "end_turn" if call is None else "tool_use", "stop_sequence": None}
    if not body.get("stream"):
        whole = {"text": DONE} if call is None else {"input": call.given}
        return [("", message | stop | {"content": [block | whole]})]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    return [(item["type"], item) for item in events]


def _responses(model: Model, body: dict[str, Any]) -> Events:
    """OpenAI's Responses API."""
    kinds = ("function_call_output", "custom_tool_call_output", "tool_search_output")
    found = [item for item in body["input"] if item.get("type") in kinds]
    results = [_text(item["output"]) if "output" in item else json.dumps(item["tools"]) for item in found]
    call = model.read({item["name"] for item in body.get("tools", ()) if "name" in item}, results, body)
    if call is None:
        content = [{"type": "output_text", "text": DONE, "annotations": []}]
        item: dict[str, Any] = {"type": "message", "role": "assistant", "id": "msg_1", "content": content}
    elif call.tool == "tool_search":
        item = {"type": "tool_search_call", "id": f"tsc_{len(results)}", "execution": "client"}
        item["arguments"] = call.given
    elif isinstance(call.given, str):
        item = {"type": "custom_tool_call", "id": f"ctc_{len(results)}", "name": call.tool, "input": call.given}
    else:
        item = {"type": "function_call", "id": f"fc_{len(results)}", "name": call.tool}
        item |= {"arguments": json.dumps(call.given)} | ({"namespace": call.space} if call.space else {})
    if call is not None:
        item["call_id"] = f"call_{len(results):04}"
    response = {"id": f"resp_{len(results)}", "object": "response", "status": "in_progress", "output": []}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    ended = response | {"status": "completed", "output": [item], "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": ended},
    ]
    return [(event["type"], event) for event in events]


def _gemini(model: Model, body: dict[str, Any]) -> Events:
    """Gemini's API."""
    parts = [part for turn in body["contents"] for part in turn.get("parts", ())]
    given = [part["functionResponse"].get("response", {}) for part in parts if "functionResponse" in part]
    results = [_text(item.get("output", item.get("error", ""))) for item in given]
    tools = {tool["name"] for group in body.get("tools", ()) for tool in group.get("functionDeclarations", ())}
    call = model.read(tools, results, body)
    part = {"text": DONE} if call is None else {"functionCall": {"name": call.tool, "args": call.given}}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return [("", {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "fake"})]


def _completions(model: Model, body: dict[str, Any]) -> Events:
    """OpenAI's Chat Completions API."""
    results = [_text(item["content"]) for item in body["messages"] if item["role"] == "tool"]
    call = model.read({item[item["type"]]["name"] for item in body.get("tools") or ()}, results, body)
    said: dict[str, Any] = {"role": "assistant", "content": DONE}
    if call is not None:
        free = isinstance(call.given, str)
        kind, key = ("custom", "input") if free else ("function", "arguments")
        function = {"name": call.tool, key: call.given if free else json.dumps(call.given)}
        calls = [{"index": 0, "id": f"call_{len(results):04}", "type": kind, kind: function}]
        said = {"role": "assistant", "content": None, "tool_calls": calls}
    reason = "stop" if call is None else "tool_calls"
    streamed = bool(body.get("stream"))
    chunk = {"id": "c", "object": f"chat.completion{'.chunk' if streamed else ''}", "created": 1, "model": "fake"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    if not streamed:
        return [("", chunk | {"choices": [{"index": 0, "message": said, "finish_reason": reason}], "usage": usage})]
    return [
        ("", chunk | {"choices": [{"index": 0, "delta": said, "finish_reason": None}]}),
        ("", chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage}),
    ]


# By what ends the path of a request.
_APIS: dict[str, Callable[[Model, dict[str, Any]], Events]] = {
    "/messages": _messages,
    "/responses": _responses,
    ":streamGenerateContent": _gemini,
    ":generateContent": _gemini,
    "/chat/completions": _completions,
}


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the model of its server."""

    protocol_version = "HTTP/1.1"
    model: Model

    def do_POST(self) -> None:
        """Answer a request of the host."""
        path = self.path.partition("?")[0]
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = next((answer for end, answer in _APIS.items() if path.endswith(end)), None)
        if answer is None:
            self.model.strange.append(f"POST {self.path}")
            self._send(
                404 if "count" not in path else 200, "application/json", b'{"input_tokens": 1, "totalTokens": 1}'
            )
            return
        body = json.loads(data)
        events = answer(self.model, body)
        if not (body.get("stream") or path.endswith(":streamGenerateContent")):
            self._send(200, "application/json", json.dumps(events[0][1]).encode())
            return
        lines = [f"event: {name}\n" * bool(name) + f"data: {json.dumps(event)}\n\n" for name, event in events]
        ending = ["data: [DONE]\n\n"] if path.endswith("/completions") else []
        self._send(200, "text/event-stream", "".join([*lines, *ending]).encode())

    def do_GET(self) -> None:
        """Refuse what is no request to a model: a list of models, a check for a newer version."""
        self.model.strange.append(f"GET {self.path}")
        self._send(404, "application/json", b"{}")

    do_HEAD = do_GET  # noqa: N815  (http.server's name)

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(script: Sequence[Call] = ()) -> Iterator[Model]:
    """Serve a model on a loopback port until the block ends."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.model = model = Model(f"http://127.0.0.1:{server.server_port}", script)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield model
        finally:
            server.shutdown()
