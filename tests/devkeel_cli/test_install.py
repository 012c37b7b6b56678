"""`devkeel install`: shows the change, writes it when told to, keeps everything else."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.source import jsonc
from devkeel_cli.hooks.messages import DIALECTS
from devkeel_cli.hooks.registration import CONSENT, HOOKS, SESSIONS, SHELLS
from devkeel_cli.hosts import HOSTS, Places

if TYPE_CHECKING:
    from .conftest import Shell

KEYS = {"claude-code": "mcpServers", "vscode": "servers", "codex": "mcp_servers", "zed": "context_servers"}
JSON_HOSTS = [name for name, host in HOSTS.items() if host.kind == "json"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "home"
    for name in ("XDG_CONFIG_HOME", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(place))
    return place


def install(devkeel: Shell, host: str, *options: str) -> dict[str, Any]:
    outcome = devkeel("install", "--host", host, "--json", *options)
    assert outcome.code == 0, outcome
    found: dict[str, Any] = json.loads(outcome.out)
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_it_shows_the_change_and_writes_nothing_until_told_to(devkeel: Shell, host: str) -> None:
    shown = install(devkeel, host)
    assert shown["changed"]
    assert not shown["written"]
    assert not Path(shown["file"]).exists()
    assert "serve" in shown["diff"]
    written = install(devkeel, host, "--write")
    assert written["diff"] == shown["diff"]
    text = Path(written["file"]).read_text()
    model = tomllib.loads(text) if HOSTS[host].kind == "toml" else json.loads(text)
    entry = model[KEYS.get(host, "mcpServers")]["devkeel"]
    assert entry["args"][-1] == "serve"
    assert (entry["command"] == "devkeel") is HOSTS[host].shared
    again = install(devkeel, host, "--write")
    assert not again["changed"]


@pytest.mark.parametrize("host", JSON_HOSTS)
def test_comments_order_and_other_servers_stay(devkeel: Shell, host: str) -> None:
    key = HOSTS[host].key
    file = Path(install(devkeel, host)["file"])
    file.parent.mkdir(parents=True, exist_ok=True)
    text = f'{{\n  // mine\n  "z": 1,\n  "{key}": {{\n    "b": {{"command": "b"}}, // first\n  }},\n  "a": [1, 2]\n}}\n'
    file.write_text(text)
    install(devkeel, host, "--no-guard", "--no-session", "--write")
    kept = [line for line in file.read_text().splitlines() if line in text.splitlines()]
    assert kept == text.splitlines()


def test_an_entry_that_is_there_keeps_what_its_owner_added(devkeel: Shell) -> None:
    file = Path(install(devkeel, "claude-code", "--write")["file"])
    model = json.loads(file.read_text())
    model["mcpServers"]["devkeel"]["env"] = {"DEVKEEL_DEBUG": "1"}
    file.write_text(json.dumps(model))
    install(devkeel, "claude-code", "--read-only", "--write")
    entry = json.loads(file.read_text())["mcpServers"]["devkeel"]
    assert entry["env"] == {"DEVKEEL_DEBUG": "1"}
    assert entry["args"] == ["serve", "--read-only"]


def test_codex_keeps_its_comments(devkeel: Shell, home: Path) -> None:
    file = home / ".codex" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('model = "x" # best\n\n[mcp_servers.other]\ncommand = "o"\n')
    install(devkeel, "codex", "--write")
    text = file.read_text()
    assert text.startswith('model = "x" # best\n\n[mcp_servers.other]\ncommand = "o"\n')
    assert tomllib.loads(text)["mcp_servers"]["devkeel"]["args"][-1] == "serve"


@pytest.mark.parametrize(("text", "code"), [("{ nonsense", "syntax_error"), ('{"mcpServers": 1}', "would_replace_set")])
def test_a_file_that_it_does_not_understand_is_refused_and_left_alone(devkeel: Shell, text: str, code: str) -> None:
    file = Path(install(devkeel, "cursor")["file"])
    file.parent.mkdir(parents=True)
    file.write_text(text)
    outcome = devkeel("install", "--host", "cursor", "--write", "--json")
    assert outcome.code == 1
    assert code in outcome.out
    assert file.read_text() == text


def test_files_are_where_each_system_has_them(tmp_path: Path) -> None:
    linux = Places(tmp_path, Path("/h"), {"XDG_CONFIG_HOME": "/cfg", "CODEX_HOME": "/codex"}, "linux")
    mac = Places(tmp_path, Path("/h"), {}, "darwin")
    assert HOSTS["codex"].file(linux) == Path("/codex/config.toml")
    assert HOSTS["zed"].file(linux) == Path("/cfg/zed/settings.json")
    assert HOSTS["zed"].file(mac) == Path("/h/.config/zed/settings.json")
    desktop = HOSTS["claude-desktop"].file(mac)
    assert desktop == Path("/h/Library/Application Support/Claude/claude_desktop_config.json")


@pytest.mark.parametrize("there", [True, False])
def test_the_settings_are_no_host_configuration(devkeel: Shell, there: bool) -> None:
    if there:
        (devkeel.root / "devkeel.toml").write_text('protected = ["packages"]\n')
    line = ("install", "--host", "codex", "--write", "--file", str(devkeel.root / "devkeel.toml"))
    assert devkeel(*line).code == 1


def test_a_protected_file_is_no_host_configuration(devkeel: Shell) -> None:
    (devkeel.root / "devkeel.toml").write_text('[rules]\nprotected_files = [".mcp.json", "AGENTS.md"]\n')
    (devkeel.root / ".mcp.json").write_text("{}\n")
    line = ("install", "--host", "claude-code", "--write", "--no-guard", "--no-session", "--json")
    refused = devkeel(*line, "--file", str(devkeel.root / ".mcp.json"))
    assert (refused.code, refused.data["error"]["code"]) == (1, "protected_file")
    assert (devkeel.root / ".mcp.json").read_text() == "{}\n"


GUARDED = sorted(HOOKS)
OTHER = {"matcher": "Bash", "hooks": [{"type": "command", "command": "./mine.sh"}]}


def hooked(model: dict[str, Any]) -> list[str]:
    """Return the commands of all hooks that a host's file has."""
    found = []
    for entries in model.get("hooks", {}).values():
        for entry in entries:
            found += [hook["command"] for hook in entry.get("hooks", [entry])]
    return found


def test_hosts_with_hooks_are_those_that_the_guard_speaks_to() -> None:
    assert HOOKS.keys() == DIALECTS.keys()
    assert HOOKS.keys() <= HOSTS.keys()


@pytest.mark.parametrize("host", GUARDED)
def test_a_hook_that_asks_the_guard_is_shown_and_written(devkeel: Shell, host: str) -> None:
    shown = install(devkeel, host)["guard"]
    assert shown["changed"]
    assert not shown["written"]
    assert json.dumps(shown["command"]) in shown["diff"]
    assert not Path(shown["file"]).exists()
    written = install(devkeel, host, "--write")["guard"]
    commands = [item for item in hooked(json.loads(Path(written["file"]).read_text())) if " guard " in item]
    assert commands
    assert {*commands} == {shown["command"]}
    assert f"devkeel guard --host {host}" in commands[0]
    assert {"2>/dev/null", "||"} <= {*commands[0].replace(";", " ").split()}
    assert not install(devkeel, host, "--write")["guard"]["changed"]
    assert install(devkeel, host, "--no-guard")["guard"] is None


@pytest.mark.parametrize("host", HOSTS)
def test_what_becomes_of_the_agent_s_own_shell_is_said(devkeel: Shell, host: str) -> None:
    shown = install(devkeel, host)
    assert SHELLS[host] in shown["notes"]
    assert (shown["session"] is None) is (host not in SESSIONS)
    if host not in SESSIONS:
        return
    written = install(devkeel, host, "--write")["session"]
    commands = hooked(json.loads(Path(written["file"]).read_text()))
    assert sum(item == written["command"] for item in commands) == len(SESSIONS[host].entries)
    assert not install(devkeel, host, "--write")["session"]["changed"]
    left_out = install(devkeel, host, "--no-session")
    assert left_out["session"] is None
    assert SHELLS[host] not in left_out["notes"]


@pytest.mark.parametrize("host", CONSENT)
def test_what_a_host_asks_before_it_runs_hooks_is_said(devkeel: Shell, host: str) -> None:
    assert CONSENT[host] in install(devkeel, host)["notes"]
    assert CONSENT[host] in install(devkeel, host, "--no-session")["notes"]
    assert CONSENT[host] not in install(devkeel, host, "--no-session", "--no-guard")["notes"]
    install(devkeel, host, "--write")
    assert CONSENT[host] not in install(devkeel, host, "--remove")["notes"]


def test_what_an_older_devkeel_wrote_gets_the_session_s_hook_beside_the_guard(devkeel: Shell) -> None:
    file = Path(install(devkeel, "claude-code", "--no-session", "--write")["guard"]["file"])
    before = json.loads(file.read_text())["hooks"]
    assert set(before) == {"PreToolUse"}
    install(devkeel, "claude-code", "--write")
    after = json.loads(file.read_text())["hooks"]
    assert set(after) == {"PreToolUse", "SessionStart", "CwdChanged"}
    assert after["PreToolUse"] == before["PreToolUse"]


def test_a_host_without_hooks_says_so(devkeel: Shell) -> None:
    assert install(devkeel, "zed")["guard"] is None


@pytest.mark.parametrize("host", GUARDED)
def test_dry_run_only_shows(devkeel: Shell, host: str) -> None:
    shown = install(devkeel, host, "--write", "--dry-run")
    assert not shown["written"]
    assert not Path(shown["guard"]["file"]).exists()


@pytest.mark.parametrize("host", GUARDED)
@pytest.mark.parametrize(
    "text",
    [
        '{\n  "m": "x", // mine\n  "hooks": {\n    "EVENT": [\n      OTHER, // first\n    ],\n    "B": []\n  },\n}\n',
        '{"hooks": {"SessionStart": [OTHER]}, "z": [1, {"a": 2}]}\n',
        '{\n\t"permissions": {"allow": ["Bash(ls:*)"]}\n}\n',
        '{"hooks": {"EVENT": []}}',
        '{"hooks": {"EVENT": [OTHER, OTHER]}}',
    ],
)
def test_what_others_wrote_stays_and_comes_back(devkeel: Shell, host: str, text: str) -> None:
    event = next(iter(HOOKS[host].entries))[-1]
    file = devkeel.root / HOOKS[host].file
    file.parent.mkdir(parents=True, exist_ok=True)
    text = text.replace("EVENT", event).replace("OTHER", json.dumps(OTHER))
    file.write_text(text)
    before = jsonc.get(text.encode(), ("hooks",)) if "hooks" in text else {}
    install(devkeel, host, "--write")
    data = file.read_bytes()
    after = jsonc.get(data, ("hooks",))
    assert all(after[name][: len(entries)] == entries for name, entries in before.items())
    kept = [line for line in file.read_text().splitlines() if line in text.splitlines()]
    assert len(kept) >= len(text.splitlines()) - 2  # a comma more behind what was last
    install(devkeel, host, "--write", "--remove")
    data = file.read_bytes() if file.exists() else b""
    left = jsonc.get(data, ("hooks",)) if b"hooks" in data else {}
    assert {name: entries for name, entries in left.items() if entries} == {
        name: entries for name, entries in before.items() if entries
    }


@pytest.mark.parametrize("host", GUARDED)
def test_what_was_made_for_devkeel_alone_goes_as_a_whole(devkeel: Shell, host: str) -> None:
    server, hooks = Path(install(devkeel, host, "--write")["file"]), devkeel.root / HOOKS[host].file
    install(devkeel, host, "--write", "--remove")
    assert not hooks.exists()
    assert HOSTS[host].kind == "toml" or not server.exists()
    assert not install(devkeel, host, "--write", "--remove")["changed"]


@pytest.mark.parametrize("host", GUARDED)
def test_a_comment_of_a_person_stays_where_nothing_else_does(devkeel: Shell, host: str) -> None:
    file = Path(install(devkeel, host, "--write")["guard"]["file"])
    file.write_text(f"// ask me first\n{file.read_text()}")
    install(devkeel, host, "--write", "--remove")
    assert file.read_text().startswith("// ask me first\n{")
    assert "devkeel" not in file.read_text()


def test_hooks_that_a_person_put_beside_ours_stay_with_a_note(devkeel: Shell) -> None:
    file = Path(install(devkeel, "claude-code", "--write")["guard"]["file"])
    model = json.loads(file.read_text())
    model["hooks"]["PreToolUse"][0]["hooks"].append(OTHER["hooks"][0])
    model["hooks"]["PreToolUse"][0]["hooks"][0]["timeout"] = 9
    file.write_text(json.dumps(model))
    assert not install(devkeel, "claude-code", "--write")["guard"]["changed"]
    assert install(devkeel, "claude-code", "--write", "--remove")["notes"]
    del model["hooks"]["SessionStart"], model["hooks"]["CwdChanged"]  # where nothing else is beside ours
    assert json.loads(file.read_text()) == model


@pytest.mark.parametrize("text", ['{"hooks": 1}', '{"hooks": {"PreToolUse": {}}}', "{"])
def test_hooks_of_another_form_are_refused_and_nothing_is_written(devkeel: Shell, text: str) -> None:
    file = devkeel.root / ".claude" / "settings.json"
    file.parent.mkdir()
    file.write_text(text)
    outcome = devkeel("install", "--host", "claude-code", "--write", "--json")
    assert outcome.code == 1
    assert file.read_text() == text
    assert not (devkeel.root / ".mcp.json").exists()
