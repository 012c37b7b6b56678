"""Nothing that leaves the server shows a secret or a sign that drives a terminal, wherever it was planted."""

from __future__ import annotations

import ast
import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp.shared.exceptions import MCPError

from devkeel.disclosure.output import Disclosure
from devkeel_loopback.logs import start_logging
from devkeel_mcp.tools import NIX, POLICY, PROJECT, TOOLS

from .conftest import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Agent

pytestmark = pytest.mark.anyio
SERVER = Path(__file__).parents[2] / "server"

# Made up; each stands in another source. Only the first is known by its form, the others by where they stand.
FORM = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
DOTENV, DECLARED, ADDRESS, THROWN, GIVEN, REASON = (
    f"c4n4ry-{name}-x9" for name in ("env", "set", "url", "thr", "new", "why")
)
SECRETS = (FORM, DOTENV, DECLARED, ADDRESS, THROWN, GIVEN, REASON)
DRIVES = "\x1b[31m\u202e\u200b\ufe0f"
DECLARATION = f"""\
{{ pkgs, ... }}:

# {DRIVES} the token is {FORM}
{{
  env.DB_PASSWORD = "{DECLARED}"; # {DRIVES}
  env.DATABASE_URL = "postgres://me:{ADDRESS}@db.example.org/app";
  env.HARMLESS = "{DRIVES}monkey";
  packages = [ pkgs.git ];
  services.postgres.enable = true;
  dotenv.enable = true;
  enterShell = ''
    echo {DOTENV} && export API_TOKEN={THROWN}
  '';
}}
"""


@pytest.fixture
def planted(agent: Agent) -> Agent:
    """A project with a secret and a driving sign in every source."""
    (agent.root / "devenv.nix").write_text(DECLARATION)
    (agent.root / ".env").write_text(f'PORT=8080\nSOMETHING="{DOTENV}"\n')
    (agent.root / "devenv.yaml").write_text(
        f"inputs:\n  nixpkgs:\n    url: https://me:{ADDRESS}@example.org/x.tar.gz\n"
    )
    return agent


def strings(data: Any) -> Iterator[str]:
    """Yield every text in data, names included."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from (*strings(key), *strings(value))
    elif isinstance(data, (list, tuple)):
        for item in data:
            yield from strings(item)


def require_quiet(*told: Any) -> None:
    """Hold what was told to the promise."""
    for text in strings(list(told)):
        assert not [secret for secret in SECRETS if secret in text], text
        assert not [sign for sign in "\x1b\u202e\u200b\ufe0f" if sign in text], ascii(text)


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("inspect_environment", {}),
    ("inspect_environment", {"prefix": "env"}),
    ("inspect_environment", {"prefix": f"token={GIVEN}"}),
    ("inspect_environment", {"why": "DB_PASSWORD"}),
    ("inspect_environment", {"why": f"token={GIVEN}"}),
    ("update_locks", {"action": "check"}),
    ("update_locks", {"action": "renew", "names": [f"token={GIVEN}{DRIVES}"]}),
    ("search_catalogue", {"query": "env.DB_PASSWORD"}),
    ("search_catalogue", {"query": f"token={GIVEN}{DRIVES}"}),
    ("check_environment", {"level": "schema"}),
    (
        "edit_environment",
        {"edits": [{"kind": "set", "path": "env.API_TOKEN", "value": GIVEN}], "reason": f"password={REASON}"},
    ),
    ("edit_environment", {"edits": [{"kind": "set", "path": "env.API_TOKEN", "value": GIVEN}], "dry_run": True}),
    ("edit_environment", {"edits": [{"kind": "set", "path": "env.A.B C", "value": f"x{DRIVES}"}]}),
    ("edit_environment", {"edits": [{"kind": "set", "path": "services.postgres.port", "value": f"token={GIVEN}"}]}),
    ("edit_environment", {"edits": [{"kind": "nonsense", "password": GIVEN}]}),
    ("edit_environment", {"edits": [{"kind": "enable", "name": "mysql", "settings": {"password": GIVEN}}]}),
    ("patch_file", {"file": "devenv.nix", "old": f"password={GIVEN}", "new": "x", "level": "schema"}),
    (
        "patch_file",
        {"file": "devenv.nix", "old": "packages = [ pkgs.git ];", "new": f'packages = [ ]; env.A_SECRET = "{GIVEN}";'},
    ),
    ("add_packages", {"names": ["ripgrep"], "level": "schema", "reason": f"{DRIVES}because of {FORM}"}),
    ("add_packages", {"names": [f"token={GIVEN}"]}),
    ("add_packages", {"names": ["jq"], "expected_revision": FORM}),
    ("show_history", {}),
    ("show_history", {"operation": 1}),
    ("undo", {"level": "schema"}),
    ("job", {}),
    ("job", {"id": f"token={GIVEN}"}),
    ("read_processes", {"name": f"token={GIVEN}{DRIVES}"}),
    ("run_command", {"argv": ["tool", "--password", GIVEN]}),
    ("diagnose", {"text": f"a.c:1:10: fatal error: token={GIVEN}{DRIVES}.h: No such file or directory"}),
    ("diagnose", {"text": f"{DRIVES}psycopg.OperationalError: {FORM} 127.0.0.1:5432 failed: Connection refused"}),
    ("diagnose", {"job": f"token={GIVEN}"}),
    ("no_such_tool", {"password": GIVEN}),
]


async def test_no_tool_shows_a_secret_or_a_driving_sign(planted: Agent) -> None:
    async with planted.client() as client:
        for tool, arguments in CALLS:
            result = await client.call_tool(tool, arguments)
            require_quiet(text_of(result), result.structured_content)
        for item in (await client.list_resources()).resources:
            require_quiet(item.name, item.description)
            for content in (await client.read_resource(item.uri)).contents:
                require_quiet(content.text, content.meta)
        for uri in ("devkeel://operations/1", "devkeel://options/env.DB_PASSWORD", f"devkeel://files/token={GIVEN}"):
            try:
                told = [content.text for content in (await client.read_resource(uri)).contents]
            except MCPError as error:
                told = [error.error.message]
            require_quiet(told)


async def test_what_is_harmless_is_shown_as_it_is(planted: Agent) -> None:
    async with planted.client() as client:
        found = (await client.call_tool("inspect_environment", {})).structured_content
        values = {item["path"]: item.get("value") for item in found["definitions"]}
        assert values["env.HARMLESS"] == "monkey"
        assert values["env.DB_PASSWORD"] == "***"  # noqa: S105
        assert values["env.DATABASE_URL"] == "postgres://me:***@db.example.org/app"
        told = (await client.read_resource("devkeel://files/devenv.nix")).contents[0].text
        assert '  env.DB_PASSWORD = "***"; # \n' in told
        assert "    echo *** && export API_TOKEN=***\n" in told


def test_every_tool_is_among_the_calls() -> None:
    apart = {"add_library", "enable_service", "apply_environment", "manage_processes", "cancel_job"}
    apart |= {spec.name for spec in (*NIX, *PROJECT, *POLICY)}  # not served here
    assert {tool for tool, _ in CALLS} | apart >= {spec.name for spec in TOOLS}


@pytest.mark.parametrize("form", ["plain", "json"])
def test_no_line_of_the_log_shows_one(form: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(f"A={DOTENV}\n")
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    before, level = logging.root.handlers[:], logging.root.level
    try:
        start_logging(form, "info", Disclosure(tmp_path))
        try:
            int(f"it is {DOTENV}, or password={GIVEN}{DRIVES}\nERROR forged")
        except ValueError:
            logging.getLogger("devkeel").exception("failed with %s", FORM)
    finally:
        logging.root.handlers, logging.root.level = before, level
    told = written.getvalue()
    require_quiet(json.loads(told) if form == "json" else told)
    assert "***" in told


def calls_of(path: Path) -> Iterator[tuple[str, int]]:
    """Yield what a module calls by name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


# Where text may leave, and through what: a new way out belongs into one of these.
WAYS_OUT = {
    "CallToolResult": {
        "devkeel_mcp/answers/answer.py",
        "devkeel_mcp/answers/errors.py",
        "devkeel_mcp/calls/consent.py",
    },
    "TextContent": {"devkeel_mcp/answers/answer.py", "devkeel_mcp/answers/errors.py", "devkeel_mcp/calls/consent.py"},
    "ReadResourceContents": {"devkeel_mcp/server.py"},
    "click.echo": {
        "devkeel_cli/answers/telling.py",  # the way out itself
        "devkeel_cli/answers/output.py",  # what was asked for exactly
        "devkeel_cli/verbs/env.py",  # what a shell evaluates
        "devkeel_cli/verbs/source.py",  # the value that a script asked for
        "devkeel_cli/verbs/completion.py",
        "devkeel_cli/run.py",  # sentences of its own
    },
    "click.secho": set(),
    "sys.stdout.write": set(),
    "sys.stderr.write": set(),
    "sys.stdout.buffer.write": {"devkeel_cli/verbs/source.py"},
    "print": {"devkeel_mcp/transports/http.py", "devkeel_mcp/app.py", "devkeel_cli/arguments/starting.py"},
}


@pytest.mark.parametrize("path", sorted(SERVER.rglob("*.py")), ids=lambda path: str(path.relative_to(SERVER)))
def test_there_is_no_way_out_beside_the_one_that_cleans(path: Path) -> None:
    here = str(path.relative_to(SERVER))
    assert not [(name, line) for name, line in calls_of(path) if here not in WAYS_OUT.get(name, {here})]
