"""What the shell offers of a project's own words: its roles and stages, the keys of the policy, the calls.

Whatever cannot be read offers nothing: a shell that completes shows no error.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click
    from click import shell_completion
    from click.shell_completion import CompletionItem

    from devkeel.policy import actions
    from devkeel.project import gates, root, rules, settings
    from devkeel.project import policy as policy_keys
    from devkeel.project.root import Project
    from devkeel.project.settings import Settings
    from devkeel.runtime import jobs
    from devkeel_words import call_actions
else:
    shell_completion = Deferred("click.shell_completion")
    root, settings = Deferred("devkeel.project.root"), Deferred("devkeel.project.settings")
    gates, rules = Deferred("devkeel.project.gates"), Deferred("devkeel.project.rules")
    policy_keys, actions = Deferred("devkeel.project.policy"), Deferred("devkeel.policy.actions")
    call_actions = Deferred("devkeel_words.call_actions")
    jobs = Deferred("devkeel.runtime.jobs")

__all__ = ["complete_call", "complete_job", "complete_policy_key", "complete_role", "complete_stage"]

_OF_CALLERS = ("default", "command", "clients")
_OF_ROLE = ("permissions", "sandbox")
_OF_NAMES = ("allow", "forbid")


def _offering(words: Callable[[Settings], Iterable[str]]) -> Callable[..., list[CompletionItem]]:
    def offer(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
        found = sorted(set(words(_settings(context))))
        return [shell_completion.CompletionItem(word) for word in found if word.startswith(incomplete)]

    return offer


def _project(context: click.Context) -> Project:
    """Return the project that is meant. Raises DevkeelError, OSError."""
    named = context.params.get("root") or context.find_root().params.get("root")
    return root.Project(root.find_root(named, os.environ, Path.cwd()))


def _settings(context: click.Context) -> Settings:
    """Return the settings of the project that is meant; the defaults where they cannot be read."""
    with suppress(DevkeelError, OSError):
        return settings.read_settings(_project(context))
    return settings.Settings()


def complete_job(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Offer the jobs that are kept, newest first, each with what it ran."""
    with suppress(DevkeelError, OSError):
        kept = jobs.Jobs(_project(context).state).every()
        found = (item for item in kept if item.id.startswith(incomplete))
        return [shell_completion.CompletionItem(item.id, help=f"{item.state}: {item.title}") for item in found]
    return []


def _stages(found: Settings) -> Iterable[str]:
    return (item.name for item in (found.gates.stages if found.gates is not None else gates.STAGES))


def _keys(found: Settings) -> Iterable[str]:
    yield from (
        name for name in policy_keys.POLICY if name not in {"rules", "roles", "callers", "gates", "guard", "events"}
    )
    for name in ("packages", "libraries", "services", "languages", "licences", "registries"):
        yield from (f"rules.{name}.{part}" for part in _OF_NAMES)
    yield from (f"rules.{name}" for name in ("protected_files", "inputs", "minimum_age_days", "unseen"))
    yield from (f"roles.{role}.{part}" for role in found.roles.roles for part in _OF_ROLE)
    yield from (f"callers.{name}" for name in _OF_CALLERS)
    yield from (f"gates.{name}" for name in ("stage", "mode", "after_apply", "command", "reports", "timeout"))
    yield from (f"gates.stages.{stage}.{part}" for stage in _stages(found) for part in ("coverage", "passed"))
    yield from (f"guard.{name}" for name in ("files", "installs"))
    yield from (f"events.{name}" for name in ("file", "file_mib", "clients", "telemetry"))


def _calls(_: Settings) -> Iterable[str]:
    return (*call_actions.VERB_ACTIONS, *call_actions.TOOL_ACTIONS, *actions.ACTIONS)


complete_role = _offering(lambda found: found.roles.roles)
complete_stage = _offering(_stages)
complete_policy_key = _offering(_keys)
complete_call = _offering(_calls)
