"""Which permissions each verb of `Environment` takes: the one table, from which docs/policy.md has its own.

Every verb takes `read`, for every answer shows something of the project. What only tries needs less where it does less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ACTIONS", "WITHOUT_SETTINGS", "VerbNeeds", "When"]


class When(Struct, frozen=True):
    """What an argument of a call changes. value: the one that it has then. adds, drops: permissions."""

    argument: str
    value: object
    adds: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()


class VerbNeeds(Struct, frozen=True):
    """The permissions that a verb takes, and how its arguments change them."""

    takes: frozenset[str]
    when: tuple[When, ...] = ()

    @property
    def least(self) -> frozenset[str]:
        """What the call takes that takes least: without it there is none that is allowed."""
        return self.takes.difference(*(item.drops for item in self.when))

    def needed(self, arguments: Mapping[str, Any]) -> frozenset[str]:
        """Return what one call takes. arguments: those of the call, by their names."""
        found = self.takes
        for item in self.when:
            if item.argument in arguments and arguments[item.argument] == item.value:
                found = (found - item.drops) | item.adds
        return found


def _takes(*names: str) -> frozenset[str]:
    return frozenset({"read", *names})


_BUILT = When("level", "build", adds=frozenset({"build"}))
_TRIED = When("dry_run", True, drops=frozenset({"write"}))
_LOOKING = VerbNeeds(_takes())
_CHECKING = VerbNeeds(_takes(), (_BUILT,))
_WRITING = VerbNeeds(_takes("write"), (_TRIED, _BUILT))
_EXECUTING = VerbNeeds(_takes("execute"))
_BUILDING = VerbNeeds(_takes("build"))
_RESTORED = When("on_failure", "restore", adds=frozenset({"write"}))
# It builds, and then runs what is entered by, `enterShell` or an import, to see that it works; a trial builds alone.
_APPLYING = VerbNeeds(
    _takes("build", "execute"),
    (When("dry_run", True, drops=frozenset({"execute"})), _RESTORED),
)
_ASKING = VerbNeeds(_takes("network"))
_SHARING = VerbNeeds(_takes("network", "publish"))
# What an environment that was made is, and the code by which a shell enters it.
_DESCRIBING = (
    *("project", "context", "default", "active", "name", "good", "is_unsealed", "all", "info", "made"),
    *("activation", "entering", "outdated"),
)

ACTIONS: Mapping[str, VerbNeeds] = {
    "inspect": _LOOKING,
    "why": _LOOKING,
    "search": _LOOKING,
    "detect": _LOOKING,
    "usage": _LOOKING,
    "diagnose": _LOOKING,
    # It installs and imports what libraries bring, and asks their index; what it finds is for another call to write.
    "repair_libraries": VerbNeeds(_takes("build", "network")),
    "check": _CHECKING,
    "check_added": _LOOKING,
    "change": _WRITING,
    "undo": _WRITING,
    "restore": _WRITING,
    "templates": _LOOKING,
    "template": _LOOKING,
    "validate_template": _LOOKING,
    "use_template": _WRITING,
    "lock": VerbNeeds(_takes("write", "network"), (_TRIED,)),
    "check_locks": _LOOKING,
    "lock_ages": _LOOKING,
    "locks_to_ask_about": _LOOKING,
    "asked_about_locks": _LOOKING,
    "write_envrc": _WRITING,
    "generators": _LOOKING,
    "generate": _WRITING,
    "history": _LOOKING,
    "timeline": _LOOKING,
    "operation": _LOOKING,
    "verify_history": _LOOKING,
    "history_head": _LOOKING,
    "export_history": _LOOKING,
    "report": _LOOKING,
    "course": _LOOKING,
    "diff": _LOOKING,
    "adopt": VerbNeeds(_takes("write")),
    "apply": _APPLYING,
    "run": _EXECUTING,
    "call": _EXECUTING,
    # What block takes back takes `write`, and making the environment anew `build`: without them it is told, not done.
    "gate": VerbNeeds(_takes("execute"), (When("run", False, drops=frozenset({"execute"})),)),
    "gate_history": _LOOKING,
    "gate_settings": _LOOKING,
    "build": _BUILDING,
    "evaluate_nix": _LOOKING,
    "run_packages": VerbNeeds(_takes("build", "execute")),
    "call_packages": VerbNeeds(_takes("build", "execute")),
    "describe_shell": _LOOKING,
    "check_reproducibility": _LOOKING,
    "prove_reproducibility": _BUILDING,
    "distribution": _LOOKING,
    "agree": VerbNeeds(_takes("publish")),
    "caches": _LOOKING,
    "check_cache": _ASKING,
    "verify_cache": _ASKING,
    "configure_cache": VerbNeeds(_takes("write", "publish"), (_TRIED,)),
    "configure_policy": _WRITING,
    "upload_to_cache": VerbNeeds(
        _SHARING.takes,
        (When("dry_run", True, drops=frozenset({"publish"})),),
    ),
    "check_builders": _ASKING,
    "result": _LOOKING,
    "job": _LOOKING,
    "job_log": _LOOKING,
    "patience": _LOOKING,
    "keep_job": _LOOKING,
    "jobs": _LOOKING,
    "end_job": _EXECUTING,
    "processes": _LOOKING,
    "process_changes": _LOOKING,
    "named_processes": _LOOKING,
    "log_folders": _LOOKING,
    "manage": VerbNeeds(_takes("execute"), (_RESTORED,)),
    "environments": _LOOKING,
    **{f"environments.{name}": _LOOKING for name in _DESCRIBING},
    "environments.create": VerbNeeds(_takes("build", "execute")),
    "environments.activate": VerbNeeds(_takes("write")),
    "environments.enter_later_steps": VerbNeeds(_takes("write")),
    "environments.refresh": VerbNeeds(_takes("write")),
    "environments.remove": VerbNeeds(_takes("write")),
    "environments.purge": VerbNeeds(_takes("write")),
    "selection": _LOOKING,
    "bootstrap": _ASKING,
    "examine": VerbNeeds(_takes(), (When("repair", True, adds=frozenset({"write"})),)),
    "revision": _LOOKING,
    "files": _LOOKING,
    "marks": _LOOKING,
    "events": _LOOKING,
    "listening": _LOOKING,
    # What clients do by themselves.
    "source": _LOOKING,
    "source.write": _WRITING,
    "install": VerbNeeds(_takes(), (When("write", True, adds=frozenset({"write"})),)),
    "resources": _LOOKING,
    "policy": _LOOKING,
    "explain_call": _LOOKING,
    "validate_policy": _LOOKING,
    "proposals": _LOOKING,
    # It lets another do what that may: so much takes whoever agrees to it, and to say no takes it too.
    "answer_proposal": VerbNeeds(_takes("write")),
}
# What can be shown where the settings cannot be used, and shows who broke them and when.
WITHOUT_SETTINGS = frozenset(
    {
        *("inspect", "check", "diff", "search", "why", "history", "operation", "history_head", "verify_history"),
        *("timeline", "export_history", "report", "course", "lock_ages", "policy", "explain_call", "examine"),
        "marks",
    }
)
