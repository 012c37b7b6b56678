"""The envelope of a message: what is wrong with it, and the answer to who sent it.

JSON-RPC has a sender wait for the answer to everything that has an id. What cannot be read is therefore answered with
the id that can be found in it, and what has none is not answered.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

__all__ = ["Examined", "deeper_than", "examine", "refusal"]

# What matters for the depth of JSON: strings whole, so that brackets in them do not count. The closing quote is
# optional: a string without an end is then read once, not again from each of its quotes.
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL)
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")
_ID = re.compile(rb'\s*:\s*(?P<id>"(?:[^"\\\x00-\x1f]|\\.){0,200}"|-?\d{1,200}(?:\.\d{1,20})?)\s*(?=[,}\]]|\Z)')
# JSON-RPC 2.0, section 5.1; -32000 is of those that a server may choose.
_PARSE_ERROR, _INVALID_REQUEST, _BUSY = -32700, -32600, -32000
_MOST_ANSWERS = 100
_SEARCHED = 64 * 1024


class Examined(NamedTuple):
    """A message as data where its envelope is in order; else the answers to send, none where nothing has an id."""

    message: Any
    answers: tuple[dict[str, Any], ...] = ()


class _Malformed(ValueError):
    pass


def examine(body: bytes, depth: int) -> Examined:
    """Examine one message. depth: how deep arrays and objects may nest."""
    try:
        data = _read(body, depth)
    except _Malformed as error:
        return _unread(body, _INVALID_REQUEST, str(error))
    except (ValueError, RecursionError):  # no UTF-8, no JSON, a number of more digits than Python reads
        return _unread(body, _PARSE_ERROR, "The message is not JSON.")
    if isinstance(data, list):
        # Only the version of 2025-03-26 has batches; later ones took them out.
        told = "Messages come one at a time: batches are not part of this protocol."
        found = [refusal(item["id"], _INVALID_REQUEST, told) for item in data if _waits(item)]
        return Examined(None, tuple(found[:_MOST_ANSWERS]))
    wrong = _wrong(data)
    if wrong is None:
        return Examined(data)
    return Examined(None, (refusal(data["id"], _INVALID_REQUEST, wrong),) if _waits(data) else ())


def _read(body: bytes, depth: int) -> Any:  # noqa: ANN401
    """Return what a message says; raises _Malformed where it says it in a way that readers understand differently."""
    # RFC 8259, section 9: a parser may set limits to depth.
    if deeper_than(body, depth):
        raise _Malformed(f"A message nests at most {depth} arrays and objects.")
    text = body.decode("utf-8")
    # RFC 8259 has neither NaN nor Infinity (section 6), and leaves open which of two equal names counts (section 4).
    data = json.loads(text, parse_constant=_constant, object_pairs_hook=_once, parse_float=_finite)
    # RFC 8259, section 8.2: `\ud800` alone is in the grammar, and no character that UTF-8 could write.
    if "\\u" in text:
        try:
            json.dumps(data, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise _Malformed("The message has half of a character.") from None
    return data


def deeper_than(body: bytes, limit: int) -> bool:
    """Return whether arrays and objects nest deeper than that."""
    depth = 0
    for token in _TOKENS.finditer(body):
        if token[0] in _OPENING:
            depth += 1
            if depth > limit:
                return True
        elif token[0] in _CLOSING:
            depth -= 1
    return False


def refusal(identifier: Any, code: int = _BUSY, told: str = "Too many requests are under way.") -> dict[str, Any]:  # noqa: ANN401
    """Return the answer that refuses a message; an id of no kind that JSON-RPC has is answered as null."""
    known = isinstance(identifier, (str, int, float)) and not isinstance(identifier, bool)
    # JSON-RPC 2.0, section 5: the id is null where it could not be found.
    return {"jsonrpc": "2.0", "id": identifier if known else None, "error": {"code": code, "message": told}}


def _waits(message: Any) -> bool:  # noqa: ANN401
    """Return whether a sender waits for an answer; answering a broken answer would go on for ever."""
    if not isinstance(message, dict) or "id" not in message:
        return False
    return "method" in message or not {"result", "error"} & message.keys()


def _wrong(data: Any) -> str | None:  # noqa: ANN401
    """Return what is wrong with the envelope of a message, or None."""
    if not isinstance(data, dict):
        return "A message is an object."
    answer = bool({"result", "error"} & data.keys())
    identifier = data.get("id", 0)
    # MCP, Base Protocol (2025-11-25): the id of a request is a string or an integer, and not null. An error about what
    # could not be read has null (JSON-RPC 2.0, section 5).
    nameless = isinstance(identifier, bool) or not isinstance(identifier, (str, int))
    faults = (
        (data.get("jsonrpc") != "2.0", 'A message has "jsonrpc": "2.0".'),
        ("method" not in data and not answer, "A message has a method, or is an answer."),
        ("method" in data and not isinstance(data["method"], str), "A method is text."),
        (nameless and not (identifier is None and answer), "An id is text or a whole number."),
        (not isinstance(data.get("params", {}), dict), "Parameters are an object."),
    )
    return next((told for holds, told in faults if holds), None)


def _unread(body: bytes, code: int, told: str) -> Examined:
    """Answer what cannot be read with the id that stands at its top level."""
    depth = 0
    for token in _TOKENS.finditer(body, 0, _SEARCHED):
        if token[0] in _OPENING:
            depth += 1
        elif token[0] in _CLOSING:
            depth -= 1
        elif token[0] == b'"id"' and depth == 1:
            found = _ID.match(body, token.end())
            if found is not None:
                text = found["id"].decode("utf-8", "replace")
                try:
                    return Examined(None, (refusal(json.loads(text), code, told),))
                except ValueError:
                    return Examined(None, (refusal(None, code, told),))
    return Examined(None)


def _constant(name: str) -> Any:  # noqa: ANN401
    raise _Malformed(f"{name} is no number in JSON.")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _Malformed("A number is too large.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Malformed("A name stands twice in an object.")
    return found
