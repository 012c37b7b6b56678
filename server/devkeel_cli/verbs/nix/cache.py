"""`devkeel nix cache`."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from devkeel.errors import PolicyRefused
from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.on_page import AskedVerb
from devkeel_cli.arguments.options import dry_run_option, json_option, reason_option, show
from devkeel_cli.arguments.persons import confirmed
from devkeel_cli.session import pass_session
from devkeel_cli.verbs.nix.build import timeout_option
from devkeel_words import nix_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


def _from_here(_context: click.Context, _parameter: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return paths where a link such as `result` is the one in the current directory, as for every command."""
    return tuple(os.path.abspath(path) if path != "." and os.path.lexists(path) else path for path in paths)  # noqa: PTH100


_PATHS = click.argument("paths", metavar="PATH...", type=click.Path(), nargs=-1, required=True, callback=_from_here)
_cache_option = click.option("--cache", metavar="URL", help="One of devkeel.toml. Default: the only one.")


_WHY = "A public key is trust: whoever holds its other half says what programs are."


@click.group("cache")
def command() -> None:
    """Share what was built by the caches of devkeel.toml.

    A PATH is a store path, a link to one such as result, or an attribute such as .#hello.
    """


def _change(
    session: Session,
    writing: tuple[bool, str | None, bool],
    url: str,
    **given: Any,  # noqa: ANN401  (of the library's verb)
) -> None:
    dry_run, reason, as_json = writing
    result = session.environment.configure_cache(url, dry_run=dry_run, reason=reason, **given)
    show(result, output.change, as_json=as_json)


@command.command("configure")
@click.argument("url")
@click.option("--public-key", metavar="NAME:BASE64", help="What makes its paths believed.")
@click.option("--priority", metavar="N", type=int, help="The cache of the lowest is asked first.")
@click.option("--secret-key-file", metavar="FILE", type=click.Path(), help="Signs uploads; Git must not have it.")
@click.option("--yes", is_flag=True, help="You know whose key it is: do not ask.")
@dry_run_option
@reason_option
@json_option
@pass_session
def configure(
    session: Session,
    /,
    url: str,
    yes: bool,
    dry_run: bool,
    reason: str | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401  (of the library's verb)
) -> None:
    """Name a cache in devkeel.toml, or change what is said of it.

    URL is a store as Nix names one: file:///srv/cache, https://…, s3://…, ssh-ng://…. You agree to what you name here;
    undo takes the change back.
    """
    if not (yes or dry_run):
        environment = session.environment
        tried = environment.configure_cache(url, dry_run=True, **given)
        asked = AskedVerb(
            f"Take paths from {url}?", "nix cache configure", "configure_cache", {"url": url} | given, _WHY
        )
        try:
            confirmed(
                environment,
                partial(environment.configure_cache, url, **given),
                tried,
                asked,
                yes=False,
                as_json=as_json,
            )
        except PolicyRefused as error:
            if error.code != "person_needed":
                raise
            raise click.UsageError("There is no terminal to ask on. If you know whose key it is, add --yes.") from error
    _change(session, (dry_run, reason, as_json), url, **given)


@command.command("remove")
@click.argument("url")
@dry_run_option
@reason_option
@json_option
@pass_session
def remove(session: Session, /, url: str, dry_run: bool, reason: str | None, as_json: bool) -> None:
    """Take a cache out of devkeel.toml, and what you agreed to back."""
    _change(session, (dry_run, reason, as_json), url, remove=True)


@command.command("list")
@json_option
@pass_session
def known(session: Session, /, as_json: bool) -> None:
    """List the caches, and whether you have agreed to them."""
    show(session.environment.caches(), nix_lines.caches, as_json=as_json)


@command.command("exists")
@_PATHS
@click.option("--cache", metavar="URL", help="One of devkeel.toml. Default: all of them.")
@click.option("--closure", is_flag=True, help="Ask for all that they need too.")
@click.option("--timeout", metavar="SECONDS", type=float, default=60.0, help="Default: a minute.")
@json_option
@pass_session
def exists(
    session: Session, /, paths: tuple[str, ...], cache: str | None, closure: bool, timeout: float, as_json: bool
) -> int:
    """Say whether caches have paths, signed.

    Exits with 3 where one is missing.
    """
    report = session.environment.check_cache(paths, cache=cache, closure=closure, timeout=timeout)
    show(report, nix_lines.cache_content, as_json=as_json)
    return 0 if report.ok else exits.CHECK_FAILED


@command.command("verify")
@_PATHS
@_cache_option
@timeout_option
@json_option
@pass_session
def verify(session: Session, /, paths: tuple[str, ...], cache: str | None, timeout: float, as_json: bool) -> int:
    """Read paths of a cache, with all that they need.

    Exits with 3 where one is missing, or not as the cache's key signed it.
    """
    job = session.environment.verify_cache(paths, cache=cache, timeout=timeout)
    follow(job)
    found = session.environment.result(job)
    show(found, nix_lines.verification, as_json=as_json)
    return 0 if found.ok else exits.CHECK_FAILED


@command.command("upload")
@_PATHS
@_cache_option
@click.option("-n", "--dry-run", is_flag=True, help="Say what is new to the cache, and upload nothing.")
@timeout_option
@json_option
@pass_session
def upload(
    session: Session, /, paths: tuple[str, ...], cache: str | None, dry_run: bool, timeout: float, as_json: bool
) -> None:
    """Upload paths with all that they need, signed by the key of the cache."""
    job = session.environment.upload_to_cache(paths, cache=cache, dry_run=dry_run, timeout=timeout)
    follow(job)
    show(session.environment.result(job), nix_lines.uploaded, as_json=as_json)
