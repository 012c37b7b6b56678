"""A repository of somebody else's is looked at with every verb and every tool: nothing of it runs, nothing leaks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from devkeel.backends.registry import BACKENDS
from devkeel.libraries.languages.registry import LANGUAGES
from devkeel_cli.group import VERBS, cli
from devkeel_mcp.tools import TOOLS

from ..devkeel.catalogue.conftest import make_lock  # noqa: TID252  (the tests are no installed package)
from .clone import FOLDERS, PROGRAMS, SECRET, TOKEN, Clone, clone_at
from .traced import Trace, read, strace, traced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mcp_types import Tool

__all__ = ["make_lock"]

pytestmark = [
    pytest.mark.nix,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

# As the console script: the directory that it is called in is not imported from.
DEVKEEL = (sys.executable, "-P", "-m", "devkeel_cli")
# What runs what is declared, or makes and removes environments: whoever asks for it does not only look.
ACTING = {
    "run",
    "nix build",
    "nix run",
    "up",
    "down",
    "restart",
    "purge",
    "serve",
    "review",
    "env create",
    "env remove",
}
# It installs the libraries that are declared, and imports them, in a place that is thrown away.
ACTING |= {"library repair"}
# What those are given that need more than a word for each argument; a verb that is not here is called as it describes
# itself.
LINES = {
    "init": ((), ("--detect",)),
    "add": (("ripgrep",),),
    "enable": (("redis",),),
    "disable": (("redis",),),
    "patch": (("devenv.nix", "--old", "pkgs.jq", "--new", "pkgs.git"),),
    "input add": (("rust-overlay", "github:oxalica/rust-overlay"),),
    # Resolving libraries may build them; inputs are data.
    "lock": (("check",), ("create", "devenv.lock"), ("renew", "devenv.lock")),
    "library add": tuple(("requests", "--language", language) for language in LANGUAGES),
    "library remove": (("requests", "--language", "python"),),
    "check": ((), ("--staged",), ("--against", "HEAD")),
    "doctor": ((), *(("--backend", backend) for backend in BACKENDS)),
    # Without the first it runs the tests.
    "gate": (("--no-run", "--report", "**/*.xml", "--report", "bin/*", "--report", "devenv.nix"), ("--history",)),
    "completion": (("bash",), ("zsh",), ("fish",)),
    "diagnose": tuple((f"failed-{number}.log",) for number in range(4)),
}
# What those print of whom it says that something is missing: proposals look at the project for each.
FAILED = (
    "a.c:1:10: fatal error: zlib.h: No such file or directory\nError: pg_config executable not found.\n",
    "ModuleNotFoundError: No module named 'cv2'\nError: Cannot find module 'express'\n",
    "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n[Errno 98] Address already in use: ('', 8000)\n",
    "error: Path 'part.nix' in the repository is not tracked by Git.\nsh: 1: DATABASE_URL: parameter not set\n",
)
# Edits that go the way of `set`, which is gone to its end: their candidates are evaluated by no other program.
SHALLOW = {"remove", "unset", "append", "prepend", "rename", "comment", "uncomment", "disable", "patch", "input remove"}
# Verbs that start what `set` and `check` start, or nothing: which files are looked for is seen there.
SAME = {"add", "append", "comment", "completion", "diff", "disable", "enable", "env", "history", "init", "input", "job"}
SAME |= {"library", "logs", "patch", "prepend", "remove", "rename", "restore", "source", "uncomment", "undo", "unset"}
WORDS = {"path": "env.GREETING", "value": '"hello"', "file": "devenv.nix"}
# The same for tools, by the name of an argument.
ARGUMENTS: dict[str, Any] = {
    "query": "ripgrep",
    "names": ["ripgrep"],
    "name": "redis",
    "language": "python",
    "old": "pkgs.jq",
    "new": "pkgs.git",
    "job": "0",
    "id": "0",
    "edits": [{"kind": "set", "path": "env.A", "value": "1"}],
}
# What programs look for that runs nothing and need not be there: Nix asks whether the project is a bare repository, and
# since 2.20, which reads repositories itself, what they ignore and which others they have.
ABSENT = {"HEAD", ".gitignore", ".gitmodules", "devenv.local.nix", "devenv.local.yaml", ".envrc.local"}

DECLARED = 'packages = [ pkgs.jq ];\n  enterShell = "touch @FIRED@/enterShell";'
FETCHING = f'{DECLARED}\n  env.SOURCE = "${{builtins.fetchGit ./.}}";'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile").resolve()


def declaration(inputs: dict[str, Any], body: str, fired: Path) -> dict[str, str]:
    """Return files that Nix evaluates: devenv.nix, and the lock that pins what is in the store."""
    urls = "".join(f"  {name}:\n    url: {item.url}\n" for name, item in sorted(inputs.items()))
    nodes = {name: item.node for name, item in inputs.items()} | {"root": {"inputs": {name: name for name in inputs}}}
    return {
        "devenv.nix": f"{{ pkgs, ... }}:\n{{\n  {body.replace('@FIRED@', str(fired))}\n}}\n",
        "devenv.yaml": f"inputs:\n{urls}",
        "devenv.lock": json.dumps({"nodes": nodes, "root": "root", "version": 7}),
    }


@pytest.fixture(scope="module")
def clone(place: Path, pinned_inputs: dict[str, Any]) -> Clone:
    """The repository, with a declaration that Nix evaluates."""
    logs = {f"failed-{number}.log": text for number, text in enumerate(FAILED)}
    return clone_at(place / "clone", declaration(pinned_inputs, DECLARED, place / "fired") | logs)


@pytest.fixture(scope="module")
def environment(clone: Clone, place: Path) -> dict[str, str]:
    return shell(clone, place / "home")


def shell(clone: Clone, home: Path) -> dict[str, str]:
    """Return what a person's shell has: all of the clone first on PATH, and a token."""
    (home / "bin").mkdir(parents=True)
    for name in PROGRAMS:  # a place of the user's that leads into the clone
        (home / "bin" / name).symlink_to(clone.root / "bin" / name)
    inside = (str(clone.root / folder) for folder in FOLDERS)
    # what a manager of versions puts first for each program is a long script of a shell, and none of ours
    usual = (folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder).name != "shims")
    names = ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TMPDIR")
    places = {name: home / name.lower() for name in (*names, "NIX_CONF_DIR")}
    for folder in places.values():
        folder.mkdir(mode=0o700)
    (places["NIX_CONF_DIR"] / "nix.conf").write_text("substitute = false\nsandbox = false\n")
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join(("", ".", "bin", *inside, str(home / "bin"), *usual)),
        **{name: str(folder) for name, folder in places.items()},
        **{name: os.environ[name] for name in ("NIX_REMOTE", "LANG") if name in os.environ},
        "GITHUB_TOKEN": TOKEN,
        "DEVKEEL_TOKEN": TOKEN,
        "BASH_ENV": f"{clone.root}/.bashrc",
        "PYTHONSTARTUP": "json.py",
        "PIP_CONFIG_FILE": "pip.conf",
        "GIT_SSH_COMMAND": f"{clone.root}/bin/ssh",
    }


def lines() -> Iterator[tuple[str, ...]]:
    """Yield how each verb looks, from the command's own register: with what it requires, as a dry run if it has one."""
    context = click.Context(cli)
    for name in VERBS:
        command = cli.get_command(context, name)  # type: ignore[attr-defined]
        for inner, found in below(command):
            line = f"{name} {inner}".strip()
            dry = ("--dry-run",) if any("--dry-run" in item.opts for item in found.params) else ()
            for given in LINES.get(line, (tuple(required(found)),)) if line not in ACTING else ():
                yield (*line.split(), *given, *dry, *(("--level", "schema") if line in SHALLOW else ()))


def below(command: click.Command | None) -> Iterator[tuple[str, click.Command]]:
    """Yield the verbs of a group by the words behind its own name, those of groups in it too; a verb itself by none."""
    if not isinstance(command, click.Group):
        assert command is not None
        yield "", command
        return
    for name, inner in command.commands.items():
        yield from ((f"{name} {words}".strip(), found) for words, found in below(inner))


def required(command: click.Command) -> Iterator[str]:
    for item in command.params:
        if item.required:
            options = [option for option in item.opts if option.startswith("--")]
            chosen = item.type.choices[0] if isinstance(item.type, click.Choice) else WORDS.get(item.name or "", "word")
            yield from (*options[:1], str(chosen))


def assert_nothing_ran(clone: Clone, trace: Trace) -> None:
    """Assert that no canary was run, and that what was started is ours, isolated, and knows no token."""
    assert clone.marks() == []
    above = str(clone.root.parent / "outside")
    for call in trace.programs[1:]:
        assert call.path.startswith("/"), call.path
        assert not os.path.realpath(call.path).startswith((f"{clone.root}/", above)), call.path
        assert TOKEN not in "".join(call.variables), call.path
        for name in ("PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "LD_PRELOAD"):
            assert not any(item.startswith(f"{name}=") for item in call.variables), (call.path, name)
        if Path(call.path).name.startswith("python") and "--version" not in call.arguments:
            assert call.arguments[1] == "-I", call.arguments
    for call in trace.looked_up(clone.root):
        name = Path(call.path)
        assert name.name in ABSENT or os.path.lexists(name) or _is_git_s(name, clone.root), f"{name} is not planted"


def _is_git_s(path: Path, root: Path) -> bool:
    """Tell whether a path is one that Git itself writes, and no place for what it runs."""
    return path.relative_to(root).parts[0] == ".git" and "hooks" not in path.parts


def assert_nothing_leaked(clone: Clone, environment: dict[str, str], before: set[str], *told: bytes) -> None:
    """Assert that what is outside of the clone was not copied: nor told, nor kept, nor in the store."""
    for text in told:
        assert SECRET.encode() not in text
        assert TOKEN.encode() not in text
    new = [Path("/nix/store", name) for name in set(os.listdir("/nix/store")) - before]  # noqa: PTH208  (names are enough)
    for top in (Path(environment["HOME"]), clone.root / ".devkeel", *new):
        for path in [top, *top.rglob("*")]:
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 1_000_000:
                assert SECRET.encode() not in path.read_bytes(), path


def store() -> set[str]:
    return set(os.listdir("/nix/store"))  # noqa: PTH208


@pytest.mark.parametrize("line", [*lines()], ids=" ".join)
def test_a_verb_that_looks_runs_nothing_of_the_clone(
    clone: Clone, environment: dict[str, str], tmp_path: Path, line: tuple[str, ...]
) -> None:
    before = store()
    looks = line[0] not in SAME or "--detect" in line
    trace, told = strace([*DEVKEEL, *line], tmp_path, cwd=clone.root, environment=environment, looks=looks)
    assert_nothing_ran(clone, trace)
    assert_nothing_leaked(clone, environment, before, told)
    assert b"internal_error" not in told


def test_every_verb_is_known_to_look_or_to_act() -> None:
    known = {line[0] for line in lines()} | {verb.split()[0] for verb in ACTING}
    assert known == set(VERBS)


@pytest.mark.parametrize("without", ["", "namespaces"])
@pytest.mark.parametrize("line", [("check",), ("set", "env.A", "1", "--dry-run")], ids=" ".join)
def test_nix_asks_git_and_git_runs_nothing(
    pinned_inputs: dict[str, Any], tmp_path: Path, line: tuple[str, ...], without: str
) -> None:
    place = tmp_path.resolve()
    clone = clone_at(place / "clone", declaration(pinned_inputs, FETCHING, place / "fired"))
    environment, before = shell(clone, place / "home") | {"DEVKEEL_WITHOUT": without}, store()
    trace, told = strace([*DEVKEEL, *line], tmp_path, cwd=clone.root, environment=environment)
    assert_nothing_ran(clone, trace)
    assert_nothing_leaked(clone, environment, before, told)
    assert b"evaluation" in told
    started = {call.pid for call in trace.programs[1:]} - {trace.calls[0].pid}
    by_nix = any(call.path.endswith("/.git/index") for call in trace.calls if call.pid in started)
    assert by_nix or any(Path(call.path).name == "git" for call in trace.programs), "nothing was fetched"


def test_a_project_below_the_top_of_its_work_tree_is_looked_at_as_one_at_the_top(
    clone: Clone, environment: dict[str, str], tmp_path: Path
) -> None:
    below = clone.root / "service"
    below.mkdir()
    for name in ("devenv.nix", "devenv.yaml", "devenv.lock"):
        shutil.copyfile(clone.root / name, below / name)
    for line in (("doctor",), ("check",)):
        trace, _ = strace([*DEVKEEL, *line], tmp_path, cwd=below, environment=environment)
        assert_nothing_ran(clone, trace)
        assert len(trace.programs) > 1
    shutil.rmtree(below)


def test_the_catalogue_is_read_by_a_python_that_imports_nothing_of_the_clone(
    tmp_path: Path, make_lock: Callable[..., bytes]
) -> None:
    place = tmp_path.resolve()
    clone = clone_at(place / "clone", {"devenv.nix": "{ }\n", "devenv.lock": make_lock().decode()})
    environment = shell(clone, place / "home")
    for line in (("search", "brandNew"), ("inspect",)):
        trace, _ = strace([*DEVKEEL, *line], tmp_path, cwd=clone.root, environment=environment)
        assert_nothing_ran(clone, trace)
    names = [path.name for path in (place / "home" / "xdg_cache_home").rglob("*.json")]
    assert any(name.startswith("names-") for name in names)
    assert any(name.startswith("options-") for name in names)


class Server:
    """`devkeel serve` under strace, and its one client."""

    def __init__(self, clone: Clone, environment: dict[str, str], record: Path, *flags: str, looks: bool) -> None:
        command = [*traced(record, looks=looks), *DEVKEEL, "serve", "--toolsets", "all", *flags]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=clone.root, env=environment)
        self.told: list[bytes] = []
        self.number = 0
        who = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        self.ask("initialize", **who)
        self.send({"method": "notifications/initialized"})

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask, and return the answer; what the server says meanwhile is kept too."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": parameters})
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(line)
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == self.number:
                return answer
        raise AssertionError("the server has ended")

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        assert self.process.wait(timeout=60) == 0


def arguments_of(tool: Tool | dict[str, Any]) -> dict[str, Any]:
    """Return what a tool requires, and a dry run where it has one."""
    schema = dict(tool)["inputSchema"]
    found = {name: ARGUMENTS.get(name, "word") for name in schema.get("required", ())}
    return found | ({"dry_run": True} if "dry_run" in schema["properties"] else {})


@pytest.mark.parametrize("flags", [("--read-only", "--no-execute"), ("--no-execute",)], ids=" ".join)
def test_a_tool_that_looks_runs_nothing_of_the_clone(
    clone: Clone, environment: dict[str, str], tmp_path: Path, flags: tuple[str, ...]
) -> None:
    before = store()
    # What a server that only reads is asked, the other is asked too: which files are looked for is seen there.
    server = Server(clone, environment, tmp_path / "trace", *flags, looks="--read-only" not in flags)
    tools = server.ask("tools/list")["result"]["tools"]
    allowed = {spec.name for spec in TOOLS if not spec.executes and (spec.reads or "--read-only" not in flags)}
    # What asks other machines is not offered either: neither flag leaves the network.
    assert {tool["name"] for tool in tools} == allowed - {"check_cache", "check_builders"}
    for tool in tools:
        answer = server.ask("tools/call", name=tool["name"], arguments=arguments_of(tool))
        assert "internal_error" not in json.dumps(answer), answer
        assert clone.marks() == [], tool["name"]
    for item in server.ask("resources/list")["result"]["resources"]:
        server.ask("resources/read", uri=item["uri"])
    for item in server.ask("resources/templates/list")["result"]["resourceTemplates"]:
        reference = {"type": "ref/resource", "uri": item["uriTemplate"]}
        server.ask("completion/complete", ref=reference, argument={"name": "name", "value": "r"})
    for item in server.ask("prompts/list")["result"]["prompts"]:
        given = {argument["name"]: "word" for argument in item.get("arguments", ())}
        server.ask("prompts/get", name=item["name"], arguments=given)
    server.end()
    assert_nothing_ran(clone, read(tmp_path / "trace"))
    assert_nothing_leaked(clone, environment, before, *server.told)


@pytest.mark.parametrize("event", ["SessionStart", "CwdChanged"])
def test_a_session_that_starts_in_the_clone_enters_nothing_of_it(
    clone: Clone, environment: dict[str, str], tmp_path: Path, event: str
) -> None:
    """The hook that `devkeel install` writes, and then the agent's shell, which sources what the hook appended."""
    where, told = tmp_path / "message", {"cwd": str(clone.root), "new_cwd": str(clone.root), "hook_event_name": event}
    where.write_text(json.dumps(told))
    own = environment | {"CLAUDE_ENV_FILE": str(tmp_path / "env"), "CLAUDE_PROJECT_DIR": str(clone.root)}
    argv = ["/bin/sh", "-c", f'exec "$@" < {where}', "sh", *traced(tmp_path / "trace"), *DEVKEEL, "hook"]
    done = subprocess.run([*argv, "--host", "claude-code"], cwd=clone.root, env=own, capture_output=True, check=True)
    trace = read(tmp_path / "trace")
    assert_nothing_ran(clone, trace)
    assert len(trace.programs) == 1
    opened = {Path(call.path).name for call in trace.looked_up(clone.root)}
    assert not opened & {"active.json", "environment.json", ".envrc", "applied.json"}
    assert done.stderr == b""
    script = f"{(tmp_path / 'env').read_text().strip()} && /usr/bin/env"
    seen = subprocess.run(["/bin/bash", "--norc", "-p", "-c", script], env=own, capture_output=True, check=True)
    assert clone.marks() == []
    assert b"DEVKEEL_ENVIRONMENT=" not in seen.stdout
