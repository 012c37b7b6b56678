"""Caches are named in devkeel.toml by an operation that undo reverts; what a person asked for they have agreed to."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError, UsageError

if TYPE_CHECKING:
    from devkeel.api import Environment

URL = "https://cache.example.org/team"
KEY = f"team-1:{base64.b64encode(bytes(range(32, 64))).decode()}"
OTHER = f"team-1:{base64.b64encode(bytes(32)).decode()}"
SECRET = f"team-1:{base64.b64encode(bytes(range(64))).decode()}"
FILE = '# Of the team.\nlevel = "syntax" # for now\nprotected = ["packages"]\n'


@pytest.fixture
def settings(root: Path) -> Path:
    shutil.rmtree(Path(os.environ["XDG_STATE_HOME"]) / "devkeel" / "allowed", ignore_errors=True)
    (root / "devkeel.toml").write_text(FILE)
    return root / "devkeel.toml"


def used(environment: Environment) -> list[str]:
    found = environment.distribution()
    return [item.url for item in found.caches] if found else []


def refusal(environment: Environment, url: str = URL, **given: Any) -> DevkeelError:
    with pytest.raises(DevkeelError) as caught:
        environment.configure_cache(url, **given)
    return caught.value


def test_a_cache_is_named_changed_and_taken_out_and_each_is_undone(environment: Environment, settings: Path) -> None:
    tried = environment.configure_cache(URL, public_key=KEY, dry_run=True)
    assert (tried.published, settings.read_text(), used(environment)) == (False, FILE, [])
    named = environment.configure_cache(URL, public_key=KEY, reason="faster")
    entry = f'[[caches]]\nurl = "{URL}"\npublic_key = "{KEY}"\n'
    assert (named.published, settings.read_text()) == (True, f"{FILE}\n{entry}")
    assert used(environment) == [URL]
    environment.configure_cache(URL, priority=7)
    assert settings.read_text() == f"{FILE}\n{entry}priority = 7\n"
    assert used(environment) == [URL]
    environment.configure_cache(URL, remove=True)
    assert (settings.read_text(), used(environment)) == (FILE, [])
    environment.undo()
    assert settings.read_text() == f"{FILE}\n{entry}priority = 7\n"
    assert used(environment) == []  # what was taken back waits for a person again
    assert environment.history().operations[-1].kind == "configure"


def test_undo_keeps_what_a_person_changed_since(environment: Environment, settings: Path) -> None:
    environment.configure_cache(URL, public_key=KEY)
    settings.write_text(settings.read_text().replace("for now", "for good"))
    environment.undo()
    assert settings.read_text() == FILE.replace("for now", "for good")


def test_going_back_leaves_the_settings(environment: Environment, settings: Path, root: Path) -> None:
    (root / "devenv.nix").write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n")
    environment.configure_cache(URL, public_key=KEY)
    named = environment.history().operations[0].id
    environment.configure_cache(URL, priority=7)
    before = settings.read_text()
    result = environment.restore(named)
    assert not result.changed
    assert settings.read_text() == before


def test_a_project_without_settings_gets_some(environment: Environment, settings: Path) -> None:
    settings.unlink()
    environment.configure_cache("file:///srv/cache")
    assert settings.read_text() == '[[caches]]\nurl = "file:///srv/cache"\n'
    environment.undo()
    assert not settings.exists()


def test_what_the_call_does_not_say_waits_for_a_person(environment: Environment, settings: Path) -> None:
    settings.write_text(f'{FILE}\n[[caches]]\nurl = "{URL}"\npublic_key = "{OTHER}"\n')
    assert "Not used yet" in environment.configure_cache(URL, priority=7).notes[0]
    assert used(environment) == []
    environment.configure_cache(URL, public_key=KEY, priority=7)
    assert used(environment) == [URL]
    environment.agree([URL], forget=True)
    assert not environment.configure_cache(URL, public_key=KEY, priority=7).changed
    assert used(environment) == [URL]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "bad_settings"),  # a cache on the web without a key
        ({"url": "git://x", "public_key": KEY}, "bad_cache"),
        ({"url": f"file:///c?secret-key={SECRET}"}, "bad_cache"),
        ({"url": "file:///c?trusted=1"}, "bad_cache"),
        ({"url": "ssh-ng://-oProxyCommand=x"}, "bad_cache"),
        ({"url": "https://user:word@x", "public_key": KEY}, "bad_cache"),
        ({"public_key": SECRET}, "bad_cache"),
        ({"public_key": KEY, "priority": -1}, "bad_cache"),
        ({"public_key": KEY, "secret_key_file": "/nonexistent/key"}, "bad_signing_key"),
        ({"public_key": KEY, "secret_key_file": SECRET}, "bad_cache"),
        ({"public_key": KEY, "secret_key_file": "\udcff"}, "bad_cache"),  # a name that is no UTF-8, as Python has it
        ({"url": "file:///none", "remove": True}, "unknown_cache"),
    ],
)
def test_what_devkeel_toml_could_not_say_is_refused_and_not_repeated(
    environment: Environment, settings: Path, given: dict[str, Any], code: str
) -> None:
    found = refusal(environment, **given)
    assert found.code == code
    assert settings.read_text() == FILE
    assert SECRET[10:30] not in repr(found.as_data())
    assert "word" not in found.message or isinstance(found, UsageError)


def test_settings_behind_a_link_are_left_alone(environment: Environment, settings: Path, root: Path) -> None:
    (root / "config").mkdir()
    settings.rename(root / "config" / "settings.toml")
    settings.symlink_to("config/settings.toml")
    assert refusal(environment, public_key=KEY).code == "settings_file"
    assert (root / "config" / "settings.toml").read_text() == FILE
