"""What the verbs of the command come to, in the words of the policy."""

from __future__ import annotations

__all__ = ["VERB_ACTIONS"]

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
}
