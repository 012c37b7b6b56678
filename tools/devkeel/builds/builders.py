"""Machines that build for a project, asked before they are needed: whether one answers, and has what it should."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.nix_cli.builders import Probe, probe
from devkeel.nix_cli.settings import is_daemon
from devkeel.project.root import SETTINGS
from devkeel.runtime.requests import require_seconds
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.project.distribution import Builder

__all__ = ["BuilderReport", "BuilderView", "check"]

_LONGEST = 600.0
_AT_ONCE = 8


class BuilderView(Struct, frozen=True):
    """A machine that devkeel.toml names, and what it said. allowed: a person has agreed to it here.

    reachable: None where it was not asked. system, features: its own. builds: of the systems that it is described with,
    those that it takes builds for. lacks: what it is described with, and has not. why: what stood in the way.
    """

    uri: str
    allowed: bool
    reachable: bool | None = None
    system: str | None = None
    features: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    why: str | None = None
    seconds: float = 0.0


class BuilderReport(Struct, frozen=True):
    """The machines. ok: each one answered, and is what it is described as."""

    ok: bool
    builders: tuple[BuilderView, ...]
    notes: tuple[str, ...] = ()


def check(context: Context, timeout: float) -> BuilderReport:
    """Ask each machine that a person has agreed to, several at once; see the verb of `Environment` that calls it."""
    require_seconds(timeout, _LONGEST)
    found, named = context.distribution, context.settings.builders
    allowed = found.builders if found else ()
    if not named:
        return BuilderReport(ok=True, builders=(), notes=(f"{SETTINGS} names no builders.",))
    root = context.project.root
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # What a thread runs has the settings and the limits of the call.
        asked = {item: pool.submit(copy_context().run, probe, item, root, timeout) for item in allowed}
        views = tuple(_view(item, asked[item].result() if item in asked else None) for item in named)
    waits = f"One that waits is not asked, for no person has agreed to it on this machine ({do('allow')})."
    notes = [waits] if len(allowed) < len(named) else []
    if allowed and is_daemon():
        notes.append("A Nix daemon builds here: it takes machines only from users whom it trusts (trusted-users).")
    return BuilderReport(all(item.reachable and not item.lacks for item in views), views, tuple(notes))


def _view(builder: Builder, said: Probe | None) -> BuilderView:
    if said is None:
        return BuilderView(builder.uri, allowed=False)
    wanted = (*builder.features, *builder.mandatory_features)
    systems = [name for name in builder.systems if name not in said.builds]
    features = [name for name in dict.fromkeys(wanted) if name not in said.features]
    lacks = (*systems, *features) if said.reachable else ()
    return BuilderView(
        builder.uri,
        allowed=True,
        reachable=said.reachable,
        system=said.system,
        features=said.features,
        builds=said.builds,
        lacks=lacks,
        why=said.why,
        seconds=said.seconds,
    )
