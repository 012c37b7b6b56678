"""What the verbs of the command and the tools come to, in the words of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TOOL_ACTIONS", "VERB_ACTIONS", "actions_of"]

_EDITS = (
    *("add", "remove", "enable", "disable", "set", "unset", "append", "prepend", "rename", "comment", "uncomment"),
    *("input", "library", "patch", "init"),
)
# Where a verb has verbs of its own, those of most concern; the others are named as the policy does.
VERB_ACTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_EDITS, ("change",)),
    "env": ("environments.all", "environments.create", "environments.activate", "environments.remove"),
    "lock": ("lock", "check_locks"),
    "envrc": ("write_envrc",),
    "template": ("template", "use_template"),
    "purge": ("environments.purge",),
    "doctor": ("examine",),
    "run": ("run", "call"),
    "nix": ("build", "run_packages", "describe_shell", "prove_reproducibility", "check_cache", "upload_to_cache"),
    "job": ("job",),
    "up": ("manage",),
    "down": ("manage",),
    "restart": ("manage",),
    "ps": ("processes",),
    "logs": ("processes",),
    "source": ("source", "source.write"),
    "policy": ("policy", "configure_policy"),
    "history": ("history", "operation", "history_head", "verify_history", "export_history"),
}
# As each tool says of itself; a test holds them equal.
TOOL_ACTIONS: dict[str, tuple[str, ...]] = {
    "inspect_environment": ("inspect", "why"),
    "search_catalogue": ("search",),
    "check_environment": ("check",),
    "show_history": ("history", "operation"),
    "add_packages": ("change",),
    "add_library": ("change",),
    "enable_service": ("change",),
    "edit_environment": ("change",),
    "patch_file": ("change",),
    "update_locks": ("lock", "check_locks"),
    "undo": ("undo", "restore"),
    "apply_environment": ("apply",),
    "manage_processes": ("manage",),
    "read_processes": ("processes",),
    "run_command": ("run",),
    "job": ("job", "jobs"),
    "cancel_job": ("end_job",),
    "diagnose": ("diagnose",),
    "build_output": ("build",),
    "evaluate_nix": ("evaluate_nix",),
    "run_packages": ("run_packages",),
    "describe_shell": ("describe_shell",),
    "check_reproducibility": ("check_reproducibility",),
    "prove_reproducibility": ("prove_reproducibility",),
    "check_cache": ("check_cache", "verify_cache"),
    "upload_to_cache": ("upload_to_cache",),
    "configure_cache": ("configure_cache",),
    "check_builders": ("check_builders",),
    "detect_environment": ("detect", "usage"),
    "list_templates": ("templates", "template", "validate_template"),
    "use_template": ("use_template",),
    "generate_files": ("generate", "generators"),
    "repair_requirements": ("repair_libraries",),
    "explain_policy": ("policy", "explain_call"),
    "configure_policy": ("configure_policy",),
    "check_gate": ("gate",),
    "report": ("report",),
    "verify_history": ("verify_history",),
}


def actions_of(calls: Iterable[str]) -> list[str]:
    """Return the actions of calls, each once; a call is a verb, a tool or an action."""
    known = {**TOOL_ACTIONS, **VERB_ACTIONS}
    return list(dict.fromkeys(action for name in calls for action in known.get(name, (name,))))
