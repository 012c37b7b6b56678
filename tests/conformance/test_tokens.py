"""What the server costs a model, in tokens of o200k."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client

from devkeel_mcp import build_server

from .conftest import MODULES

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Node

pytestmark = [pytest.mark.conformance, pytest.mark.anyio]
COUNT = 3_000
COUNTER = """\
const { countTokens } = require(process.argv[2]);
const texts = JSON.parse(require("fs").readFileSync(process.argv[3], "utf8"));
console.log(JSON.stringify(texts.map((text) => countTokens(text))));
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def tokens(node: Node, folder: Path, texts: list[str]) -> list[int]:
    script, data = folder / "count.cjs", folder / "texts.json"
    script.write_text(COUNTER)
    data.write_text(json.dumps(texts))
    encoding = MODULES / "gpt-tokenizer" / "cjs" / "encoding" / "o200k_base.js"
    counted: list[int] = json.loads(node.run(str(script), str(encoding), str(data)).stdout)
    return counted


def compact(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


async def test_the_list_of_tools_costs_less_than_3200(node: Node, root: Path, tmp_path: Path) -> None:
    async with Client(build_server(root)) as client:
        tools = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in await listed(client)]
    assert 500 < tokens(node, tmp_path, [compact(tools)])[0] < 3_200


async def listed(client: Client) -> list[Any]:
    return list((await client.list_tools()).tools)


async def test_an_answer_costs_less_than_8000_in_either_form(node: Node, root: Path, tmp_path: Path) -> None:
    # Figures are the worst that a declaration is made of: two bytes a token.
    lines = [f'  env.VARIABLE_{number} = "{number}";' for number in range(COUNT)]
    (root / "devenv.nix").write_text("\n".join(["{ pkgs, ... }:", "{", *lines, "}", ""]))
    edit = {"kind": "replace_text", "old": "VARIABLE_", "new": "V_", "occurrences": COUNT}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("inspect_environment", {}),
        ("check_environment", {"level": "schema"}),
        ("search_catalogue", {"query": "python"}),
        ("edit_environment", {"edits": [edit], "level": "syntax"}),
        ("show_history", {}),
        ("show_history", {"operation": 1}),
    ]
    texts = []
    async with Client(build_server(root)) as client:
        for tool, arguments in calls:
            result = await client.call_tool(tool, arguments)
            texts += [compact(result.structured_content), "".join(getattr(item, "text", "") for item in result.content)]
    counted = tokens(node, tmp_path, texts)
    assert len(counted) == 2 * len(calls)
    assert max(counted) < 8_000
