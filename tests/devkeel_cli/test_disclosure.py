"""No verb shows a secret or a sign that drives a terminal, as text or as JSON, wherever it was planted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel_cli.answers.output import write_json
from devkeel_cli.answers.telling import about

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell

FORM = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
DOTENV, DECLARED, ADDRESS, GIVEN, REASON = (f"c4n4ry-{name}-x9" for name in ("env", "set", "url", "new", "why"))
DRIVES = "\u202e\u200b\ufe0f\x07"
DECLARATION = f"""\
{{ pkgs, ... }}:

# {DRIVES} the token is {FORM}
{{
  env.DB_PASSWORD = "{DECLARED}"; # {DRIVES}
  env.DATABASE_URL = "postgres://me:{ADDRESS}@db.example.org/app";
  packages = [ pkgs.git ];
  enterShell = ''
    echo {DOTENV} && export API_TOKEN={GIVEN}
  '';
}}
"""
VERBS = [
    ("inspect",),
    ("inspect", f"token={GIVEN}"),
    ("search", "env.DB_PASSWORD"),
    ("search", f"token={GIVEN}"),
    ("check", "--level", "schema"),
    ("set", "env.API_TOKEN", GIVEN, "--level", "schema", "--reason", f"password={REASON}"),
    ("set", "env.API_TOKEN", GIVEN, "--dry-run", "--level", "schema"),
    ("set", "env.A B.C", f"token={GIVEN}"),
    ("set", "env.API_TOKEN", f"{GIVEN}2", "--level", "schema", "--expected-revision", FORM),
    ("add", "jq", "--level", "schema", "--reason", f"because of {FORM}{DRIVES}"),
    ("add", f"token={GIVEN}"),
    ("diff",),
    ("history",),
    ("history", "1"),
    ("undo", "--level", "schema"),
    ("restore", "1", "--level", "schema"),
    ("job",),
    ("job", f"token={GIVEN}"),
    ("logs", f"token={GIVEN}"),
    ("run", "--json", "--", "tool", "--password", GIVEN),
    ("ps",),
    ("env", "list"),
    ("doctor",),
    ("input", "add", "x", f"https://me:{ADDRESS}@example.org/x.tar.gz", "--level", "schema"),
    ("patch", "devenv.nix", "--old", f"token={GIVEN}", "--new", "x"),
    ("nonsense", f"token={GIVEN}"),
    ("inspect", f"--password={GIVEN}"),
]


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_no_verb_shows_one(devkeel: Shell, as_json: bool) -> None:
    devkeel.declaration.write_text(DECLARATION)
    (devkeel.root / "devenv.yaml").write_text("inputs: {}\n")
    (devkeel.root / ".env").write_text(f'export SOMETHING="{DOTENV}"\n')
    for verb in VERBS:
        words = ("--json", *verb[1:]) if as_json and "--json" not in verb and verb[0] != "env" else verb[1:]
        outcome = devkeel(verb[0], *words)
        told = outcome.out + outcome.err
        assert told, verb
        shown = [secret for secret in (FORM, DOTENV, DECLARED, ADDRESS, GIVEN, REASON) if secret in told]
        assert not shown, (verb, told)
        assert not [sign for sign in DRIVES if sign in told], (verb, ascii(told))


def test_what_a_script_asks_for_is_exact(devkeel: Shell) -> None:
    devkeel.declaration.write_text(DECLARATION)
    path = str(devkeel.declaration)
    assert devkeel("source", "get", path, "env.DB_PASSWORD").out == f"{DECLARED}\n"
    assert devkeel("source", "set", path, "env.API_TOKEN", GIVEN).out.count(GIVEN) == 0
    assert GIVEN in devkeel.declaration.read_text()


def test_lines_behind_a_secret_stay_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about(tmp_path)
    write_json({"stdout": f"API_TOKEN={GIVEN}\nasttokens==2.4.1\nhello\n"})
    assert json.loads(capsys.readouterr().out)["stdout"] == "API_TOKEN=***\nasttokens==2.4.1\nhello\n"
