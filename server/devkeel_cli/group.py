"""The command group: it knows the verbs by name and one line each, and imports a verb when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from devkeel import __version__
from devkeel_cli import exits
from devkeel_cli.session import Session

__all__ = ["VERBS", "cli"]

# The order is that of the help page. Each line is also the verb's own short help; a test holds them equal.
VERBS = {
    "inspect": "Show what is declared, and where.",
    "add": "Add packages.",
    "remove": "Remove packages.",
    "enable": "Enable a service or a language.",
    "disable": "Disable a service or a language.",
    "set": "Set an option to a value.",
    "unset": "Remove an option's definitions.",
    "patch": "Replace exact text in an environment file.",
    "check": "Check the environment files as they are.",
    "diff": "Show what changed since the last operation.",
    "history": "Show the operations, or one with its diff.",
    "undo": "Revert an operation as a new one.",
    "restore": "Put the files back to what an operation left.",
    "doctor": "Examine devkeel's records in the project.",
    "source": "Edit any Nix, YAML or TOML file, without history.",
    "init": "Make a minimal devenv.nix where there is none.",
    "serve": "Serve MCP over stdio.",
    "completion": "Print the completion script for a shell.",
}


class VerbGroup(click.Group):
    """A group whose commands are modules of `devkeel_cli.verbs`, each with a `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order of the help page."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a verb, or return None when there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command = import_module(f"devkeel_cli.verbs.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=exits.TABLE)
@click.option(
    "--root",
    metavar="DIR",
    type=click.Path(),
    help=(
        "Project root. Default: DEVKEEL_ROOT, CLAUDE_PROJECT_DIR, or the nearest parent directory with a devenv.nix."
    ),
)
@click.version_option(__version__, prog_name="devkeel")
@click.pass_context
def cli(context: click.Context, root: str | None) -> None:
    """Edit devenv.nix in transactions: checked before anything is written, undone in one step."""
    context.obj = Session(root)
