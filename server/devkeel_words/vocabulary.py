"""What each client calls what sentences of the library name: a row an action or argument, a column a client.

A word of a column stands as it is; one that ends with `{name}` stands where that argument is given.
`devkeel_words.speech` makes calls of them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ACTIONS", "ARGUMENTS", "Action", "Argument"]


class Action(NamedTuple):
    """A call. tool: None where a person alone may do it. link: where the page has it."""

    tool: str | None
    command: str
    link: str


class Argument(NamedTuple):
    """An argument that is spoken of, or that the caller's own call is repeated with."""

    tool: str
    command: str
    link: str


ACTIONS: dict[str, Action] = {
    "inspect": Action("inspect_environment prefix={prefix}", "inspect {prefix}", "#inspect"),
    "search": Action("search_catalogue cursor={cursor}", "search --cursor={cursor}", "#catalogue"),
    "check": Action("check_environment level={level}", "check --level={level}", "#check"),
    "history": Action(
        "show_history operation={operation} before={before}", "history {operation} --before={before}", "#history"
    ),
    "undo": Action("undo operation={operation}", "undo {operation}", "#history"),
    "begin": Action("edit_environment create=true", "init", "#begin"),
    "detect": Action("detect_environment", "init --detect", "#detection"),
    "publish": Action("edit_environment create=true", "init --detect --write", "#detection"),
    "publish_some": Action("edit_environment create=true", "init --from=edits.json", "#detection"),
    "begin_backend": Action(None, "init --backend={backend}", "#begin"),
    "add": Action("add_packages names={names} inside={inside}", "add {names} --inside={inside}", "#packages"),
    "remove": Action(
        "add_packages remove=true names={names} inside={inside}", "remove {names} --inside={inside}", "#packages"
    ),
    "enable": Action("enable_service", "enable", "#services"),
    "set": Action("edit_environment create={create}", "set --create={create}", "#options"),
    "append": Action("edit_environment", "append", "#options"),
    "library": Action("add_library create={create}", "library add --create={create}", "#libraries"),
    "repair_libraries": Action("repair_requirements", "library repair", "#libraries"),
    "patch": Action("patch_file", "patch", "#patch"),
    "lock": Action("update_locks action={action} names={names}", "lock {action} {names}", "#locks"),
    "apply": Action("apply_environment", "apply", "#apply"),
    "bootstrap": Action(None, "apply --bootstrap", "#apply"),
    "pip": Action(None, "apply --pip", "#apply"),
    "make": Action("apply_environment environment={environment}", "env create {environment}", "#environments"),
    "mix": Action(None, "env create --mixed --backend={backend}", "#environments"),
    "enter": Action(None, "env print {environment}", "#environments"),
    "run": Action("run_command environment={environment} argv={argv}", "run --env={environment} --={argv}", "#run"),
    "job": Action("job id={id} cursor={cursor} wait={wait}", "job {id} --cursor={cursor} --wait={wait}", "#jobs"),
    "diagnose": Action("diagnose job={id}", "diagnose --job={id}", "#diagnosis"),
    "start": Action("manage_processes action=start names={names}", "up {names}", "#processes"),
    "stop": Action("manage_processes action=stop", "down", "#processes"),
    "restart": Action("manage_processes action=restart", "restart", "#processes"),
    "processes": Action("read_processes", "ps", "#processes"),
    "log": Action("read_processes name={name}", "logs {name}", "#processes"),
    "examine": Action(None, "doctor", "#doctor"),
    "repair": Action(None, "doctor --repair", "#doctor"),
    "adopt": Action(None, "adopt", "#history"),
    "allow": Action(None, "nix allow {address}", "#caches"),
    "name_cache": Action(
        "configure_cache url={url} secret_key_file={key_file}",
        "nix cache configure {url} --secret-key-file={key_file}",
        "#caches",
    ),
    "cache": Action(
        None,
        "nix cache configure {url} --public-key={public_key} --priority={priority} --secret-key-file={key_file}",
        "#caches",
    ),
    "policy_set": Action(None, "policy set {key} {value}", "#policy"),
    "policy_unset": Action(None, "policy unset {key}", "#policy"),
    "forget_cache": Action(None, "nix cache remove {url}", "#caches"),
    "purge": Action(None, "purge", "#environments"),
    "templates": Action("list_templates", "template list", "#templates"),
    "generate": Action(
        "generate_files kind={kind} replace={replace}", "generate {kind} --replace={replace}", "#generate"
    ),
    "envrc": Action(None, "envrc", "#environments"),
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
