"""Roles and callers of devkeel.toml: what they say, and at which line what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.errors import ProjectError
from devkeel.project.root import Project
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
level = "syntax"
[roles.reviewer]
permissions = ["read"]
[roles."the agent"]
permissions = ["read", "write", "read"]
sandbox = true
[callers]
default = "the agent"
clients = { "claude-code" = "reviewer" }
"""


def written(root: Path, text: str) -> Project:
    (root / "devkeel.toml").write_text(text)
    return Project(root)


def test_a_project_without_roles_has_none(tmp_path: Path) -> None:
    table = read_settings(Project(tmp_path)).roles
    assert (dict(table.roles), table.callers.default, dict(table.callers.clients)) == ({}, None, {})


def test_roles_and_callers_are_read_with_their_lines(tmp_path: Path) -> None:
    table = read_settings(written(tmp_path, GOOD)).roles
    reviewer, agent = table.roles["reviewer"], table.roles["the agent"]
    assert (reviewer.permissions, reviewer.sandbox, table.line_of("reviewer")) == ({"read"}, False, 3)
    assert (agent.permissions, agent.sandbox) == ({"read", "write"}, True)
    assert (table.callers.default, table.callers.command) == ("the agent", None)
    assert dict(table.callers.clients) == {"claude-code": "reviewer"}
    assert [table.line(("callers", *key)) for key in (("default",), ("clients", "claude-code"))] == [8, 9]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[roles.a]\npermissions = ["reed"]\n', 2),
        ('[roles.a]\npermissions = "read"\n', 2),
        ("[roles.a]\npermissions = [1]\n", 2),
        ("[roles.a]\nsandbox = true\n", 1),
        ('[roles.a]\npermissions = ["read"]\nsandbox = 1\n', 3),
        ('[roles.a]\npermissions = ["read"]\nwrites = true\n', 3),
        ("[roles]\na = 1\n", 2),
        ("roles = 1\n", 1),
        ("callers = []\n", 1),
        ('[callers]\ndefault = "a"\n', 2),
        ('[roles.a]\npermissions = []\n[callers]\ncommand = "b"\n', 4),
        ('[roles.a]\npermissions = []\n[callers]\nowner = "a"\n', 4),
        ('[roles.a]\npermissions = []\n[callers]\nclients = "a"\n', 4),
        ('[roles.a]\npermissions = []\n[callers.clients]\nx = "a"\ny = "b"\n', 5),
        ("[roles.a]\npermissions = []\n[callers]\ndefault = 1\n", 4),
    ],
)
def test_what_is_wrong_is_named_at_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ProjectError) as caught:
        read_settings(written(tmp_path, text))
    assert caught.value.code == "bad_settings"
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == ("devkeel.toml", line)
