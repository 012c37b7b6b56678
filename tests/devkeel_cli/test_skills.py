"""`devkeel install --skills`: what agents without MCP read, and every command line in it."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest
from ruamel.yaml import YAML

from devkeel_cli import skills
from devkeel_cli.group import cli

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell

LINES = sorted(
    {
        line
        for text in (skills.SKILL, skills.SECTION)
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    }
)
# a token has about four bytes of English
MOST_BYTES = {"skill": 1_800, "section": 900}


def written(devkeel: Shell) -> tuple[Path, Path]:
    return devkeel.root / ".claude" / "skills" / "devkeel" / "SKILL.md", devkeel.root / "AGENTS.md"


@pytest.mark.parametrize("line", LINES)
def test_every_command_line_is_one_that_the_command_takes(line: str) -> None:
    program, verb, *argv = shlex.split(line)
    assert program == "devkeel"
    command = cli.get_command(cli.make_context("devkeel", [], resilient_parsing=True), verb)
    assert command is not None
    # a group that does something by itself, as `history` does, gives the line to the verb in it that does
    own = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    with command.make_context(verb, argv) as context:
        assert context.command in own


def test_both_are_written_only_when_told_to_and_again_changes_nothing(devkeel: Shell) -> None:
    shown = devkeel("install", "--skills")
    assert not any(path.exists() for path in written(devkeel))
    assert "+## Development environment" in shown.out
    devkeel("install", "--skills", "--write", "--dry-run")
    assert not any(path.exists() for path in written(devkeel))
    assert devkeel("install", "--skills", "--write").code == 0
    texts = [path.read_bytes() for path in written(devkeel)]
    result = json.loads(devkeel("install", "--skills", "--write", "--json").out)
    assert [item["changed"] for item in result["files"]] == [False, False]
    assert [path.read_bytes() for path in written(devkeel)] == texts


def test_the_skill_is_one_that_hosts_find_by_its_description(devkeel: Shell) -> None:
    devkeel("install", "--skills", "--write")
    path, _ = written(devkeel)
    _, head, body = path.read_text().split("---\n", 2)
    facts = YAML(typ="safe").load(head.encode())
    # agentskills.io/specification
    assert facts["name"] == path.parent.name
    assert 0 < len(facts["description"]) <= 1_024
    assert len(body.encode()) < MOST_BYTES["skill"]
    assert len(skills.SECTION.encode()) < MOST_BYTES["section"]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_stands_around_the_section_stays_and_it_goes_without_a_trace(devkeel: Shell, ends: str) -> None:
    before = ends.join(["# Ours", "", "Text."]) + ends
    _, agents = written(devkeel)
    agents.write_bytes(before.encode())
    devkeel("install", "--skills", "--write")
    text = agents.read_bytes()
    assert text.startswith(before.encode())
    assert (b"\r\n" in text) == (ends == "\r\n")
    assert text.count(b"\n") == text.count(ends.encode())
    agents.write_bytes(text + f"More.{ends}".encode())
    assert "nothing to do" in devkeel("install", "--skills", "--write").out
    devkeel("install", "--skills", "--remove", "--write")
    assert agents.read_bytes() == before.encode() + f"More.{ends}".encode()
    assert not written(devkeel)[0].exists()


def test_files_that_hold_nothing_else_are_taken_away(devkeel: Shell) -> None:
    devkeel("install", "--skills", "--write")
    devkeel("install", "--skills", "--remove", "--write")
    assert not any(path.exists() for path in written(devkeel))
    assert devkeel("install", "--skills", "--remove", "--write").code == 0


def test_an_older_section_is_replaced_and_what_was_added_to_the_skill_stays(devkeel: Shell) -> None:
    devkeel("install", "--skills", "--write")
    skill, agents = written(devkeel)
    whole = agents.read_text()
    agents.write_text(whole.replace("devkeel add ripgrep", "devkeel old"))
    skill.write_text(skill.read_text() + "\nOurs: ask before you add a service.\n")
    devkeel("install", "--skills", "--write")
    assert agents.read_text() == whole
    assert skill.read_text().endswith("Ours: ask before you add a service.\n")
    devkeel("install", "--skills", "--remove", "--write")
    assert "Ours" in skill.read_text()


def test_a_skill_of_that_name_that_is_another_one_is_not_touched(devkeel: Shell) -> None:
    skill, _ = written(devkeel)
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: devkeel\n---\nOurs.\n")
    outcome = devkeel("install", "--skills", "--write")
    assert (outcome.code, "foreign_section" in outcome.err) == (1, True)
    assert skill.read_text().endswith("Ours.\n")


def test_nothing_named_is_no_request(devkeel: Shell) -> None:
    assert devkeel("install", "--write").code == 2
