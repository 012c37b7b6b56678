"""What each client calls what sentences of the library name: a row an action or argument, a column a client.

A word of a column stands as it is; one that ends with `{name}` stands where that argument is given.
`devkeel_words.speech` makes calls of them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ACTIONS", "ARGUMENTS", "Action", "Argument"]


class Action(NamedTuple):
    """A call. tool: None where a person alone may do it. link: where the page has it."""

    tool: str | None
    command: str
    link: str


class Argument(NamedTuple):
    """An argument that is spoken of, or that the caller's own call is repeated with."""

    tool: str
    command: str
    link: str


ACTIONS: dict[str, Action] = {
    "apply": Action("apply_environment", "apply", "#apply"),
    "make": Action(
        "apply_environment environment={environment} backend={backend}",
        "env create {environment} --backend={backend}",
        "#environments",
    ),
    "mix": Action(None, "env create {environment} --mixed --backend={backend}", "#environments"),
    "patch": Action("patch_file", "patch", "#patch"),
    "run": Action("run_command environment={environment}", "run --env={environment}", "#run"),
}

ARGUMENTS: dict[str, Argument] = {}
