"""Permissions as a small library: has, is_minimal, validate; who has which role; and what explains it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import Place, PolicyRefused, UsageError
from devkeel.policy.permission import EVERYTHING, NAMES, has, is_minimal, validate
from devkeel.policy.roles import Caller, NamedRole, permission_of, role_of_client
from devkeel.project.roles import Callers, Role, RoleTable

if TYPE_CHECKING:
    from pathlib import Path

SETS = [frozenset(names) for size in range(7) for names in combinations(NAMES, size)]
TABLE = RoleTable(
    {"reviewer": Role("reviewer", frozenset({"read"})), "all": Role("all", frozenset(NAMES), sandbox=True)},
    Callers("reviewer", None, {"Cursor": "reviewer", "Cursor 1": "all", "a.b": "all"}),
)


def named(*names: str) -> tuple[NamedRole, ...]:
    return tuple(NamedRole(name, "a flag", "someone") for name in names)


@pytest.mark.parametrize("names", SETS, ids=lambda names: "-".join(sorted(names)) or "none")
def test_a_set_of_permissions_is_judged_by_what_is_in_it(names: frozenset[str]) -> None:
    assert is_minimal(names) is (len(names) <= 4)
    assert all(has(names, name) is (name in names) for name in NAMES)
    found = {item.code for item in validate("some", sorted(names), place=Place("devkeel.toml", 1))}
    assert ("role_without_read" in found) is ("read" not in names)
    assert ("publish_without_network" in found) is ("publish" in names and "network" not in names)
    assert ("role_not_minimal" in found) is (len(names) > 4)
    runs = bool(names & {"build", "execute"})
    assert ("role_without_sandbox" in found) is (runs and "network" in names)
    held = {item.code for item in validate("some", sorted(names), sandbox=True)}
    assert ("role_without_sandbox" in held, "sandbox_without_execute" in held) == (False, not runs)
    assert "unknown_permission" not in found


def test_an_unknown_permission_is_an_error_and_a_sandbox_without_a_use_is_said() -> None:
    found = {item.code: item for item in validate("some", ["read", "reed"], sandbox=True, place=Place("f", 2))}
    assert found["unknown_permission"].severity == "error"
    assert found["unknown_permission"].place == Place("f", 2)
    assert found["sandbox_without_execute"].severity == "info"
    assert validate("some", ["read", "execute"], sandbox=True) == []


@pytest.mark.parametrize(
    ("client", "key"),
    [
        ("Cursor", "Cursor"),
        ("Cursor 0.9", "Cursor"),
        ("Cursor 1", "Cursor 1"),
        ("Cursor 1.2", "Cursor 1"),
        ("Cursor 12", "Cursor"),
        ("Cursorless 1", None),
        ("cursor 1", None),
        ("my Cursor", None),
        ("a.b 1", "a.b"),
        ("aXb 1", None),
        ("", None),
    ],
)
def test_a_client_is_known_by_the_beginning_of_its_name_and_version(client: str, key: str | None) -> None:
    found = role_of_client(TABLE, client)
    assert (found[0] if found else None) == key


def test_every_role_of_a_caller_narrows_what_it_was_granted() -> None:
    assert permission_of(Caller("client", "other"), EVERYTHING, TABLE).names == {"read"}
    assert permission_of(Caller("client", "other", named("all")), EVERYTHING, TABLE).names == frozenset(NAMES)
    assert permission_of(Caller("client", "Cursor 1", named("reviewer")), EVERYTHING, TABLE).names == {"read"}
    assert permission_of(Caller("command"), EVERYTHING, TABLE) == EVERYTHING
    both = permission_of(Caller("command", roles=named("all", "reviewer")), EVERYTHING, TABLE)
    assert (both.names, both.role, both.sandbox) == ({"read"}, "reviewer", True)
    with pytest.raises(PolicyRefused) as caught:
        permission_of(Caller("command", roles=named("reviewr")), EVERYTHING, TABLE)
    assert (caught.value.code, caught.value.alternatives[0]) == ("unknown_role", "reviewer")


SETTINGS = """\
[roles.reviewer]
permissions = ["read"]
[roles.owner]
permissions = ["read", "write", "build", "execute", "network"]
[callers]
clients = { "x" = "reviewer" }
"""


@pytest.fixture
def project(root: Path) -> Path:
    (root / "devkeel.toml").write_text(SETTINGS)
    return root


def test_a_caller_is_told_what_it_may_do_and_which_rule_denies_the_rest(project: Path) -> None:
    environment = Environment(project, actor="test", caller=Caller("client", "x 1"))
    policy = environment.policy()
    assert (policy.permissions, policy.role, policy.minimal) == (("read",), "reviewer", True)
    assert policy.rules[0].place == Place("devkeel.toml", 2)
    assert policy.rules[0].by == "callers.clients.x"
    assert "change" in policy.allowed
    assert "run" not in policy.allowed
    calls = {(item.action, item.argument): item for item in environment.explain_call(["change", "run"])}
    assert not calls["change", None].allowed
    assert calls["change", "dry_run=true"].allowed
    assert calls["run", None].lacks == ("execute",)
    assert calls["run", None].rule == policy.rules[0]


def test_another_caller_is_asked_about_by_its_role_or_its_name(project: Path) -> None:
    environment = Environment(project, actor="test")
    assert environment.policy().permissions == NAMES
    owner = environment.policy(role="owner")
    assert (owner.permissions, owner.minimal) == (NAMES[:-1], False)
    assert environment.policy(client="x").role == "reviewer"
    assert environment.policy(client="y").permissions == NAMES
    assert not environment.explain_call(["run"], role="reviewer")[0].allowed
    with pytest.raises(PolicyRefused):
        environment.policy(role="ownr")
    with pytest.raises(UsageError) as caught:
        environment.explain_call(["chang"])
    assert caught.value.alternatives[0] == "change"


@pytest.mark.parametrize(
    ("text", "found", "ok"),
    [
        ("", [], True),
        (SETTINGS, [("role_not_minimal", 4), ("role_without_sandbox", 4)], True),
        ('[roles.a]\npermissions = ["reed"]\n', [("unknown_permission", 2), ("role_without_read", 2)], False),
        ('[roles.a]\npermissions = ["read", "publish"]\n', [("publish_without_network", 2)], False),
        ('[roles.a]\npermissions = ["read"]\n[callers]\ndefault = "b"\n', [("bad_settings", 4)], False),
        ("[roles\n", [("bad_settings", 1)], False),
        ("roles = 1\n", [("bad_settings", 1)], False),
    ],
)
def test_what_is_not_sound_is_found_with_its_line(
    root: Path, text: str, found: list[tuple[str, int]], ok: bool
) -> None:
    (root / "devkeel.toml").write_text(text)
    report = Environment(root, actor="test", caller=Caller("command")).validate_policy()
    assert [(item.code, item.place and item.place.line) for item in report.diagnostics] == found
    assert report.ok is ok


def test_who_may_ask_for_another_policy_is_told(root: Path) -> None:
    (root / "devkeel.toml").write_text(
        '[roles.reviewer]\npermissions = ["read"]\n[roles.agent]\npermissions = ["read", "write"]\n'
        '[roles.writer]\npermissions = ["write"]\n'
    )
    environment = Environment(root, actor="test", caller=Caller("command", roles=named("agent", "reviewer")))
    view = environment.policy()
    assert (view.may_ask, view.permissions) == (("agent",), ("read",))
    environment.close()
