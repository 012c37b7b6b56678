"""`devkeel guard`: one message of a host's hook in, one answer out, and a process that never stands in the host's way.

It runs before each call of an agent's tools. What is no business of an environment is answered before anything of the
library is loaded; what is not understood is not answered at all.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from devkeel.deferred import Deferred
from devkeel.guard.question import Patch, Running
from devkeel_cli.hooks.messages import DIALECTS, projects_of, understood
from devkeel_cli.hooks.process import MOST_BYTES, answer_host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from devkeel.disclosure import output as disclosed
    from devkeel.guard import judge as judging
    from devkeel.guard.question import Answer, Question
    from devkeel_cli.answers import suggest
    from devkeel_words import speech
else:
    judging, disclosed = Deferred("devkeel.guard.judge"), Deferred("devkeel.disclosure.output")
    suggest, speech = Deferred("devkeel_cli.answers.suggest"), Deferred("devkeel_words.speech")

__all__ = ["answered", "main"]

_USUAL = "claude-code"
_MOST_COMMAND = 600
# What may be a file of an environment, by its name alone: the project's own rules decide afterwards.
_FILE = re.compile(r"(?:\.(?:nix|ya?ml|toml|json|txt|in)|(?:^|/)(?:Gemfile|go\.mod|\.envrc))$")
# What may install or write something, by its text alone: a quick look, which lets through most that an agent runs.
_INSTALLS = re.compile(
    r"<<|\btee\b|>\s*\S{0,255}(?:\.(?:nix|ya?ml|toml|json|txt|in)|Gemfile|go\.mod|\.envrc)\b"
    r"|install|\badd\b|\binject\b|\brequire\b|setup\.py|\bin?\b|\bu(?:se)?\b|pacman|nix-env|develop|cpanm"
    r"|\b(?:yay|paru|emerge|dpkg|rpm)\b|rustup|corepack"
)
# Or what a script of the network does.
_FETCHES, _RUNS = re.compile(r"\b(?:curl|wget)\b"), re.compile(r"(?:sh|python[\d.]*|php|eval|source)\b|\B\.\B|\./")


def main(host: str) -> NoReturn:
    """Answer the message on standard input and exit."""
    answer_host(host, answered)


def answered(data: bytes, host: str = _USUAL) -> str:
    """Return the answer to a message as the host reads it, `` where nothing is decided."""
    message = json.loads(data) if len(data) <= MOST_BYTES else None
    if not isinstance(message, dict):
        return ""
    for question in understood(message):
        found = judging.judge(question, projects_of(message)) if _may_matter(question) else None
        if found is not None:
            root, answer = found
            return json.dumps(DIALECTS[host].answer(message, answer.decision, _reason(root, answer)))
    return ""


def _may_matter(question: Question) -> bool:
    act = question.act
    if isinstance(act, Running):
        text = act.command
        return bool(_INSTALLS.search(text) or (_FETCHES.search(text) and _RUNS.search(text)))
    return isinstance(act, Patch) or _FILE.search(act.path) is not None


def _reason(root: Path, answer: Answer) -> str:
    """Return what the agent reads: what is wrong, then what to ask devkeel for, as a tool call and as a command."""
    told = disclosed.Disclosure(root, speaker=speech.as_tool)
    lines = [f"devkeel: {told.sentence(answer.reason)}"]
    if answer.edits:
        edits = told.data([dict(edit) for edit in answer.edits])
        lines.append(f"Do instead: {_call(edits, creates=answer.creates)}")
        creating = " --create" if answer.creates else ""
        commands = " && ".join(f"{suggest.as_command(edit)}{creating}" for edit in edits)
        if len(commands) < _MOST_COMMAND:
            lines.append(f"or, without its tools: {commands}")
    if answer.next:
        lines.append(told.sentence(answer.next))
    return "\n".join(lines)


def _call(edits: Sequence[Mapping[str, Any]], *, creates: bool) -> str:
    tool = speech.as_tool.do("set", {"create": True} if creates else {})
    return f"{tool}{', ' if creates else ' with '}edits={json.dumps(edits, ensure_ascii=False)}"
