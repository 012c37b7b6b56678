"""What an environment is made with: what the call asks, else what an earlier one asked, beside what devkeel.toml says.

What a call asks for an environment holds for that environment until a call asks otherwise, and every answer says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

from devkeel.project.contents import Contents, DescribedEnvironment
from devkeel.project.root import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.context import Context

__all__ = ["Making", "described", "making"]


class Making(Struct, frozen=True):
    """With what an environment is made.

    record: what is to be remembered of what calls asked. notes: who asks for what.
    """

    python: str | None
    contents: Contents
    record: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def described(context: Context, name: str) -> DescribedEnvironment:
    """Return what devkeel.toml describes of an environment; one that it does not name is described by nothing."""
    return context.settings.environments.get(name, DescribedEnvironment(name))


def making(
    context: Context, name: str, record: Mapping[str, Any], python: str | None, contents: Contents | None
) -> Making:
    """Return with what an environment is made. python, contents: as the call asks; None where it does not say.

    record: what was remembered of the environment.
    """
    known = described(context, name)
    earlier = Contents.of_record(record.get("contents"))
    asked, named = earlier if contents is None else contents, python or record.get("python")
    kept = {"python": named, "contents": to_builtins(asked)} if asked != Contents() else {"python": named}
    notes = [*_python_note(known, named)]
    words = tuple(_words(asked))
    if words and (contents is None or name in context.settings.environments):
        who = "an earlier call" if contents is None else "the call"
        beside = f", beside what {SETTINGS} describes" if name in context.settings.environments else ""
        notes.append(f"As {who} asked for {name}{beside}: {', '.join(words)}.")
    return Making(named or known.python, known.contents.with_more(asked), kept, tuple(notes))


def _python_note(known: DescribedEnvironment, named: object) -> Iterator[str]:
    if named and known.python and named != known.python:
        yield f"Python {named} by a call, which goes before {known.python}, as {SETTINGS} describes {known.name}."


def _words(asked: Contents) -> Iterator[str]:
    """Yield what a call asked for, as a person reads it."""
    if asked.manifest:
        yield asked.manifest
    yield from (f"group {item}" for item in asked.groups)
    yield from (f"extra {item}" for item in asked.extras)
    yield from (f"channel {item}" for item in asked.channels or ())
    if not asked.default_groups:
        yield "no default groups"
    if not asked.project:
        yield "without the project itself"
    if asked.pip:
        yield "the pip section"
