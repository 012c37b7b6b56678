"""A verb that does one thing by itself, and others where one of them is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DefaultGroup"]


class DefaultGroup(click.Group):
    """A group of which one command is meant where none is named: its arguments and options are the group's own."""

    @property
    def default(self) -> click.Command:
        """The command that is meant where none is named."""
        return self.commands["show"]

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  (as click has it)
    ) -> click.Context:
        """Return the context of the command that is meant."""
        if args and args[0] in self.commands:
            inner = self.commands[args[0]]
            return inner.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return self.default.make_context(info_name, args, parent, **extra)

    def by_default(self, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:  # noqa: ANN401
        """Return what makes a function the command that is meant where none is named."""
        return self.command("show", hidden=True, **options)
