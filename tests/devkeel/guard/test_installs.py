"""What a shell command installs past the declaration is answered with the call that declares it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.catalogue import cache, packages
from devkeel.edits.vocabulary import parse_edits
from devkeel.guard.judge import judge
from devkeel.guard.question import Answer, Question, Running
from devkeel_cli.hooks.answering import answered

from .commands import COMMANDS, KIN

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text("{ pkgs, ... }: {\n  packages = [ ];\n}\n")
    return tmp_path


def said(root: Path, command: str) -> Answer | None:
    found = judge(Question(Running(command), str(root)), [str(root)])
    return found[1] if found else None


def test_there_are_sixty_commands_of_both_kinds() -> None:
    assert len(COMMANDS) >= 60
    assert 20 <= sum(edits is None for edits in COMMANDS.values()) <= 40


@pytest.mark.parametrize("command", [*COMMANDS, *KIN])
def test_a_command_is_answered_with_what_declares_it_or_let_through(root: Path, command: str) -> None:
    answer, edits = said(root, command), (COMMANDS | KIN)[command]
    if edits is None:
        assert answer is None
        return
    assert answer is not None
    assert answer.decision == "deny"
    assert [*answer.edits] == edits
    assert edits or answer.next


@pytest.mark.parametrize("command", [*COMMANDS, *KIN])
def test_the_quick_look_lets_no_install_through(root: Path, command: str) -> None:
    message = {"hook_event_name": "PreToolUse", "tool_name": "Bash", "cwd": str(root)}
    said = answered(json.dumps(message | {"tool_input": {"command": command}}).encode())
    assert bool(said) == ((COMMANDS | KIN)[command] is not None)


@pytest.mark.parametrize(
    ("manifest", "text", "command"),
    [
        ("pyproject.toml", '[project]\nname = "a"\nversion = "1"\ndependencies = ["Flask>=3"]\n', "pip install flask"),
        ("environment.yml", "dependencies:\n  - numpy=1.26\n", "conda install numpy"),
        ("devenv.nix", "{ pkgs, ... }: { packages = [ pkgs.jq ]; }\n", "apt-get install jq"),
    ],
)
def test_what_the_declaration_has_already_only_wants_to_be_applied(
    tmp_path: Path, manifest: str, text: str, command: str
) -> None:
    (tmp_path / manifest).write_text(text)
    answer = said(tmp_path, command)
    assert answer is not None
    assert "already" in answer.reason
    assert "no environment" not in answer.reason
    assert "apply" in answer.next


@pytest.mark.parametrize(
    ("command", "applies"),
    [
        ("pip install -e .", True),
        ("pip install -r requirements.txt -e '.[dev]'", True),
        ("cd sub && pip install -e ..", True),
        ("cd sub && pip install -e .", False),
        ("pip install -r docs/requirements.txt", False),
        ("pip install ../other", False),
    ],
)
def test_apply_is_named_for_what_it_installs(tmp_path: Path, command: str, applies: bool) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n')
    answer = said(tmp_path, command)
    assert answer is not None
    assert (answer.decision, answer.edits, "apply" in answer.next) == ("deny", (), applies)


def test_without_a_declaration_nothing_is_decided(tmp_path: Path) -> None:
    assert said(tmp_path, "pip install flask") is None


@pytest.mark.parametrize("command", [command for command, edits in COMMANDS.items() if edits])
@pytest.mark.parametrize("manifest", ["", "pyproject.toml", "requirements.txt", "environment.yml"])
def test_what_is_to_be_asked_for_is_taken(root: Path, command: str, manifest: str) -> None:
    if manifest:
        text = {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\n', "environment.yml": "dependencies: []\n"}
        (root / manifest).write_text(text.get(manifest, ""))
    answer = said(root, command)
    assert answer is not None
    environment = Environment(root, actor="test")
    edits = parse_edits([dict(edit) for edit in answer.edits])
    result = environment.change(edits, dry_run=True, level="schema", create=answer.creates)
    assert result.diff


def test_programs_are_not_refused_where_nothing_can_declare_them(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n')
    answer = said(tmp_path, "brew install jq")
    assert answer is not None
    assert answer.decision == "tell"
    assert "begin" in answer.next
    libraries = said(tmp_path, "pip install flask")
    assert libraries is not None
    assert (libraries.decision, libraries.next) == ("deny", "")


def test_a_program_that_the_catalogue_does_not_know_is_not_refused_alone(root: Path) -> None:
    answer = said(root, "sudo apt-get install -y in-house-tool")
    assert answer is not None
    assert (answer.decision, answer.edits) == ("tell", ())
    both = said(root, "sudo apt-get install -y in-house-tool jq")
    assert both is not None
    assert both.decision == "deny"
    assert "search" in both.next


@pytest.mark.parametrize("wanted", ["deny", "ask", "tell", "off"])
@pytest.mark.parametrize("form", ['guard = "{}"', 'guard = {{ installs = "{}" }}', '[guard]\ninstalls = "{}"'])
def test_a_setting_says_what_becomes_of_it(root: Path, wanted: str, form: str) -> None:
    (root / "devkeel.toml").write_text(form.format(wanted))
    answer = said(root, "pip install flask")
    assert (answer.decision if answer else "off") == wanted


def test_settings_that_cannot_be_read_want_what_is_usual(root: Path) -> None:
    (root / "devkeel.toml").write_text('guard = "never"')
    answer = said(root, "pip install flask")
    assert answer is not None
    assert answer.decision == "deny"


def test_a_project_in_a_project_is_the_one_that_the_command_stands_in(root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "devenv.nix").write_text("{ }\n")
    (root / "sub" / "devkeel.toml").write_text('guard = "off"')
    assert judge(Question(Running("pip install flask"), str(root / "sub")), [str(root)]) is None
    assert said(root, "pip install flask") is not None


@pytest.mark.parametrize("depth", [50, 5000])
def test_commands_in_commands_end(root: Path, depth: int) -> None:
    assert said(root, "sudo " * depth + "pip install flask") is None
    assert said(root, "$(" * depth + "pip install flask" + ")" * depth) is not ...


def test_what_the_catalogue_lacks_is_not_fetched_for_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grows, look = [], packages.open_names
    monkeypatch.setattr(packages, "open_names", lambda *_, **__: grows.append(cache.grows()) or look())
    assert said(root, "apt-get install jq") is not None
    assert grows
    assert not any(grows)
    assert cache.grows()  # the process may go on to something else
