"""The report: what holds, what does not with its line, and what was not looked at."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.derivations import derivation, flake_text

from devkeel.api import Environment
from devkeel.builds.pinned_inputs import unpinned

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.builds.reproducibility import ReportLine

REVISION = "a" * 40
HASH = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
PINNED = {"type": "github", "owner": "a", "repo": "b", "rev": REVISION, "narHash": HASH}


def lock(**locked: object) -> bytes:
    nodes = {"root": {"inputs": {"a": "a"}}, "a": {"locked": locked, "original": {}}}
    return json.dumps({"nodes": nodes, "root": "root", "version": 7}, indent=2).encode()


def lines(environment: Environment, target: str | None = None) -> dict[str, ReportLine]:
    return {line.name: line for line in environment.check_reproducibility(target).lines}


@pytest.mark.parametrize(
    ("locked", "loose"),
    [
        (PINNED, False),
        ({key: PINNED[key] for key in ("type", "narHash")}, True),
        ({key: PINNED[key] for key in ("type", "rev")}, True),
        ({"type": "tarball", "url": "https://example.org/a", "narHash": HASH}, False),
        ({"type": "tarball", "url": "https://example.org/a"}, True),
        ({"type": "path", "path": "/srv/a", "narHash": HASH}, True),
        ({"type": "path", "path": "./nix", "narHash": HASH}, False),
        ({"type": "path", "path": "./nix"}, False),
        ({}, True),
    ],
)
def test_a_lock_holds_an_input_or_does_not(locked: dict[str, object], *, loose: bool) -> None:
    found = unpinned({"flake.lock": lock(**locked)})
    assert bool(found) is loose
    assert all(item.place is not None and item.place.line for item in found)


def test_a_package_of_uv_without_a_hash_is_found() -> None:
    text = b"""version = 1
[[package]]
name = "mine"
source = { editable = "." }
[[package]]
name = "held"
source = { registry = "https://index.example.org/simple" }
wheels = [{ url = "x", hash = "sha256:00" }]
[[package]]
name = "loose"
source = { registry = "https://index.example.org/simple" }
wheels = [{ url = "x" }]
[[package]]
name = "git"
source = { git = "https://example.org/a#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }
"""
    (found,) = unpinned({"uv.lock": text})
    assert found.place is not None
    assert (found.subject, found.place.line) == ("loose", 10)


def test_a_project_says_what_holds_and_what_was_not_looked_at(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(
        '{\n  inputs.a.url = "path:/srv/a";\n  outputs = _: { x = builtins.currentTime; };\n}\n'
    )
    (root / "flake.lock").write_bytes(lock(**PINNED))
    (root / "devkeel.toml").write_text('references = ["no-path"]\n')
    found = lines(environment)
    assert found["pins"].state == "holds"
    assert found["references"].state == found["purity"].state == "does_not_hold"
    assert [item.place and item.place.line for item in found["references"].findings] == [2]
    assert [item.place and item.place.line for item in found["purity"].findings] == [3]
    assert found["variables"].state == found["content_addressed"].state == "not_looked_at"


def test_without_rules_and_locks_nothing_is_said_of_them(environment: Environment, root: Path) -> None:
    (root / "default.nix").write_text("{ }: { }\n")
    found = lines(environment)
    assert found["pins"].state == found["references"].state == found["locks"].state == "not_looked_at"
    assert found["purity"].state == "holds"
    assert environment.check_reproducibility().ok


def test_a_lock_that_is_not_committed_does_not_hold(environment: Environment, root: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)

    (root / "flake.nix").write_text('{\n  inputs.a.url = "github:a/b";\n  outputs = _: { };\n}\n')
    locked = json.loads(lock(**PINNED))
    locked["nodes"]["a"]["original"] = {"type": "github", "owner": "a", "repo": "b"}
    (root / "flake.lock").write_text(json.dumps(locked))
    assert lines(environment)["locks"].findings == ()  # outside of Git nothing can be committed
    git("init", "-q")
    assert [item.code for item in lines(environment)["locks"].findings] == ["lock_not_committed"]
    git("add", "flake.nix")
    git("commit", "-qm", "one")
    assert [item.code for item in lines(environment)["locks"].findings] == ["lock_not_committed"]
    git("add", "flake.lock")
    git("commit", "-qm", "two")
    assert lines(environment)["locks"].state == "holds"


@pytest.mark.nix
def test_an_attribute_says_what_its_builder_lacks(environment: Environment, root: Path, nix_machine: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"made": derivation("python3 -m zipapp x -o $out")}))
    (root / "default.nix").write_text(derivation("python3 -m zipapp x -o $out"))
    for target, file in (("#made", None), (None, "default.nix")):
        report = environment.check_reproducibility(target, file=file)
        (line,) = (line for line in report.lines if line.name == "variables")
        assert (report.target, line.state) == (target or file, "does_not_hold")
    found = lines(environment, "#made")
    assert found["content_addressed"].state == "not_looked_at"


def test_a_caller_who_may_execute_nothing_has_nothing_evaluated(root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"made": 'throw "evaluated"'}))
    looking = Environment(root, actor="test", executes=False)
    found = lines(looking, "#made")
    looking.close()
    assert {found[name].state for name in ("variables", "content_addressed")} == {"not_looked_at"}
    assert "executed" in found["variables"].reason
