"""The options that say what an environment has in it: `--group`, `--extra`, `--channel` and their like."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click

from devkeel.project.contents import Contents

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["contents_options"]

R = TypeVar("R")

_OPTIONS = (
    click.option("--group", "groups", metavar="NAME", multiple=True, help="A dependency group too; may be repeated."),
    click.option("--no-default-groups", "default_groups", flag_value=False, default=True, help="Not dev and its like."),
    click.option("--extra", "extras", metavar="NAME", multiple=True, help="An extra of the project; may be repeated."),
    click.option("--no-project", "project", flag_value=False, default=True, help="Not the project itself."),
    click.option(
        "--channel", "channels", metavar="CHANNEL", multiple=True, help="Of conda, in place of the declared ones."
    ),
    click.option("--pip", "pip", is_flag=True, help="Install the pip section of environment.yml too."),
    click.option("--as-declared", is_flag=True, help="Forget what earlier calls asked for by these options."),
)


def contents_options(function: Callable[..., R]) -> Callable[..., R]:
    """Give a verb the options; it is called with `contents`, None where none of them is given."""

    @functools.wraps(function)
    def called(
        *arguments: Any,  # noqa: ANN401  (the verb's own)
        groups: tuple[str, ...],
        default_groups: bool,
        extras: tuple[str, ...],
        project: bool,
        channels: tuple[str, ...],
        pip: bool,
        as_declared: bool,
        **given: Any,  # noqa: ANN401  (the verb's own)
    ) -> R:
        asked = Contents(None, project, groups, default_groups, extras, channels or None, pip or None)
        given["contents"] = asked if as_declared or asked != Contents() else None
        return function(*arguments, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
