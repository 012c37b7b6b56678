"""The policy is changed one key at a time for a person who agreed, and so is what takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError, ProjectError

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment

FILE = """\
# Of the team.
level = "syntax" # for now
protected = ["packages"]

[rules]
packages = { forbid = ["mysql"] } # never
"""


@pytest.fixture
def settings(root: Path) -> Path:
    (root / "devkeel.toml").write_text(FILE)
    return root / "devkeel.toml"


def code_of(call: Any) -> str:
    with pytest.raises(DevkeelError) as caught:
        call()
    return caught.value.code


def test_one_key_is_set_and_taken_out_and_every_other_byte_stays(environment: Environment, settings: Path) -> None:
    tried = environment.configure_policy("protected", ["env.*"], dry_run=True)
    assert (tried.changed, tried.published, settings.read_text()) == (True, False, FILE)
    environment.configure_policy("protected", ["env.*"], reason="asked for")
    assert settings.read_text() == FILE.replace('["packages"]', '["env.*"]')
    environment.configure_policy("rules.minimum_age_days", 7)
    assert 'forbid = ["mysql"] } # never' in settings.read_text()
    assert environment.configure_policy("rules.minimum_age_days", 7).changed is False
    environment.configure_policy("rules.minimum_age_days", None)
    assert environment.configure_policy("references", None).changed is False
    assert settings.read_text() == FILE.replace('["packages"]', '["env.*"]')
    assert {item.kind for item in environment.history().operations[:3]} == {"configure"}


def test_a_project_without_settings_gets_some(environment: Environment, root: Path) -> None:
    environment.configure_policy("protected", ["packages"])
    assert (root / "devkeel.toml").read_text() == 'protected = ["packages"]\n'
    environment.undo(agreed=True)
    assert not (root / "devkeel.toml").exists()


def test_an_undo_of_it_wants_a_person_too(environment: Environment, settings: Path) -> None:
    environment.configure_policy("protected", [])
    assert environment.undo(dry_run=True).changed
    assert code_of(environment.undo) == "person_needed"
    assert settings.read_text() == FILE.replace('["packages"]', "[]")
    environment.undo(agreed=True)
    assert settings.read_text() == FILE
    assert code_of(lambda: environment.undo(redo=True)) == "person_needed"
    environment.undo(redo=True, agreed=True)
    changed = FILE.replace('["packages"]', "[]")
    assert settings.read_text() == changed
    newest = environment.history().operations[0].id
    environment.restore(newest - 1)  # which leaves the settings as they are
    assert settings.read_text() == changed


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("caches", [], "not_policy"),
        ("backend", "venv", "not_policy"),
        ("colour", "red", "not_policy"),
        ("a b", 1, "bad_option_path"),
        ("protected", "packages", "bad_settings"),
        ("protected", ["a..b"], "bad_settings"),
        ("protected", ["a.**.b"], "bad_settings"),
        ("rules.packages.never", ["a"], "bad_settings"),
        ("rules.packages.forbid", "a", "bad_settings"),
        ("rules.colours", ["a"], "bad_settings"),
        ("rules.licences.unknown", "perhaps", "bad_settings"),
        ("rules.minimum_age_days", -1, "bad_settings"),
        ("rules.inputs", ["from-nowhere"], "bad_settings"),
        ("rules.protected_files", ["../a"], "bad_settings"),
        ("rules", {"packages": ["a"]}, "bad_settings"),
    ],
)
def test_what_could_not_be_used_is_not_written(
    environment: Environment, settings: Path, key: str, value: Any, code: str
) -> None:
    with pytest.raises(DevkeelError) as caught:
        environment.configure_policy(key, value)
    assert caught.value.code == code
    # A line of what was not written is none of the file's.
    assert caught.value.place is None or code != "bad_settings"
    assert settings.read_text() == FILE


def test_settings_that_do_not_parse_are_changed_by_hand(environment: Environment, settings: Path) -> None:
    settings.write_text("protected = [\n")
    with pytest.raises(ProjectError):
        environment.configure_policy("protected", [])
    assert settings.read_text() == "protected = [\n"


def test_the_history_knows_what_went_past_devkeel(environment: Environment, settings: Path) -> None:
    environment.configure_policy("protected", [])
    settings.write_text(FILE)
    environment.configure_policy("level", "schema")
    kinds = [(item.kind, tuple(item.files)) for item in environment.history().operations]
    assert ("external", ("devkeel.toml",)) in kinds
