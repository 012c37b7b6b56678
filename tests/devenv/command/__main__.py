"""A stand-in for devenv's command: its verbs, one function each."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tasks
from arguments import Call, parse, usage_error
from client import ask, end, manager_pid
from environment import CONTEXT, Shell, open_all, open_shell
from failure import Failure
from manager import PROCESS, serve
from nix import build, evaluate
from project import SYSTEM, VERSION, Project, find_project

from faults import inject, record

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 100
START_LIMIT = 120.0
RESTART = "Restart it with `devenv processes down` then `devenv up -d` to apply the changes."


def version(_: Call) -> str:
    return f"devenv {VERSION} ({SYSTEM})\n"


def evaluated(call: Call) -> str:
    _, request = prepared(call)
    found = {
        name: evaluate(request, f"devenv.config.{name}", f"Failed to get attribute 'devenv.config.{name}'")
        for name in call.words
    }
    return json.dumps(found, indent=2) + "\n"


def built(call: Call) -> str:
    _, request = prepared(call)
    names = call.words
    if not names:
        outputs = evaluate(request, "devenv.config.build", "Failed to get attribute 'devenv.config.build'")
        names = list(leaves(outputs))
    paths = {}
    for name in names:
        attribute = f"devenv.config.{name}"
        (paths[name],) = build(request, [attribute], None, f"Failed to build attribute: {attribute}")
    return json.dumps(paths, indent=2) + "\n"


def leaves(value: Any, prefix: str = "") -> list[str]:
    """Return the attribute paths of the store paths in a value."""
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, f"{prefix}.{name}".lstrip("."))]
    return [prefix] if isinstance(value, str) else []


def print_dev_env(call: Call) -> str:
    shell = open_shell(*prepared(call))
    return shell.as_json() if call.has("--json") else shell.script()


def direnv_export(call: Call) -> str:
    shell, found = open_all(*prepared(call))
    run_roots(found, shell, "devenv:enterShell")
    return shell.script()


def direnvrc(_: Call) -> str:
    return (
        "use_devenv() {\n"
        "  watch_file devenv.nix devenv.yaml devenv.lock devenv.local.nix devenv.local.yaml\n"
        '  local script\n  if script="$(devenv direnv-export "$@")"; then eval "$script"; else\n'
        '    log_error "failed to evaluate the devenv environment"\n  fi\n'
        "}\n"
    )


def print_paths(call: Call) -> str:
    project = find_project(call)
    gc = project.dotfile / "gc"
    return f'DEVENV_DOTFILE="{project.dotfile}"\nDEVENV_ROOT="{project.root}"\nDEVENV_GC="{gc}"'


def enter_shell(call: Call) -> str:
    project, request = prepared(call)
    shell, found = open_all(project, request)
    run_roots(found, shell, "devenv:enterShell")
    text = shell.script()
    if call.words:
        # The command is spliced in as it is, its arguments are quoted.
        command, *arguments = call.words
        text += f"\nexec {command} {shlex.join(arguments)}"
    path = project.dotfile / f"shell-{os.getpid()}.sh"
    path.write_text(text)
    path.chmod(0o755)
    os.environ["DEVENV_CMDLINE"] = shlex.join(sys.argv[1:])
    argv = ["bash", str(path)] if call.words else ["bash", "--rcfile", str(path), "-i"]
    sys.stdout.flush()
    os.execvp("bash", argv)  # noqa: S606  (the shell is the result)


def info(call: Call) -> str:
    """Tell about the project; an evaluation that fails is passed over."""
    project, request = prepared(call)
    lock = json.loads((project.root / "devenv.lock").read_text())
    lines = [
        "Inputs:",
        *(f"  - {name}: {node['locked']['narHash']}" for name, node in lock["nodes"].items() if name != "root"),
    ]
    with contextlib.suppress(Failure):
        lines += ["", evaluate(request, "devenv.config.info", "")]
    return "\n".join(lines) + "\n"


def search(call: Call) -> str:
    _, request = prepared(call)
    word = call.words[0]
    packages = evaluate(request, "packageNames", "Failed to search packages")
    options = evaluate(request, "optionNames", "Failed to search options")
    rows = [f"pkgs.{name}" for name in packages if word in name]
    set_rows = [name for name in options if word in name]
    table = "".join(
        f"| {row:<40} |\n" for row in ["Package", *rows] * bool(rows) + ["Option", *set_rows] * bool(set_rows)
    )
    return f"{table}Found {len(rows)} packages and {len(set_rows)} options for '{word}'.\n"


def update(call: Call) -> str:
    project = find_project(call)
    project.lock(renew=call.words[0] if call.words else "")
    return ""


def inputs_add(call: Call) -> str:
    """Add an input by writing devenv.yaml anew: comments are lost, local settings are written into it."""
    from ruamel.yaml import YAML  # half the cost of starting

    project = find_project(call)
    name, url = call.words
    settings = project.settings
    known = settings.setdefault("inputs", {})
    follows = call.values("--follows")
    for other in follows:
        if other not in known and other != "nixpkgs":
            raise Failure(f"Input {other} does not exist so it can't be followed.")
    known[name] = {"url": url, **({"inputs": {other: {"follows": other} for other in follows}} if follows else {})}
    with (project.root / "devenv.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(settings, file)
    return ""


def init(call: Call) -> str:
    root = Path(call.words[0] if call.words else ".")
    root.mkdir(parents=True, exist_ok=True)
    if (root / "devenv.nix").exists():
        raise Failure(f"File {root / 'devenv.nix'} already exists")
    (root / "devenv.nix").write_text("{ pkgs, lib, config, inputs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n")
    (root / "devenv.yaml").write_text("inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n")
    with (root / ".gitignore").open("a") as file:
        file.write("\n# Devenv\n.devenv*\ndevenv.local.nix\ndevenv.local.yaml\n\n# direnv\n.direnv\n")
    if call.has("--include-envrc"):
        (root / ".envrc").write_text('eval "$(devenv direnvrc)"\n\nuse devenv\n')
    return ""


def nothing(_: Call) -> str:
    return ""


def tasks_list(call: Call) -> str:
    found = tasks.load(*prepared(call))
    return tasks.listed(found) if call.has("--json") else "\n".join(sorted(found))


def tasks_run(call: Call) -> str:
    if not call.words:
        raise Failure("No tasks specified.")
    shell, found = open_all(*prepared(call))
    given = json.loads(call.value("--input-json", "{}"))
    given |= {name: as_json(value) for name, _, value in (each.partition("=") for each in call.values("--input"))}
    for name in call.words:
        if name in found:
            found[name]["input"] = {**found[name]["input"], **given}
    order = tasks.schedule(found, call.words, call.value("--mode", "before"))
    outputs, failed = tasks.run(found, order, shell.captured)
    if failed:
        raise Failure("Some tasks failed")
    return json.dumps(outputs)


def as_json(text: str) -> Any:
    """Return a value read as JSON where it is JSON, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def run_roots(found: dict[str, tasks.Task], shell: Shell, root: str) -> list[str]:
    """Run a task and those that come before it; return the names of those that failed."""
    order = tasks.schedule(found, [root], "all")
    if all(found[name]["command"] is None for name in order):
        return []
    return tasks.run(found, order, shell.captured)[1]


def up(call: Call) -> str:
    """Start processes: with `-d` in a manager that outlives this command, else here until a signal."""
    project = find_project(call)
    request = project.assemble()
    names = start_manager(project, request, call.words, "daemon" if call.has("--detach") else "foreground")
    if not call.has("--detach") and names:
        folder = project.processes
        config = json.loads((folder / "daemon-config.json").read_text())
        serve(folder, config, names)
    return ""


def start_manager(project: Project, request: Path, wanted: list[str], mode: str) -> list[str]:
    """Evaluate, allocate ports, and start the manager, or hand the processes to the one that runs.

    Returns the names that a foreground manager has to start.
    """
    request = with_ports(project, request)
    shell, found = open_all(project, request)
    known = [name.removeprefix(PROCESS) for name, task in found.items() if task["type"] == "process"]
    strangers = [name for name in wanted if name not in known]
    if not known:
        sys.stderr.write("No 'processes' option defined: https://devenv.sh/processes/\n")
        raise Failure("No processes defined")
    if strangers:
        raise Failure(f"Process(es) not found in configuration: {', '.join(strangers)}")
    names = wanted or [name for name in known if found[PROCESS + name]["process"]["start"]["enable"]]
    if manager_pid(project) is not None:
        attach(project, names, mode)
        return []
    before = [each for name in names for each in tasks.schedule(found, [PROCESS + name], "before")]
    if tasks.run(found, list(dict.fromkeys(["devenv:enterShell", *before])), shell.captured)[1]:
        raise Failure("Process tasks failed")
    project.processes.mkdir(parents=True, exist_ok=True)
    config = project.processes / "daemon-config.json"
    config.write_text(json.dumps({"tasks": found, "environment": shell.captured, "mode": mode, "names": names}))
    if mode == "daemon":
        spawn(project, config)
        return []
    return names


def attach(project: Project, names: list[str], mode: str) -> None:
    """Hand processes to the running manager, which knows only what it was started with."""
    if mode == "daemon" and ask(project, command="mode")["mode"] == "foreground":
        raise Failure(
            "Processes are already running in a foreground `devenv up` session. "
            "Attach with plain `devenv up`, or stop it first with `devenv processes down`"
        )
    outcome = ask(project, command="start", names=names)["outcome"]
    if outcome["unknown"]:
        sys.stderr.write(f"not known to the running process manager: {', '.join(outcome['unknown'])}. {RESTART}\n")
    if not outcome["scheduled"] and not outcome["skipped"]:
        raise Failure("No processes were started")


def spawn(project: Project, config: Path) -> None:
    """Start the manager in a process group of its own and wait for its PID file, which says nothing of readiness."""
    log = project.processes / "daemon.log"
    with log.open("wb") as stderr:
        child = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent), "daemon-processes", str(config)],
            cwd=project.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            process_group=0,
        )
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and manager_pid(project) is None:
        if child.poll() is not None:
            raise Failure(f"Daemon exited unexpectedly. Logs:\n{log.read_text()}")
        time.sleep(0.05)
    if manager_pid(project) is None:
        raise Failure(f"Daemon failed to start within {START_LIMIT:g}s. Check logs at: {log}")
    sys.stderr.write(f"Processes starting in background (PID: {child.pid})\n")


def daemon(call: Call) -> str:
    path = Path(call.words[0])
    config = json.loads(path.read_text())
    path.unlink()
    serve(path.parent, config, config["names"])
    return ""


def with_ports(project: Project, request: Path) -> Path:
    """Give every port of every process a number that is free, from its base upwards."""
    wanted = evaluate(request, "allocation", CONTEXT)
    if wanted["implementation"] != "native":
        raise Failure(f"the stand-in knows the native process manager only, not {wanted['implementation']}")
    bases = wanted["bases"]
    held = ask(project, command="ports")["ports"] if manager_pid(project) else []
    running = {(port["process_name"], port["port_name"]): port["port"] for port in held}
    strict = project.call.has("--strict-ports") or project.settings.get("strict_ports", False)
    taken: set[int] = set(running.values())
    for process, ports in bases.items():
        for name, base in ports.items():
            number = running.get((process, name)) or allocate(base, taken, strict=strict)
            taken.add(number)
            project.ports.setdefault(process, {})[name] = number
    return project.assemble() if project.ports else request


def allocate(base: int, taken: set[int], *, strict: bool) -> int:
    """Return the first free port from a base upwards."""
    for number in range(base, min(base + ATTEMPTS, 65536)):
        if number not in taken and free(number):
            return number
        if strict:
            raise Failure(
                f"Port {base} is already in use. Use --strict-ports=false to auto-allocate an available port."
            )
    raise Failure(f"Could not find an available port from {base} upwards")


def free(number: int) -> bool:
    """Tell whether nothing listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def down(call: Call) -> str:
    end(find_project(call))
    return ""


def wait(call: Call) -> str:
    """Wait until nothing is on its way. The timeout bounds only the tries to connect, not a wait that blocks."""
    project = find_project(call)
    deadline = time.monotonic() + float(call.value("--timeout", "120"))
    while True:
        try:
            ask(project, command="wait")
        except Failure:
            if manager_pid(project) is None:
                raise
            if time.monotonic() > deadline:
                raise Failure("Timed out waiting for processes to be ready") from None
            time.sleep(0.2)
        else:
            return ""


def processes_list(call: Call) -> str:
    rows = ask(find_project(call), command="list")["processes"]
    if not rows:
        return "No processes found.\n"
    return "".join(
        f"{row['name']:<30} {row['phase']:<15} restarts: {row['restart_count']}"
        + (f" ports: {', '.join(row['ports'])}" if row["ports"] else "")
        + "\n"
        for row in rows
    )


def processes_status(call: Call) -> str:
    row = ask(find_project(call), command="status", name=call.words[0])["info"]
    return f"Name:           {row['name']}\nPhase:          {row['phase']}\nRestart count:  {row['restart_count']}\n"


def processes_logs(call: Call) -> str:
    answer = ask(find_project(call), command="logs", name=call.words[0], lines=int(call.value("--lines", "100")))
    only = [stream for stream in ("stdout", "stderr") if call.has(f"--{stream}")]
    parts = [
        (f"==> {stream} <==\n" if not only else "") + answer[stream] + "\n"
        for stream in only or ["stdout", "stderr"]
        if answer[stream]
    ]
    return "".join(parts) or "No logs available.\n"


def processes_restart(call: Call) -> str:
    ask(find_project(call), command="restart", name=call.words[0])
    return ""


def processes_start(call: Call) -> str:
    project = find_project(call)
    if not call.words or manager_pid(project) is None:
        call.flags.setdefault("--detach", [()])
        return up(call)
    name = call.words[0]
    outcome = ask(project, command="start", names=[name])["outcome"]
    if name in outcome["skipped"]:
        raise Failure(f"Process '{name}' is already running or waiting")
    if name in outcome["unknown"]:
        raise Failure(
            f"Process '{name}' is not known to the running process manager "
            f"(it was started with a different configuration). {RESTART}"
        )
    return ""


def processes_stop(call: Call) -> str:
    if not call.words:
        return down(call)
    ask(find_project(call), command="stop", name=call.words[0])
    return ""


def test(call: Call) -> str:
    """Run enterTest in the shell, with the processes running, and stop them afterwards."""
    project = find_project(call)
    project.testing = True
    request = with_ports(project, project.assemble())
    shell, found = open_all(project, request)
    if run_roots(found, shell, "devenv:enterTest"):
        raise Failure("enterTest tasks failed")
    context = "Failed to build attribute: devenv.config.test"
    (script,) = build(request, ["test"], project.dotfile / "gc" / "test", context)
    processes = any(task["type"] == "process" for task in found.values())
    if processes:
        start_manager(project, request, [], "daemon")
    try:
        ended = subprocess.run(
            [script], env=shell.captured, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), check=False
        )
    finally:
        if processes:
            end(project)
    if ended.returncode:
        sys.stderr.write("Tests failed :(\n")
        raise Failure("Tests failed")
    sys.stderr.write("Tests passed :)\n")
    return ""


def prepared(call: Call) -> tuple[Project, Path]:
    """Return the project of a call, and the request for its evaluation."""
    project = find_project(call)
    return project, project.assemble()


# The verbs that evaluate devenv.nix; the rest works while it is broken.
EVALUATING: dict[tuple[str, ...], Callable[[Call], str]] = {
    ("eval",): evaluated,
    ("build",): built,
    ("print-dev-env",): print_dev_env,
    ("direnv-export",): direnv_export,
    ("shell",): enter_shell,
    ("info",): info,
    ("show",): info,
    ("search",): search,
    ("up",): up,
    ("processes", "up"): up,
    ("tasks", "list"): tasks_list,
    ("tasks", "run"): tasks_run,
    ("test",): test,
    ("ci",): test,
}
OTHER: dict[tuple[str, ...], Callable[[Call], str]] = {
    ("version",): version,
    ("direnvrc",): direnvrc,
    ("print-paths",): print_paths,
    ("update",): update,
    ("inputs", "add"): inputs_add,
    ("init",): init,
    ("gc",): nothing,
    ("allow",): nothing,
    ("revoke",): nothing,
    ("down",): down,
    ("daemon-processes",): daemon,
    ("processes", "down"): down,
    ("processes", "wait"): wait,
    ("processes", "list"): processes_list,
    ("processes", "status"): processes_status,
    ("processes", "logs"): processes_logs,
    ("processes", "restart"): processes_restart,
    ("processes", "start"): processes_start,
    ("processes", "stop"): processes_stop,
}


def main(argv: list[str]) -> int:
    """Run one command line and return its exit code: stdout has the result, stderr the rest."""
    record(argv)
    if not argv:
        raise usage_error("'devenv' requires a subcommand but one was not provided")
    call = parse(argv)
    if call.has("--version"):
        call.path = ("version",)
    if call.has("--help"):
        sys.stdout.write("Usage: devenv [OPTIONS] <COMMAND>\n")
        return 0
    verbose = not call.has("--quiet")
    try:
        if call.path in EVALUATING:
            inject()
            if verbose:
                sys.stderr.write("• Configuring shell ...\n")
        sys.stdout.write({**EVALUATING, **OTHER}[call.path](call))
    except Failure as failure:
        sys.stderr.write(failure.rendered())
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
