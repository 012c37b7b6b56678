"""The command group: it knows the verbs by name and one line each, and imports a verb when it is called."""

from __future__ import annotations

import difflib
from importlib import import_module

import click
from msgspec.structs import replace

from devkeel import __version__
from devkeel.errors import UsageError
from devkeel_cli import exits
from devkeel_cli.arguments.completions import complete_role
from devkeel_cli.session import Session

__all__ = ["VERBS", "cli"]

# The order is that of the help page. Each line is also the verb's own short help; a test holds them equal.
VERBS = {
    "inspect": "Show what is declared, and where.",
    "search": "Find packages, options, services and languages.",
    "usage": "Show packages that nothing uses, and programs that nothing declares.",
    "add": "Add packages.",
    "remove": "Remove packages, or values from a list.",
    "enable": "Enable a service or a language.",
    "disable": "Disable a service or a language.",
    "set": "Set an option to a value.",
    "unset": "Remove an option's definitions.",
    "append": "Append to a list, or a line to a text.",
    "prepend": "Put values first in a list.",
    "rename": "Give an option's definitions another path.",
    "comment": "Turn an option's definitions into comments.",
    "uncomment": "Turn a commented-out definition back into one.",
    "input": "Add, move, pin or remove inputs of devenv.yaml or flake.nix.",
    "library": "Add, remove or repair libraries of a language.",
    "patch": "Replace exact text in an environment file.",
    "env": "List, make, enter, switch or remove environments.",
    "lock": "Make, renew or check the locks.",
    "envrc": "Write the .envrc by which direnv enters the environment.",
    "template": "Begin a project by a template, or add one to it.",
    "policy": "Show what devkeel.toml allows, and change it.",
    "generate": "Make flake.nix, .envrc, CI workflows and the like from what is declared.",
    "purge": "Remove the environments that devkeel made.",
    "check": "Check the environment files as they are.",
    "diff": "Show what changed since the last operation.",
    "history": "Show the operations, or one with its diff.",
    "events": "Show the events that were written to a file.",
    "report": "Summarise a period: what changed, by whom, why, and what was refused.",
    "undo": "Revert an operation as a new one.",
    "restore": "Put the files back to what an operation left.",
    "adopt": "Take over a history that came from elsewhere.",
    "doctor": "Examine the records, the tools and the environments.",
    "apply": "Build what is declared, for commands to run in.",
    "run": "Run a command in the applied environment.",
    "gate": "Run the tests and judge their reports by a stage.",
    "nix": "Build, evaluate and run by Nix, prove that it builds the same again, and share it.",
    "job": "Show the jobs, or follow one.",
    "diagnose": "Explain what a failed run printed, and how to mend it.",
    "up": "Start the processes and wait until they are ready.",
    "why": "Explain why a variable, a program or a port is there, or is not.",
    "down": "Stop the processes, leaving nothing behind.",
    "restart": "Start the processes anew.",
    "ps": "Show what runs.",
    "logs": "Show the log of a process.",
    "source": "Edit any Nix, YAML or TOML file, without history.",
    "init": "Make a minimal devenv.nix where there is none, or with --backend another declaration.",
    "install": "Add the server to a host's configuration.",
    "guard": "Answer a host's hook: a message on standard input.",
    "hook": "Put an agent's shell into the environment, when its session starts.",
    "review": "Serve a page for a person: what was done, how it is, and taking that back.",
    "serve": "Serve MCP over stdio or HTTP.",
    "completion": "Print the completion script for a shell.",
}


_ROOT_HELP = (
    "Project root. Default: DEVKEEL_ROOT, CLAUDE_PROJECT_DIR, or the nearest parent directory that declares an "
    "environment."
)
_ROLE_HELP = "Only what a role of devkeel.toml may do; DEVKEEL_ROLE narrows it too."


def _root_option() -> click.Option:
    """Return `--root` for behind the verb: where it stands does not matter."""

    def name_root(context: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001
        if value is not None:
            context.obj = replace(context.obj, named_root=value)

    return click.Option(
        ["--root"], metavar="DIR", type=click.Path(), expose_value=False, callback=name_root, help="Project root."
    )


def _role_option() -> click.Option:
    """Return `--role` for behind the verb: there it narrows what one before it leaves."""

    def name_role(context: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001
        if value is not None:
            context.obj = replace(context.obj, named_roles=(*context.obj.named_roles, value))

    return click.Option(
        ["--role"],
        metavar="NAME",
        expose_value=False,
        callback=name_role,
        shell_complete=complete_role,
        help=_ROLE_HELP,
    )


def _take_everywhere(command: click.Command) -> None:
    """Let a command and all that is in it take `--root` and `--role`, but where it has one of its own."""
    own = {item.name for item in command.params}
    command.params += [item for item in (_root_option(), _role_option()) if item.name not in own]
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _take_everywhere(inner)


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
        if isinstance(command, click.Command) and not any(item.name == "root" for item in command.params):
            _take_everywhere(command)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or name the nearest ones."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise UsageError(
                "bad_usage",
                f"There is no verb {args[0]!r}.",
                seen=args[0][:80],
                remedy="See `devkeel --help`.",
                alternatives=tuple(difflib.get_close_matches(args[0], VERBS, 3, 0.5)),
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=exits.TABLE)
@click.option(
    "--root",
    metavar="DIR",
    type=click.Path(),
    help=_ROOT_HELP,
)
@click.option("--role", metavar="NAME", shell_complete=complete_role, help=_ROLE_HELP)
@click.version_option(__version__, prog_name="devkeel")
@click.pass_context
def cli(context: click.Context, root: str | None, role: str | None) -> None:
    """Change a project's development environment in transactions.

    Checked before anything is written, undone in one step.
    """
    context.obj = Session(root, named_roles=(role,) if role is not None else ())
