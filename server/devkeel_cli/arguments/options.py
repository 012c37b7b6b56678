"""Options that several verbs share, and the one way from edits to a shown result."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import standing, stands
from devkeel_cli.answers import output, telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from click import shell_completion
    from click.shell_completion import CompletionItem

    from devkeel import catalogue
    from devkeel.change.result import ChangeResult
    from devkeel.edits import vocabulary
    from devkeel.text import data as plain
    from devkeel_cli.session import Session
else:
    vocabulary = Deferred("devkeel.edits.vocabulary")
    plain = Deferred("devkeel.text.data")
    shell_completion = Deferred("click.shell_completion")
    catalogue = Deferred("devkeel.catalogue")

__all__ = [
    "LEVELS",
    "SEARCH_KINDS",
    "BackendOption",
    "Writing",
    "backend_option",
    "bootstrap_option",
    "change",
    "complete_name",
    "complete_path",
    "direnv_option",
    "dry_run_option",
    "file_option",
    "in_file",
    "inside_option",
    "json_option",
    "level_option",
    "reading_options",
    "reason_option",
    "revision_option",
    "show",
    "writing_options",
]

R = TypeVar("R")

# As in `devkeel.checks`, repeated so that help and usage errors need not load the library; a test holds
# them equal.
LEVELS = ("syntax", "schema", "evaluation", "build")
SEARCH_KINDS = (
    *("all", "package", "option", "service", "language", "file"),
    *("program", "header", "library", "pkg_config", "cmake", "python_module"),
)


def _name_backend(context: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001
    if value is not None:
        context.obj = replace(context.obj, named_backend=value)


class BackendOption(click.Option):
    """`--backend`, whose help begins with the backends that there are.

    named: those alone that make environments with a name.
    """

    def __init__(self, *args: Any, named: bool = False, **kwargs: Any) -> None:  # noqa: ANN401  (what click gives)
        super().__init__(*args, **kwargs)
        self.named = named

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from devkeel.backends import registry  # noqa: PLC0415  (30 ms, and only a page of help needs it)

        known = [*registry.BACKENDS]
        if self.named:  # what asks for least first
            known = [name for name in reversed(known) if registry.backend_named(name).named]
        names, text = [*known[:-2], " or ".join(known[-2:])], super().get_help_record(ctx)
        return None if text is None else (text[0], f"{', '.join(names)}. {text[1]}")


backend_option = click.option(
    "--backend",
    cls=BackendOption,
    metavar="BACKEND",
    expose_value=False,
    callback=_name_backend,
    help="Default: devkeel.toml's, else the one that the files declare.",
)
direnv_option = click.option(
    "--direnv/--no-direnv", default=True, help="Also write the .envrc for direnv; not wanted in CI. Default: do."
)
bootstrap_option = click.option(
    "--bootstrap", is_flag=True, help="Fetch what is missing: micromamba for this project, or a Python by uv."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Show the diff and the checks, write nothing.")
level_option = click.option(
    "--level",
    type=click.Choice(LEVELS),
    help="Deepest check that must run. Default: the deepest up to evaluation that this machine can run.",
)
revision_option = click.option(
    "--expected-revision", metavar="REVISION", help="Refuse if the files have another revision by now."
)
reason_option = click.option("-m", "--reason", metavar="TEXT", help="Why: kept in the history.")
file_option = click.option(
    "--file", metavar="FILE", help="Environment file to edit: a Nix file of the project, or devenv.yaml."
)
inside_option = click.option(
    "--inside", metavar="PACKAGE", help="Those of this package or option: python3 for python3.withPackages."
)
_create_option = click.option(
    "--create", is_flag=True, help="Begin the file if there is none: devenv.nix, or an empty module."
)
_WRITING = (dry_run_option, level_option, revision_option, reason_option, _create_option, json_option)


class Writing(Struct, frozen=True):
    """The options of a verb that edits."""

    dry_run: bool
    level: str | None
    expected_revision: str | None
    reason: str | None
    create: bool
    as_json: bool


def writing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every verb that edits; it gets them as one keyword, `writing`."""
    names = set(Writing.__struct_fields__)

    @functools.wraps(command)
    def packed(*arguments: object, **given: Any) -> None:  # noqa: ANN401  # as click calls it
        writing = Writing(**{name: value for name, value in given.items() if name in names})
        command(*arguments, writing=writing, **{name: value for name, value in given.items() if name not in names})

    for option in reversed(_WRITING):
        packed = option(packed)
    return packed


_READINGS = {"string": "--string", "json": "--json-value", "nix": "--nix"}


def _flag(reading: str) -> str:
    return f"as_{_READINGS[reading].strip('-').replace('-', '_')}"


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say how VALUE is read; it gets the one given, or None, as `reading`."""

    @functools.wraps(command)
    def packed(*arguments: object, **given: Any) -> None:  # noqa: ANN401  # as click calls it
        chosen = [reading for reading in _READINGS if given.pop(_flag(reading))]
        if len(chosen) > 1:
            names = " and ".join(_READINGS[reading] for reading in chosen)
            raise click.UsageError(f"{names} exclude each other.", click.get_current_context())
        command(*arguments, reading=chosen[0] if chosen else None, **given)

    packed = click.option("--nix", "as_nix", is_flag=True, help="VALUE is a Nix expression.")(packed)
    packed = click.option("--json-value", "as_json_value", is_flag=True, help="VALUE is JSON.")(packed)
    return click.option("--string", "as_string", is_flag=True, help="VALUE is text, whatever it looks like.")(packed)


def in_file(file: str | None) -> dict[str, str]:
    """Return the field of an edit that says in which file it is; by default the declaration."""
    return {} if file is None else {"file": file}


def change(session: Session, edits: Sequence[dict[str, Any]], writing: Writing) -> None:
    """Apply edits, given as plain data, as one transaction, and show the result."""
    environment = session.environment
    telling.without(edits)
    result: ChangeResult = environment.change(
        vocabulary.parse_edits(list(edits)) if edits else [],
        reason=writing.reason,
        dry_run=writing.dry_run,
        level=writing.level,
        expected_revision=writing.expected_revision,
        create=writing.create,
    )
    show(result, output.change, as_json=writing.as_json)


def show(result: R, lines: Callable[[R], Iterable[str]], *, as_json: bool) -> None:
    """Show of a result what may be shown, as JSON or as a person reads it; what goes wrong then says what stands."""
    try:
        told = telling.told().data(result)
        if as_json:
            output.write_json(plain.as_data(told))
        else:
            output.write(lines(told))
    except BaseException as error:
        if getattr(result, "published", False):
            stands(error, getattr(result, "operation", 0))
            if isinstance(error, BrokenPipeError):  # click ends the process by an exit that knows nothing of it
                telling.say(f"devkeel: {standing(error)}", err=True)
        raise


def complete_name(
    context: click.Context,  # noqa: ARG001  # click's signature
    parameter: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """Offer the services and languages that begin with what is typed, bare or as option paths."""
    found = [path.removesuffix(".enable") for path in catalogue.option_paths() if path.endswith(".enable")]
    known = [path for path in found if path.count(".") == 1 and path.startswith(("services.", "languages."))]
    names = known if "." in incomplete else {path.partition(".")[2] for path in known}
    return [shell_completion.CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def complete_path(
    context: click.Context,  # noqa: ARG001  # click's signature
    parameter: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """Offer the option paths that begin with what is typed, one segment further at a time."""
    depth = incomplete.count(".") + 1
    found = {
        ".".join(path.split(".")[:depth]): path.count(".") >= depth
        for path in catalogue.option_paths()
        if path.startswith(incomplete)
    }
    # A shell adds a space after plain values; with the dot it is clear that the path goes on.
    return [shell_completion.CompletionItem(f"{path}." if goes_on else path) for path, goes_on in sorted(found.items())]
