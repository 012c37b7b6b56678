"""What a Nix file is, as an agent meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Agent

FLAKE = '{\n  inputs.x.url = "path:./x";\n  outputs = { self, x }: { a = 1; };\n}\n'


@pytest.mark.anyio
async def test_a_flake_is_edited_by_its_text_alone(agent: Agent) -> None:
    (agent.root / "flake.nix").write_text(FLAKE)
    edits = [
        {"kind": "add_packages", "names": ["jq"], "file": "flake.nix"},
        {"kind": "enable", "name": "redis", "file": "flake.nix"},
        {"kind": "set", "path": "env.X", "value": "1", "file": "flake.nix"},
    ]
    # Packages go to a development shell, which this flake has none of; options are those of devenv's modules.
    for edit, code in zip(edits, ["not_found", "not_a_devenv_module", "not_a_devenv_module"], strict=True):
        error = await agent.error("edit_environment", edits=[edit])
        assert error["code"] == code
    result = await agent.data("patch_file", file="flake.nix", old="a = 1", new="a = 2", level="syntax")
    assert result["published"]
    assert "a = 2;" in agent.read("flake.nix")
