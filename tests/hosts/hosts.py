"""The real hosts: how each is run, without a person, an account and a network, where devkeel was installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from .model import Call, Model, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["HOSTS", "VARIABLE", "WORKS", "Host", "Place", "Seen", "version_of"]

# The directory into which the hosts were installed by npm.
VARIABLE = "DEVKEEL_HOSTS"
SECONDS = 120
# A devkeel that is of these sources; what the agent runs itself gets none of this process's paths.
WORKS = f"PYTHONPATH='{os.pathsep.join(sys.path)}' exec {sys.executable} -m devkeel_cli \"$@\""
KEY = "a-key-that-opens-nothing"


class Place:
    """A machine of its own: a home, a project, a `devkeel` on PATH that notes what hooks are asked and answer."""

    def __init__(self, folder: Path, installed: Path) -> None:
        self.installed = installed / "node_modules"
        self.home, self.root = folder / "home", folder / "project"
        self.bin, self.notes = folder / "bin", folder / "notes"
        for place in (self.home, self.root, self.bin, self.notes):
            place.mkdir(parents=True)
        self.put(WORKS)
        # Codex runs a login shell, which sets PATH anew.
        (self.home / ".profile").write_text(f'PATH="{self.bin}:$PATH"\n')

    def put(self, script: str) -> None:
        """Put another devkeel on PATH: the body of a shell script. What a hook is asked is noted before it runs."""
        (self.bin / "real").write_text(f"#!/bin/sh\n{script}\n")
        noting = f"""
n=$(date +%s%N)-$$
cat > {self.notes}/$n.in
printf '%s' "$1" > {self.notes}/$n.verb
printf '%s' "${{CLAUDE_ENV_FILE-}}" > {self.notes}/$n.file
{self.bin}/real "$@" < {self.notes}/$n.in > {self.notes}/$n.out
code=$?
cat {self.notes}/$n.out
exit $code"""
        program = self.bin / "devkeel"
        program.write_text(f'#!/bin/sh\ncase $1 in guard|hook) ;; *) exec {self.bin}/real "$@" ;; esac\n{noting}\n')
        for item in (program, self.bin / "real"):
            item.chmod(0o755)

    @property
    def variables(self) -> dict[str, str]:
        """What every program here gets, and nothing of this process's own."""
        path = [str(self.bin), str(self.installed / "node" / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
        own = {"HOME": str(self.home), "PATH": os.pathsep.join(path)}
        kept = {name: os.environ[name] for name in ("PIP_INDEX_URL", "UV_INDEX_URL") if name in os.environ}
        return own | kept | {"LANG": "C.UTF-8", "TERM": "dumb", "XDG_STATE_HOME": str(self.home / "state")}

    def devkeel(self, *arguments: str) -> str:
        """Run `devkeel` as a person in the project."""
        line = [str(self.bin / "real"), *arguments]
        done = subprocess.run(
            line, cwd=self.root, env=self.variables, capture_output=True, text=True, check=True, timeout=SECONDS
        )
        return done.stdout


class Asked(NamedTuple):
    """A hook that the host ran: devkeel's verb, the host's message, the answer, and the file for the shell."""

    verb: str
    message: dict[str, Any]
    answer: str
    env_file: str


class Seen(NamedTuple):
    """What came of a run. results: what the model read of each call. asked: the hooks, in their order."""

    code: int
    out: str
    err: str
    results: list[str]
    tools: set[str]
    requests: list[dict[str, Any]]
    asked: list[Asked]
    seconds: float

    def messages(self, tool: str) -> list[dict[str, Any]]:
        """Return the messages of a tool's hooks."""
        return [item.message for item in self.asked if item.message.get("tool_name") == tool]


class Host(NamedTuple):
    """A host. line: its command, by where its packages are. settle: what a person has consented to before.

    write, edit and command make a call of its tools: of a path and a text, of two texts, of a shell's line. check: the
    calls by which a model finds the server's `check_environment`, and makes it. known_as: which of devkeel's hosts it
    is, where its name is another.
    """

    package: str
    line: Callable[[Place, Model], list[str]]
    variables: Callable[[Model], dict[str, str]]
    settle: Callable[[Place, Model], None]
    write: Callable[[Path, str], Call]
    edit: Callable[[Path, str, str], Call]
    command: Callable[[str], Call]
    check: tuple[Call, ...]
    known_as: str = ""

    def run(self, place: Place, script: Sequence[Call], *options: str) -> Seen:
        """Run the host on a script until it ends."""
        with serving(script) as model:
            self.settle(place, model)
            before = time.monotonic()
            done = subprocess.run(
                [*self.line(place, model), *options],
                cwd=place.root,
                env=place.variables | self.variables(model),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
            seconds = time.monotonic() - before
            read = model.results, model.tools, model.requests
            return Seen(done.returncode, done.stdout, done.stderr, *read, _asked(place), seconds)


def _asked(place: Place) -> list[Asked]:
    found = []
    for file in sorted(place.notes.glob("*.in")):
        verb, out, env_file = (file.with_suffix(end).read_text() for end in (".verb", ".out", ".file"))
        found.append(Asked(verb, json.loads(file.read_text()), out.strip(), env_file))
        for end in (".in", ".verb", ".out", ".file"):
            file.with_suffix(end).unlink()
    return found


def version_of(installed: Path, host: Host) -> str | None:
    """Return the version of a host that npm installed, None where it did not."""
    try:
        found = json.loads((installed / "node_modules" / host.package / "package.json").read_text())
    except FileNotFoundError:
        return None
    return str(found["version"])


def _program(place: Place, name: str) -> str:
    return str(place.installed / ".bin" / name)


def _nothing(place: Place, model: Model) -> None:
    del place, model


def _claude_line(place: Place, model: Model) -> list[str]:
    del model
    # The flag stands for a person's consent to the servers of the project.
    given = ["-p", "go", "--mcp-config", ".mcp.json", "--permission-mode", "bypassPermissions"]
    return [_program(place, "claude"), *given]


def _claude_variables(model: Model) -> dict[str, str]:
    quiet = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "IS_SANDBOX")
    return {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(quiet, "1")}


def _codex_line(place: Place, model: Model) -> list[str]:
    del model
    # The flags stand for a person's consent to the hooks, by `/hooks`, and to each command.
    given = ["--skip-git-repo-check", "--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox"]
    return [_program(place, "codex"), "exec", *given, "go"]


def _codex_settle(place: Place, model: Model) -> None:
    file = place.home / ".codex" / "config.toml"
    kept = file.read_text() if file.exists() else ""
    kept = kept.partition("# test\n")[2] if kept.startswith("model") else kept
    head = """\
model = "gpt-5.5"
model_provider = "fake"
# test
"""
    tail = f"""
[model_providers.fake]
name = "fake"
base_url = "{model.url}/v1"
wire_api = "responses"
env_key = "FAKE_KEY"

[projects."{place.root}"]
trust_level = "trusted"
"""
    file.parent.mkdir(exist_ok=True)
    file.write_text(head + kept.partition("\n[model_providers.fake]")[0] + tail)


def _patched(path: Path, body: list[str], verb: str) -> Call:
    lines = ["*** Begin Patch", f"*** {verb} File: {path}", *body, "*** End Patch"]
    return Call("apply_patch", "\n".join(lines) + "\n")


def _codex_write(path: Path, text: str) -> Call:
    return _patched(path, [f"+{line}" for line in text.splitlines()], "Add")


def _codex_edit(path: Path, old: str, new: str) -> Call:
    lines = ["@@", *(f"-{line}" for line in old.splitlines()), *(f"+{line}" for line in new.splitlines())]
    return _patched(path, lines, "Update")


def _gemini_line(place: Place, model: Model) -> list[str]:
    del model
    # The flag stands for a person's consent to each call.
    return [_program(place, "gemini"), "-p", "go", "--yolo", "-m", "gemini-2.5-pro"]


def _gemini_settle(place: Place, model: Model) -> None:
    del model
    file = place.home / ".gemini" / "settings.json"
    file.parent.mkdir(exist_ok=True)
    (file.parent / "trustedFolders.json").write_text(json.dumps({str(place.root): "TRUST_FOLDER"}))
    chosen = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False}}
    file.write_text(json.dumps(chosen))


def _gemini_variables(model: Model) -> dict[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": model.url, "GEMINI_API_KEY": KEY, "GEMINI_TELEMETRY_ENABLED": "false"}


def _copilot_line(place: Place, model: Model) -> list[str]:
    del model
    # The flags stand for a person's consent to the folder, and to each call.
    return [_program(place, "copilot"), "-p", "go", "--trust-folder", "--allow-all-tools", "--allow-all-paths"]


def _copilot_variables(model: Model, name: str) -> dict[str, str]:
    provider = {"BASE_URL": f"{model.url}/v1", "API_KEY": KEY}
    own = {f"COPILOT_PROVIDER_{key}": value for key, value in provider.items()}
    return own | {"COPILOT_OFFLINE": "true", "COPILOT_AUTO_UPDATE": "false", "COPILOT_MODEL": name}


_COPILOT = Host(
    "@github/copilot",
    _copilot_line,
    lambda model: _copilot_variables(model, "gpt-4.1"),
    _nothing,
    write=lambda path, text: Call("create", {"path": str(path), "file_text": text}),
    edit=lambda path, old, new: Call("edit", {"path": str(path), "old_str": old, "new_str": new}),
    command=lambda command: Call("bash", {"command": command, "description": "Do it"}),
    check=(),  # it does not read VS Code's servers
    known_as="vscode",
)
HOSTS = {
    "copilot-cli": _COPILOT,
    # By the model it offers other tools for files.
    "copilot-cli-patch": _COPILOT._replace(
        variables=lambda model: _copilot_variables(model, "gpt-5.5"), write=_codex_write, edit=_codex_edit
    ),
    "claude-code": Host(
        "@anthropic-ai/claude-code",
        _claude_line,
        _claude_variables,
        _nothing,
        write=lambda path, text: Call("Write", {"file_path": str(path), "content": text}),
        edit=lambda path, old, new: Call("Edit", {"file_path": str(path), "old_string": old, "new_string": new}),
        command=lambda command: Call("Bash", {"command": command, "description": "Do it"}),
        check=(
            Call("ToolSearch", {"query": "select:mcp__devkeel__check_environment", "max_results": 5}),
            Call("mcp__devkeel__check_environment", {}),
        ),
    ),
    "codex": Host(
        "@openai/codex",
        _codex_line,
        lambda _model: {"FAKE_KEY": KEY},
        _codex_settle,
        write=_codex_write,
        edit=_codex_edit,
        command=lambda command: Call("exec_command", {"cmd": command}),
        check=(
            Call("tool_search", {"query": "check environment", "limit": 5}),
            Call("check_environment", {}, "mcp__devkeel"),
        ),
    ),
    "gemini-cli": Host(
        "@google/gemini-cli",
        _gemini_line,
        _gemini_variables,
        _gemini_settle,
        write=lambda path, text: Call("write_file", {"file_path": str(path), "content": text}),
        edit=lambda path, old, new: Call(
            "replace", {"file_path": str(path), "instruction": "Change it", "old_string": old, "new_string": new}
        ),
        command=lambda command: Call("run_shell_command", {"command": command, "description": "Do it"}),
        check=(Call("mcp_devkeel_check_environment", {}),),
    ),
}
