"""What the verbs share during one run: the root, who is calling, and the environment they call."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from devkeel import __version__
from devkeel.deferred import Deferred
from devkeel.errors import ProjectError
from devkeel.project.root import find_new_root, find_root
from devkeel_cli.answers.telling import about, say, told
from devkeel_words.policy_lines import without_settings

if TYPE_CHECKING:
    from devkeel import api
    from devkeel.api import Environment
    from devkeel.events import bus, outlet
    from devkeel.events import listeners as shared_listeners
    from devkeel.events.listeners import Listeners
    from devkeel.policy import roles
    from devkeel.policy.roles import NamedRole
else:
    api = Deferred("devkeel.api")
    shared_listeners = Deferred("devkeel.events.listeners")
    bus, outlet = Deferred("devkeel.events.bus"), Deferred("devkeel.events.outlet")
    roles = Deferred("devkeel.policy.roles")

__all__ = ["EVENTS_VARIABLE", "ROLE_VARIABLE", "Session", "deliver_events", "pass_session", "user"]

EVENTS_VARIABLE, ROLE_VARIABLE = "DEVKEEL_EVENTS", "DEVKEEL_ROLE"


class Session(Struct, frozen=True):
    """One run of the command: what `--root`, `--backend` and `--role` say; each role narrows what the run may do."""

    named_root: str | None
    named_backend: str | None = None
    named_roles: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        """The project root: `--root`, the environment, or the nearest directory that declares an environment."""
        return _heard(find_root(self.named_root, os.environ, _here()))

    @property
    def new_root(self) -> Path:
        """Where a declaration is to begin: `--root`, the environment, or the current directory."""
        return _heard(find_new_root(self.named_root, os.environ, _here()))

    @property
    def roles(self) -> tuple[NamedRole, ...]:
        """The roles that this run is held to: those of `--role`, and that of the variable DEVKEEL_ROLE."""
        given = os.environ.get(ROLE_VARIABLE)
        named = [roles.NamedRole(name, "--role", "whoever gave the option") for name in self.named_roles]
        if given is not None:
            named.append(roles.NamedRole(given, ROLE_VARIABLE, "whoever set the variable"))
        return tuple(named)

    @property
    def events_file(self) -> Path | None:
        """Where the person has events written: DEVKEEL_EVENTS; None for nowhere but where the project says."""
        named = os.environ.get(EVENTS_VARIABLE)
        return _here() / named if named else None

    @property
    def environment(self) -> Environment:
        """The environment of the project, opened in the name of the user."""
        return self.open(self.root)

    def open(self, root: Path) -> Environment:
        """Open the environment of a root in the name of the user."""
        # Loaded by the verbs that need it: parsers, pydantic and the database.

        actor = f"devkeel {__version__} ({user()})"
        caller = roles.Caller("command", roles=self.roles)
        listeners = self._listeners(root)
        opened = api.Environment(root, actor=actor, backend=self.named_backend, caller=caller, listeners=listeners)
        running = click.get_current_context(silent=True)
        if running is not None:
            running.call_on_close(lambda: _warn(opened))
        return opened

    def _listeners(self, root: Path) -> Listeners | None:
        named = self.events_file
        if named is None:
            return None
        events = bus.Events(root, told())
        events.write_to(named)
        return shared_listeners.Listeners(made=events)


def _warn(opened: Environment) -> None:
    """Say that what was shown is not by the project's settings, which cannot be used."""
    if opened.unread is not None:
        say(f"note: {told().sentences(without_settings(opened.unread))}", err=True)


def _heard(root: Path) -> Path:
    about(root)
    return root


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise ProjectError(
            "root_not_found",
            "The current directory does not exist any more.",
            remedy="Change to a directory that exists.",
        ) from error


def user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name in the environment, no entry for the user id
        return "unknown user"


def deliver_events() -> None:
    """Deliver the events that wait, within a bound, before the process becomes another program or just stops."""
    if "devkeel.events.outlet" in sys.modules:
        outlet.farewell()


pass_session = click.make_pass_decorator(Session)
