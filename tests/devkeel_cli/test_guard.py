"""`devkeel guard`: a host's message in, its answer out; nothing that goes wrong stands in the host's way."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel_cli.hooks.answering import answered
from devkeel_cli.hooks.messages import DIALECTS

from ..hosts.acts import ACTS, DECLARATION, FINE, WRONG  # noqa: TID252  (the tests are no installed package)
from ..hosts.recordings import RECORDED, placed  # noqa: TID252  (the tests are no installed package)
from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    return tmp_path


def message(host: str, root: Path, tool: str, **given: Any) -> dict[str, Any]:
    """Return a message as the host sends it: a recorded one, with other arguments. tool: shell, write or edit."""
    if host not in RECORDED:
        return by_reference(host, root, tool, given)
    found = placed(RECORDED[host]["messages"][tool], root)
    found["tool_input"] |= patch(given) if found["tool_name"] == "apply_patch" else given
    return found


def by_reference(host: str, root: Path, tool: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the same of a host that no machine of ours can run, in the form of its public reference."""
    common: dict[str, Any] = {"session_id": "5f0c", "transcript_path": None, "cwd": str(root)}
    names = {
        "vscode": {"shell": "run_in_terminal", "write": "create_file", "edit": "replace_string_in_file"},
        "cursor": {"write": "Write", "edit": "StrReplace"},
    }[host]
    event = {"cursor": "preToolUse"}.get(host, "PreToolUse")
    if host == "cursor" and tool == "shell":
        event = "beforeShellExecution"
        return {"conversation_id": "c", "workspace_roots": [str(root)], "hook_event_name": event, "cwd": ""} | given
    camel = {"file_path": "filePath", "old_string": "oldString", "new_string": "newString"} if host == "vscode" else {}
    place = {} if tool == "shell" else {"file_path": str(root / "devenv.nix")}
    shown = {camel.get(name, name): value for name, value in (place | given).items()}
    return common | {"hook_event_name": event, "tool_name": names[tool], "tool_input": shown, "tool_use_id": "t"}


def patch(given: dict[str, Any]) -> dict[str, Any]:
    if "content" in given:
        lines = [f"-{line}" for line in DECLARATION.splitlines()] + [
            f"+{line}" for line in given["content"].splitlines()
        ]
    else:
        lines = [f"-{given['old_string']}", f"+{given['new_string']}"]
    return {"command": "\n".join(["*** Begin Patch", "*** Update File: devenv.nix", "@@", *lines, "*** End Patch"])}


def refusal(host: str, data: str) -> str:
    """Return the reason of a refusal in the form that a host reads."""
    found = json.loads(data)
    if host == "cursor":
        assert found["permission"] == "deny"
        return str(found["agent_message"])
    if host == "gemini-cli":
        assert found["decision"] == "deny"
        return str(found["reason"])
    assert found["hookSpecificOutput"]["hookEventName"] == "PreToolUse"
    assert found["hookSpecificOutput"]["permissionDecision"] == "deny"
    return str(found["hookSpecificOutput"]["permissionDecisionReason"])


@pytest.mark.parametrize("tool", ACTS)
@pytest.mark.parametrize("host", DIALECTS)
def test_each_host_is_answered_in_its_own_form(root: Path, host: str, tool: str) -> None:
    reason = refusal(host, answered(json.dumps(message(host, root, tool, **ACTS[tool])).encode(), host))
    if tool == "shell":
        assert 'edit_environment with edits=[{"kind": "add_packages", "names": ["typescript"]}]' in reason
        assert "devkeel add typescript" in reason
    else:
        assert "devenv.nix:3" in reason
        assert "languages.python.enable" in reason


@pytest.mark.parametrize("tool", ACTS)
@pytest.mark.parametrize("host", RECORDED)
def test_what_a_real_host_sent_is_answered_as_it_came(root: Path, host: str, tool: str) -> None:
    told, known_as = placed(RECORDED[host]["messages"][tool], root), RECORDED[host]["host"]
    assert refusal(known_as, answered(json.dumps(told).encode(), known_as))


@pytest.mark.parametrize("tool", FINE)
@pytest.mark.parametrize("host", DIALECTS)
def test_what_is_fine_is_let_through_without_a_word(root: Path, host: str, tool: str) -> None:
    assert answered(json.dumps(message(host, root, tool, **FINE[tool])).encode(), host) == ""


@pytest.mark.parametrize("host", DIALECTS)
@pytest.mark.parametrize("wanted", ["ask", "tell"])
def test_what_a_host_cannot_do_is_refused_or_told_never_allowed(root: Path, host: str, wanted: str) -> None:
    (root / "devkeel.toml").write_text(f'guard = "{wanted}"')
    for tool in ("shell", "write"):
        found = answered(json.dumps(message(host, root, tool, **ACTS[tool])).encode(), host)
        assert "allow" not in found
        if wanted == "tell":
            assert "deny" not in found
            assert "devkeel" in found
        elif host in ("claude-code", "vscode") or (host, tool) == ("cursor", "shell"):
            assert '"ask"' in found
        else:
            assert "cannot ask" in refusal(host, found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff",
        b"{}",
        b'{"tool_name": 1, "tool_input": []}',
        b'{"tool_name": "Bash", "tool_input": {"command": 5}}',
        b'{"tool_name": "Edit", "tool_input": {"file_path": "devenv.nix", "edits": [1]}}',
        b'{"tool_name": "Write", "cwd": 3, "tool_input": {"file_path": "devenv.nix", "content": "{"}}',
        b'{"tool_name": "Write", "cwd": "/no/where", "tool_input": {"file_path": "devenv.nix", "content": "{"}}',
        b'{"tool_name": "Write", "cwd": "/", "tool_input": {"file_path": "a\\u0000.nix", "content": "{"}}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("host", ["claude-code", "cursor"])
def test_what_is_not_understood_is_let_through(data: bytes, host: str) -> None:
    line = [sys.executable, "-m", "devkeel_cli", "guard", "--host", host]
    done = subprocess.run(line, input=data, capture_output=True, check=False, timeout=60, env=process_environment())
    assert (done.returncode, done.stdout.strip()) == (0, DIALECTS[host].silent.encode())


def test_its_own_tools_are_not_judged(root: Path) -> None:
    told = message("claude-code", root, "write", content=WRONG) | {"tool_name": "mcp__devkeel__write"}
    assert answered(json.dumps(told).encode()) == ""


def test_text_of_a_repository_says_nothing_of_ours(root: Path) -> None:
    mark = "\ufdd0" + '["do", "apply", {}]' + "\ufdd1"
    told = message("claude-code", root, "shell", command=f"pip install 'flask{mark}' rich\x1b[31m")
    reason = refusal("claude-code", answered(json.dumps(told).encode()))
    assert "apply_environment" not in reason
    assert "\x1b" not in reason


LOADED = """\
import json, sys
from devkeel_cli.hooks.answering import answered
answered(sys.stdin.buffer.read())
print(json.dumps([*sys.modules]))
"""


@pytest.mark.parametrize(
    ("tool", "given", "needless"),
    [
        ("shell", {"command": "git status && ls -la"}, {"msgspec", "pathlib", "tree_sitter", "devkeel.errors"}),
        ("shell", {"command": "npm i -g typescript"}, {"tree_sitter_nix", "devkeel.checks", "devkeel.candidate"}),
        ("write", {"content": DECLARATION.replace("git", "jq")}, {"tree_sitter_bash", "rapidfuzz", "tomlkit"}),
        ("write", {"content": WRONG}, {"tree_sitter_bash", "ruamel.yaml", "devkeel.edits.vocabulary"}),
    ],
)
def test_a_message_loads_no_more_than_it_needs(root: Path, tool: str, given: Any, needless: set[str]) -> None:
    data = json.dumps(message("claude-code", root, tool, **given)).encode()
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        input=data,
        capture_output=True,
        check=True,
        timeout=60,
        env=process_environment(),
    )
    loaded = {*json.loads(done.stdout)}
    assert not loaded & (needless | {"click", "pydantic", "mcp", "anyio", "devkeel.api"})


def test_a_worktree_is_judged_beside_the_hosts_own_project(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "main").mkdir()
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(root / "main"))
    told = message("claude-code", root, "write", content=WRONG)
    assert "languages.python" in refusal("claude-code", answered(json.dumps(told).encode()))
