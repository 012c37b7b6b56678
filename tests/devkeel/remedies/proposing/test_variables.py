"""Variables: their value is taken from where the project says it, follows from a service, or is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import causes, edits, fixes

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "{ ... }:\n\n{\n}\n"
SHOP = """{ ... }:

{
  services.postgres = {
    enable = true;
    initialDatabases = [ { name = "shop"; } ];
  };
}
"""


def _unset(name: str) -> str:
    return f"./run.sh: line 3: {name}: unbound variable\n"


def _set(name: str, value: str) -> dict[str, str]:
    return {"kind": "set", "path": f"env.{name}", "value": value}


def test_a_value_that_stands_in_a_file_of_variables_is_read_from_there(tmp_path: Path) -> None:
    found = edits(tmp_path, _unset("QUEUE_NAME"), devenv_nix=PLAIN, _env="# mine\nexport QUEUE_NAME='local'\n")
    assert found == [{"kind": "set", "path": "dotenv.enable", "value": True}]


def test_what_an_example_says_is_taken_and_no_secret_of_it(tmp_path: Path) -> None:
    example = "APP_STAGE=local # or prod\nAPI_SECRET_KEY=change-me\n"
    (tmp_path / ".env.example").write_text(example)
    assert edits(tmp_path, _unset("APP_STAGE"), devenv_nix=PLAIN) == [_set("APP_STAGE", "local")]
    assert edits(tmp_path, _unset("API_SECRET_KEY")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql:///shop"),
        ("PGDATABASE", "shop"),
        ("DB_PORT", "5432"),
        ("NODE_ENV", "development"),
    ],
)
def test_a_value_that_follows_from_what_is_declared_is_set(tmp_path: Path, name: str, value: str) -> None:
    assert edits(tmp_path, _unset(name), devenv_nix=SHOP) == [_set(name, value)]


def test_a_value_that_nobody_knows_is_asked_for(tmp_path: Path) -> None:
    (fix,) = fixes(tmp_path, _unset("PARTNER_REGION"), devenv_nix=PLAIN)
    assert (fix.edits, fix.call is not None) == ((), True)


def test_one_that_is_declared_already_is_applied(tmp_path: Path) -> None:
    (fix,) = fixes(tmp_path, _unset("APP_STAGE"), devenv_nix='{ ... }:\n\n{\n  env.APP_STAGE = "x";\n}\n')
    assert (fix.edits, fix.call is not None) == ((), True)


def test_a_variable_that_a_language_sets_is_set_by_it(tmp_path: Path) -> None:
    text = "ERROR: the environment variable JAVA_HOME is not set\n"
    assert edits(tmp_path, text, devenv_nix=PLAIN) == [{"kind": "enable", "name": "languages.java"}]


def test_without_nix_the_file_of_ones_own_begins_as_the_example(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("APP_STAGE=local\n")
    (fix,) = fixes(tmp_path, _unset("APP_STAGE"), requirements_txt="flask\n")
    assert (fix.edits, fix.command) == ((), "cp .env.example .env")


def test_what_the_sources_say_is_taken(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n')
    text = "You must either define the environment variable DJANGO_SETTINGS_MODULE or call settings.configure()\n"
    assert edits(tmp_path, text, devenv_nix=PLAIN) == [_set("DJANGO_SETTINGS_MODULE", "shop.settings")]


def test_a_locale_and_certificates_come_from_their_packages(tmp_path: Path) -> None:
    declared = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.curl ];\n}\n"
    (edit,) = edits(tmp_path, "locale.Error: unsupported locale setting\n", devenv_nix=declared)
    assert "glibcLocales" in edit["expression"]
    (edit,) = edits(tmp_path, "curl: (77) error setting certificate file: /etc/ssl/certs/ca-certificates.crt\n")
    assert edit["names"] == ["cacert"]
    noise = "perl: warning: Setting locale failed.\nFAILED tests/test_a.py::test_b\n"
    assert edits(tmp_path, noise) == []


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "SECRET_KEY", "HOME", "LD_PRELOAD", "NODE_OPTIONS", "BASH_ENV"]
)
def test_no_secret_and_nothing_that_loads_code_becomes_a_setting(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env.example").write_text(f"{name}=/tmp/x.so\n")
    (cause,) = causes(tmp_path, f"environment variable {name} is not set\n", devenv_nix="{ ... }: { }\n")
    assert [fix for fix in cause.fixes if fix.edits or fix.call] == []
    assert cause.advice is not None
