"""Messages that no client sends: the server neither crashes nor hangs, and answers the next one.

DEVKEEL_FUZZ says how many.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from devkeel_mcp.tools import TOOLS

from .conftest import DECLARATION
from .processes import command, served, variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT = int(os.environ.get("DEVKEEL_FUZZ", "20000"))
CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "1"}}
METHODS = [
    *("initialize", "notifications/initialized", "ping", "tools/list", "tools/call", "resources/list"),
    *("resources/read", "resources/templates/list", "resources/subscribe", "resources/unsubscribe", "prompts/list"),
    *("prompts/get", "completion/complete", "logging/setLevel", "notifications/cancelled", "server/discover"),
    *("subscriptions/listen", "roots/list", "sampling/createMessage", "no/such", "", "\x00"),
]
READING = {spec.name: spec.reads for spec in TOOLS} | {"no_such": True, "": True}
ATOMS: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**63, 1e308, "", "x", "git", "\x00", "\ud800", "💣", "devkeel://environment"),
    *([], {}, "x" * 5_000, "[" * 500),
]
KEYS = ["name", "arguments", "uri", "ref", "argument", "cursor", "_meta"]
KEYS += sorted({field for spec in TOOLS for field in spec.arguments.model_fields})


def value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(6 if depth < 4 else 3)
    if kind == 3:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind > 3:
        return {chance.choice(KEYS): value(chance, depth + 1) for _ in range(chance.randrange(5))}
    return chance.choice(ATOMS)


def message(chance: random.Random) -> Any:
    params = value(chance)
    method = chance.choice(METHODS)
    if method == "tools/call" and chance.random() < 0.8:
        name = chance.choice(list(READING))
        # Dry runs, so that no random write makes the next thousand calls slower.
        careful = {} if READING[name] else {"dry_run": True}
        params = {"name": name, "arguments": {chance.choice(KEYS): value(chance)} | careful}
    told = {"jsonrpc": "2.0", "id": chance.choice([1, "a", 2**40, *ATOMS[:6]]), "method": method, "params": params}
    for name in list(told):
        if chance.random() < 0.08:
            del told[name]
        elif chance.random() < 0.05:
            told[name] = value(chance)
    return [told, told] if chance.random() < 0.02 else told


def messages(count: int, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    for _ in range(count):
        line = json.dumps(message(chance)).encode()
        way = chance.randrange(10)
        if way == 0:
            line = line[: chance.randrange(len(line) + 1)]
        elif way == 1:
            at = chance.randrange(len(line))
            line = line[:at] + chance.randbytes(3) + line[at + 1 :]
        elif way == 2:
            line = chance.randbytes(chance.randrange(40))
        yield line.replace(b"\n", b" ")


def test_any_lines_on_its_input_leave_it_able_to_answer(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    answered = threading.Event()
    with subprocess.Popen(
        command(tmp_path, "--log-level", "error"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=variables(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        replies: list[Any] = []

        def read() -> None:
            for line in process.stdout or ():
                replies.append(json.loads(line))
                if replies[-1].get("id") == "last":
                    answered.set()

        reader = threading.Thread(target=read)
        reader.start()
        first = {"jsonrpc": "2.0", "id": "first", "method": "initialize", "params": CLIENT}
        last = {"jsonrpc": "2.0", "id": "last", "method": "tools/list"}
        for line in (json.dumps(first).encode(), *messages(COUNT, 1), json.dumps(last).encode()):
            process.stdin.write(line + b"\n")
        process.stdin.flush()
        assert answered.wait(timeout=60 + COUNT / 20), "it hangs"
        process.stdin.close()
        assert process.wait(timeout=60) == 0
        reader.join()
    assert len(next(item for item in replies if item.get("id") == "last")["result"]["tools"]) > 0
    assert (tmp_path / "devenv.nix").read_text() == DECLARATION


def test_any_bodies_over_http_leave_it_able_to_answer(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    with served(tmp_path, token="t" * 40) as server:
        for body in messages(min(COUNT, 200), 2):
            if b"subscriptions/listen" in body:
                continue  # a stream without an end is the right answer to some of these
            assert server.post(body).status_code < 500 or server.alive()
        assert server.alive()
    assert (tmp_path / "devenv.nix").read_text() == DECLARATION
