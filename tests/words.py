"""Every call that a sentence names is one that its client has: watched in every test of this process.

What a client says for a marker is parsed again: by the tool's arguments, or by the command. A marker that reaches a
reader unsaid is found too, unless the test is marked `forged`.
"""

from __future__ import annotations

import functools
import json
import re
import shlex
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import click
import pytest
from pydantic import ValidationError

from devkeel.disclosure import output
from devkeel.text import actions
from devkeel_words.speech import Speech, as_command, as_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.text.actions import Said

_GIVEN = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\[.*\]|[^,\s]+)')
_PERSONAL = " (the user's command, no tool)"
# The tool that answers, and the command that was invoked last, for what is said of the caller's own call.
TOOL: ContextVar[str | None] = ContextVar("tool", default=None)
COMMAND: ContextVar[click.Command | None] = ContextVar("command", default=None)


def refused_tool(name: str, given: dict[str, Any]) -> str | None:
    """Return why a tool does not take arguments, or None; what is not given is for the reader to fill in."""
    from devkeel_mcp.tools import TOOLS

    spec = next((spec for spec in TOOLS if spec.name == name), None)
    if spec is None:
        return f"there is no tool {name}"
    try:
        spec.arguments.model_validate(given)
    except ValidationError as error:
        wrong = [item for item in error.errors() if item["type"] != "missing"]
        return str(wrong) if wrong else None
    return None


def refused_command(words: list[str], command: click.Command | None = None) -> str | None:
    """Return why the command line is not one, or None; arguments that are not given are for the reader to fill in."""
    from devkeel_cli.arguments.default_group import DefaultGroup
    from devkeel_cli.group import cli
    from devkeel_cli.session import Session

    command, context = command or cli, click.Context(cli, obj=Session(None))
    while isinstance(command, click.Group):
        if isinstance(command, DefaultGroup) and (not words or words[0] not in command.commands):
            command = command.default
            break
        found = command.get_command(context, words[0]) if words else None
        if found is None:
            return f"{command.name} has no {words[:1]}"
        command, words = found, words[1:]
    try:
        command.make_context(command.name, list(words), parent=context)
    except click.MissingParameter:
        return None
    except click.ClickException as error:
        return error.format_message()
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def refused_words(said: Said, speaker: Speech, words: str) -> str | None:
    """Return why a client would not take what it says for a marker, or None."""
    if speaker is as_tool and not words.endswith(_PERSONAL):
        given = {name: _value(text) for name, text in _GIVEN.findall(words)}
        return _refused_for_an_agent(said, words, given)
    if speaker is as_command or words.endswith(_PERSONAL):
        return _refused_for_a_person(said, words.removesuffix(_PERSONAL))
    return None


def _refused_for_an_agent(said: Said, words: str, given: dict[str, Any]) -> str | None:
    from devkeel_mcp.tools import TOOLS
    from devkeel_mcp.tools.edit import EditItem

    if said.kind == "do":
        return refused_tool(words.partition(" ")[0], given)
    names = [TOOL.get()] if TOOL.get() else [spec.name for spec in TOOLS]
    left_out = words.partition(" without ")[2].split(" and ")
    if said.kind == "argument":
        left_out = [words.partition("=")[0]]
    whole = {spec.name: spec.arguments.model_fields for spec in TOOLS}
    if said.kind == "argument" and {*left_out} <= {*EditItem.model_fields}:
        return None  # of an edit
    if any(refused_tool(name, given) is None and {*filter(None, left_out)} <= {*whole[name]} for name in names):
        return None
    return f"{names} do not take it"


def _refused_for_a_person(said: Said, words: str) -> str | None:
    if said.kind == "do":
        typed = shlex.split(words.strip("`"))
        return refused_command(typed[1:]) if typed[0] == "devkeel" else "no command of ours"
    flags = [word for word in shlex.split(words) if word.startswith("-")]
    own = COMMAND.get()
    for command in [own] if own else commands():
        known = {flag for item in command.params for flag in item.opts}
        typed = shlex.split(words.partition(" with ")[2].partition(" without ")[0].replace(" and ", " "))
        typed = shlex.split(words) if said.kind == "argument" and said.arguments else typed
        if {*flags} <= known and refused_command(typed, command) is None:
            return None
    return "no command takes it"


def commands() -> Iterator[click.Command]:
    """Return every command that does something."""
    from devkeel_cli.group import VERBS, cli

    for name in VERBS:
        found = cli.get_command(click.Context(cli), name)
        assert found is not None
        yield from found.commands.values() if isinstance(found, click.Group) else (found,)


@pytest.fixture(autouse=True)
def _said_words(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    wrong: list[str] = []
    speak, clean = Speech.__call__, output.clean
    # A test before this one, in the same process, has called others.
    TOOL.set(None)
    COMMAND.set(None)

    def speaking(self: Speech, said: Said) -> str:
        words = speak(self, said)
        if reason := refused_words(said, self, words):
            wrong.append(f"{words!r}: {reason}")
        return words

    def cleaning(text: str) -> str:
        actions.say(text, lambda said: wrong.append(f"left unsaid: {said} in {text!r}") or "")
        return clean(text)

    if not request.node.get_closest_marker("forged"):
        monkeypatch.setattr(Speech, "__call__", speaking)
        monkeypatch.setattr(output, "clean", cleaning)
        _follow_calls(monkeypatch)
    yield
    if wrong:
        pytest.fail("\n".join(wrong))


def _follow_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    invoke = click.Command.invoke

    def invoking(self: click.Command, context: click.Context) -> Any:
        COMMAND.set(self)
        return invoke(self, context)

    monkeypatch.setattr(click.Command, "invoke", invoking)
    if "devkeel_mcp.calls.tool" in sys.modules:
        from devkeel_mcp.calls.tool import StrictTool

        monkeypatch.setattr(StrictTool, "run", _knowing(StrictTool.run))


def _knowing(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    async def running(self: Any, *arguments: Any, **given: Any) -> Any:
        TOOL.set(self.name)
        return await run(self, *arguments, **given)

    return running
