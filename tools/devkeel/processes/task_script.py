"""Tasks one after the other as a bash script, for who runs a task or the test and no supervisor with it."""

from __future__ import annotations

import shlex
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from devkeel.processes.task_graph import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from devkeel.processes.plan import After, PlannedTask

__all__ = ["in_order", "script"]

# A name and a value in base64, each with a NUL behind it: how a task hands on what it exports (devenv,
# src/modules/tasks.nix). `x` keeps the line ends at the end of a value from `$()`.
_BEGIN = """\
failed=' ' code=0
folder=$(mktemp -d) || exit
export DEVENV_TASK_EXPORTS_FILE=$folder/exports DEVENV_TASK_OUTPUT_FILE=$folder/output
may() {
  local name=$1 need; shift
  for need in "$@"; do
    case $failed in *" $need "*)
      printf '%s was left out: it waits for %s.\\n' "$name" "$need" >&2
      failed="$failed$name "
      return 1;;
    esac
  done
  : >"$folder/exports"
}
ended() {
  printf '%s ended with %s.\\n' "$1" "$2" >&2
  failed="$failed$1 " code=$2
}
take() {
  local name value
  while IFS= read -r -d '' name && IFS= read -r -d '' value; do
    value=$(printf %s "$value" | base64 -d; printf x)
    export "$name=${value%x}"
  done <"$folder/exports"
}
"""
# What `wait_for_processes` of enterTest calls (devenv, src/modules/tests.nix): a function, which bash hands on, for
# a program on PATH would pass for devenv's command. All is ready before the test begins: nothing is left to wait for.
_DEVENV = """\
devenv() {
  [ "${1-} ${2-}" = 'processes wait' ] && return
  echo "devenv is not installed; in a test 'devenv processes wait' works without it." >&2
  return 127
}
export -f devenv
"""


def in_order(names: Iterable[str], waiting: Mapping[str, Sequence[After]]) -> tuple[str, ...]:
    """Return tasks so that each comes after what it waits for; what is not among them is passed over."""
    by_plain = {plain_name(name): name for name in names}
    graph = {
        name: {by_plain[item.name] for item in waiting[name] if item.name in by_plain} for name in by_plain.values()
    }
    return tuple(TopologicalSorter(graph).static_order())


def script(
    tasks: Iterable[PlannedTask], wanted: Iterable[str], then: str | None = None, ends: str | None = None
) -> str:
    """Return the script that runs tasks in this order, and then a program.

    wanted: the tasks by whose end it is judged; the others may fail where what waits for them does not mind. then: a
    script for bash. ends: what is done at the end, whatever came of it.
    """
    last = "; ".join(['rm -rf -- "$folder"', *([ends] if ends else [])])
    judged = (f'case $failed in *{shlex.quote(f" {name} ")}*) exit "$((code ? code : 1))";; esac' for name in wanted)
    lines = [_BEGIN, f"trap {shlex.quote(last)} EXIT", *map(_step, tasks), *judged]
    if then is not None:
        lines += [_DEVENV, shlex.quote(then)]
    lines.append("exit")
    return "\n".join(lines)


def _step(task: PlannedTask) -> str:
    name = shlex.quote(task.name)
    needs = shlex.join([item.name for item in task.after if item.condition == "succeeded"])
    given = [f"export {shlex.quote(f'{key}={value}')}" for key, value in task.variables.items()]
    done = [f"{shlex.join(task.status)} >/dev/null 2>&1 && exit 0"] if task.status else []
    inner = [f"cd -- {shlex.quote(task.directory)} || exit", *given, *done, f"exec {shlex.join(task.argv)}"]
    return "\n".join([f"if may {name} {needs}; then (", *inner, f") || ended {name} $?; take; fi"])
