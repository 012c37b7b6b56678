"""Prompts: the tasks that a person starts, given to the model as a way through the tools."""

from __future__ import annotations

from mcp.server.mcpserver.prompts import Prompt

__all__ = ["prompts"]


def set_up(goal: str = "") -> str:
    """Set up a development environment for this repository."""
    wanted = f" It is for: {goal}." if goal else ""
    return f"""\
Set up the development environment of this repository with devkeel.{wanted}
1. Look at the repository: languages and versions, lock files, services that the tests or the documentation name.
2. Call inspect_environment. What is declared stays, unless it is in the way.
3. Find every name with search_catalogue before you write it.
4. Make one edit_environment call with dry_run=true: packages, languages with versions, services, env. create=true if \
there is no devenv.nix.
5. Show the diff and what runs when, ask whether to go on, then repeat the call without dry_run, with \
expected_revision and a reason.
6. Call check_environment, and say what was checked and what was not."""


def fix() -> str:
    """Find out what is wrong with the environment, and mend it."""
    return """\
Find out what is wrong with this project's development environment, and mend it with devkeel.
1. Call inspect_environment and check_environment: findings have places, and often edits that would mend them. What a \
failed run printed is read by diagnose.
2. Call show_history: was it sound before one of the operations? Then undo may be the smallest repair.
3. Try the smallest edit with dry_run=true. patch_file is for files that do not parse.
4. Show the diff, then publish it with expected_revision and a reason, and check again.
Change nothing that the findings do not name."""


def review(operation: str = "") -> str:
    """Review what was changed in the environment."""
    which = f"operation {operation} (show_history with operation={operation})" if operation else "the newest operations"
    return f"""\
Review what was changed in this project's development environment: {which}.
1. Call show_history, and each operation with its diff; inspect_environment says whether somebody else changed files \
since.
2. For each change: what it adds to the shell, what runs at shell entry, whether versions are as the repository wants.
3. Call check_environment.
Say what is right, what is doubtful and why, and which undo would take it back. Change nothing."""


def explain_option(path: str) -> str:
    """Explain an option, and what it is set to here."""
    return f"""\
Explain the option {path} of this project's development environment.
Call search_catalogue with query={path}, and inspect_environment with prefix={path}. Say what it does, its type, \
default and allowed values, where it is set here and to what, and what would change with other values. Change \
nothing."""


def prompts() -> list[Prompt]:
    """Return the prompts; made when a client asks for them, because a model of arguments for each takes time."""
    return [
        Prompt.from_function(set_up, title="Set up an environment"),
        Prompt.from_function(fix, title="Fix the environment"),
        Prompt.from_function(review, title="Review what was changed"),
        Prompt.from_function(explain_option, title="Explain an option"),
    ]
