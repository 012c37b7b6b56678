"""What each client calls what sentences of the library name: a row an action or argument, a column a client.

A word of a column stands as it is; one that ends with `{name}` stands where that argument is given. Of the words of a
link one stands: the first whose arguments are given.
`devkeel_words.speech` makes calls of them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ACTIONS", "ARGUMENTS", "Action", "Argument"]


class Action(NamedTuple):
    """A call. tool: None where a person alone may do it.

    link: where the page has it, the first address whose values are given; None where a person types the command.
    """

    tool: str | None
    command: str
    link: str | None


class Argument(NamedTuple):
    """An argument that is spoken of, or that the caller's own call is repeated with."""

    tool: str
    command: str
    link: str


ACTIONS: dict[str, Action] = {
    "inspect": Action("inspect_environment prefix={prefix}", "inspect {prefix}", "#now"),
    "search": Action("search_catalogue cursor={cursor}", "search --cursor={cursor}", None),
    "check": Action("check_environment level={level}", "check --level={level}", "#now?act=check"),
    "history": Action(
        "show_history operation={operation} before={before}",
        "history {operation} --before={before}",
        "#operation?id={operation} #history",
    ),
    "undo": Action("undo operation={operation}", "undo {operation}", "#operation?id={operation} #history"),
    "begin": Action("edit_environment create=true", "init", None),
    "detect": Action("detect_environment", "init --detect", None),
    "publish": Action("edit_environment create=true", "init --detect --write", None),
    "publish_some": Action("edit_environment create=true", "init --from=edits.json", None),
    "begin_backend": Action(None, "init --backend={backend}", None),
    "add": Action("add_packages names={names} inside={inside}", "add {names} --inside={inside}", None),
    "remove": Action(
        "add_packages remove=true names={names} inside={inside}",
        "remove {names} --inside={inside}",
        None,
    ),
    "enable": Action("enable_service", "enable", None),
    "set": Action("edit_environment create={create}", "set --create={create}", None),
    "append": Action("edit_environment", "append", None),
    "library": Action("add_library create={create}", "library add --create={create}", None),
    "repair_libraries": Action("repair_requirements", "library repair", None),
    "patch": Action("patch_file", "patch", None),
    "lock": Action("update_locks action={action} names={names}", "lock {action} {names}", None),
    "apply": Action("apply_environment", "apply", "#now?act=apply"),
    "bootstrap": Action(None, "apply --bootstrap", None),
    "pip": Action(None, "apply --pip", None),
    "make": Action("apply_environment environment={environment}", "env create {environment}", None),
    "mix": Action(None, "env create --mixed --backend={backend}", None),
    "enter": Action(None, "env print {environment}", None),
    "run": Action("run_command environment={environment} argv={argv}", "run --env={environment} --={argv}", None),
    "job": Action(
        "job id={id} cursor={cursor} wait={wait}", "job {id} --cursor={cursor} --wait={wait}", "#job?id={id} #jobs"
    ),
    "diagnose": Action("diagnose job={id}", "diagnose --job={id}", "#job?id={id} #jobs"),
    "start": Action("manage_processes action=start names={names}", "up {names}", "#processes"),
    "stop": Action("manage_processes action=stop", "down", "#processes"),
    "restart": Action("manage_processes action=restart", "restart", "#processes"),
    "processes": Action("read_processes", "ps", "#processes"),
    "log": Action("read_processes name={name}", "logs {name}", "#processes?name={name} #processes"),
    "examine": Action(None, "doctor", None),
    "repair": Action(None, "doctor --repair", None),
    "adopt": Action(None, "adopt", None),
    "allow": Action(None, "nix allow {address}", None),
    "name_cache": Action(
        "configure_cache url={url} secret_key_file={key_file}",
        "nix cache configure {url} --secret-key-file={key_file}",
        None,
    ),
    "cache": Action(
        None,
        "nix cache configure {url} --public-key={public_key} --priority={priority} --secret-key-file={key_file}",
        None,
    ),
    "policy_set": Action(None, "policy set {key} {value}", None),
    "policy_unset": Action(None, "policy unset {key}", None),
    "forget_cache": Action(None, "nix cache remove {url}", None),
    "purge": Action(None, "purge", None),
    "templates": Action("list_templates", "template list", None),
    "generate": Action(
        "generate_files kind={kind} replace={replace}",
        "generate {kind} --replace={replace}",
        None,
    ),
    "envrc": Action(None, "envrc", None),
}

ARGUMENTS: dict[str, Argument] = {
    "create": Argument("create", "--create", "create"),
    "depth": Argument("depth", "--depth", "depth"),
    "dry_run": Argument("dry_run", "--dry-run", "dry run"),
    "extras": Argument("groups", "--extra", "extras"),
    "file": Argument("file", "--file", "file"),
    "groups": Argument("groups", "--group", "groups"),
    "level": Argument("level", "--level", "level"),
    "memory": Argument("memory", "--memory", "memory"),
    "occurrences": Argument("occurrences", "--occurrences", "occurrences"),
    "on_failure": Argument("on_failure", "--on-failure", "on failure"),
    "operation": Argument("operation", "ID", "operation"),
    "output": Argument("output", "--output", "output"),
    "redo": Argument("redo", "--redo", "redo"),
    "replace": Argument("replace", "--replace", "replace"),
    "second_opinion": Argument("second_opinion", "--nix", "second opinion"),
    "timeout": Argument("timeout", "--timeout", "timeout"),
}
