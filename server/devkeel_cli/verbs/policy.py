"""`devkeel policy`: what devkeel.toml allows, changed by a person."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.arguments.completions import complete_call, complete_policy_key, complete_role
from devkeel_cli.arguments.on_page import AskedVerb
from devkeel_cli.arguments.options import dry_run_option, json_option, reason_option, show
from devkeel_cli.arguments.persons import confirmed, yes_option
from devkeel_cli.session import pass_session
from devkeel_words import policy_lines
from devkeel_words.call_actions import actions_of

if TYPE_CHECKING:
    from devkeel.change.result import ChangeResult
    from devkeel.policy.explanation import CallView
    from devkeel_cli.session import Session

__all__ = ["command"]


class _ExplainedActions(Struct, frozen=True):
    """What is said of the calls that were asked about; an object, as every answer in JSON."""

    calls: tuple[CallView, ...]


_WHY = "A person has to agree to a change of the policy."


@click.group("policy")
def command() -> None:
    """Show what devkeel.toml allows, and change it.

    A KEY is its names with dots between them, such as protected or rules.packages.forbid.
    """


def _change(
    session: Session,
    key: str,
    value: Any,  # noqa: ANN401  (what TOML can say)
    what: str,
    *,
    yes: bool,
    dry_run: bool,
    reason: str | None,
    as_json: bool,
) -> None:
    """Show what would change, ask the person, and change it."""
    environment = session.environment

    def asking(**given: Any) -> ChangeResult:  # noqa: ANN401  (of the library's verb)
        return environment.configure_policy(key, value, **given)

    if not dry_run:
        tried = asking(dry_run=True)
        if tried.changed:
            action = "policy set" if value is not None else "policy unset"
            asked = AskedVerb(what, action, "configure_policy", {"key": key, "value": value}, _WHY)
            confirmed(environment, asking, tried, asked, yes=yes, as_json=as_json)
    show(asking(dry_run=dry_run, reason=reason), output.change, as_json=as_json)


@command.command("set")
@click.argument("key", shell_complete=complete_policy_key)
@click.argument("value")
@yes_option
@dry_run_option
@reason_option
@json_option
@pass_session
def put(session: Session, /, key: str, value: str, **shown: Any) -> None:  # noqa: ANN401  (of the options)
    """Set a key of the policy to a value.

    VALUE is TOML or JSON, such as '["mysql"]', 7 or true; else it is a text. Asks, and undo takes it back.
    """
    _change(session, key, _value(value), f"Set {key}?", **shown)


@command.command("unset")
@click.argument("key", shell_complete=complete_policy_key)
@yes_option
@dry_run_option
@reason_option
@json_option
@pass_session
def take_out(session: Session, /, key: str, **shown: Any) -> None:  # noqa: ANN401  (of the options)
    """Take a key of the policy out, so that the default holds.

    Asks, and undo takes it back.
    """
    _change(session, key, None, f"Take {key} out?", **shown)


_role = click.option(
    "--role", metavar="NAME", shell_complete=complete_role, help="What this role may do, in place of the caller."
)
_client = click.option("--client", metavar="NAME", help="What a client that calls itself so may do.")


@command.command("show")
@_role
@_client
@json_option
@pass_session
def tell(session: Session, /, role: str | None, client: str | None, as_json: bool) -> None:
    """Show what this caller may do, or a role, or a client, and by which rules."""
    show(session.environment.policy(role=role, client=client), policy_lines.view, as_json=as_json)


@command.command("explain")
@click.argument("calls", metavar="CALL...", nargs=-1, required=True, shell_complete=complete_call)
@_role
@_client
@json_option
@pass_session
def explain(session: Session, /, calls: tuple[str, ...], role: str | None, client: str | None, as_json: bool) -> int:
    """Say whether calls are allowed, and by which rule they are not.

    A CALL is a verb, a tool, or an action as docs/policy.md and refusals name it. Exits with 1 where one is
    denied whatever its arguments are.
    """
    found = session.environment.explain_call(actions_of(calls), role=role, client=client)
    show(_ExplainedActions(found), lambda told: policy_lines.calls(told.calls), as_json=as_json)
    allowed = {item.action for item in found if item.allowed}
    return 0 if allowed == {item.action for item in found} else 1


@command.command("validate")
@json_option
@pass_session
def validate(session: Session, /, as_json: bool) -> int:
    """Say what is not sound in the roles of devkeel.toml.

    Exits with 3 where something is wrong; a role with more than four permissions is said, and is not wrong.
    """
    found = session.environment.validate_policy()
    show(found, policy_lines.report, as_json=as_json)
    return 0 if found.ok else exits.CHECK_FAILED


def _value(text: str) -> Any:  # noqa: ANN401  (what TOML can say)
    import json  # noqa: PLC0415  (3 ms that the help does not need)
    import tomllib  # noqa: PLC0415  (6 ms, with the 3 ms)

    with suppress(ValueError, RecursionError):
        found = tomllib.loads(f"value = {text}")
        # A line break would begin another key.
        return found["value"] if len(found) == 1 else text
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return text
