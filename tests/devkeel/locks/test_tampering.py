"""A hash in a lock is held: what is not what the lock says is not taken, and said so."""

from __future__ import annotations

import base64
import json
import uuid
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import DevkeelError
from devkeel.text.actions import do

from .moving import lock

if TYPE_CHECKING:
    from devkeel.api import Environment

    from .conftest import Place

pytestmark = pytest.mark.nix


def tamper(place: Place, file: str, name: str) -> None:
    """Give an input the hash of something else."""
    lock = json.loads(place.read(file))
    digest = sha256(uuid.uuid4().bytes).digest()
    lock["nodes"][name]["locked"]["narHash"] = f"sha256-{base64.b64encode(digest).decode()}"
    place.write(file, json.dumps(lock, indent=2))


def test_a_wrong_hash_in_devenv_lock_is_found_and_renewing_the_input_mends_it(
    devenv_place: Place, environment: Environment
) -> None:
    lock(environment)
    tamper(devenv_place, "devenv.lock", "nixpkgs")
    (found,) = environment.check_locks().locks
    assert found.state == "tampered"
    assert do("lock", action="renew", names=["nixpkgs"]) in (found.remedy or "")
    report = environment.check()
    assert [(item.code, item.severity) for item in report.diagnostics] == [("hash_mismatch", "error")]
    with pytest.raises(DevkeelError) as caught:
        environment.check(level="evaluation")
    assert caught.value.code == "hash_mismatch"
    lock(environment, "renew", "nixpkgs")
    assert environment.check_locks().ok
    assert environment.check(level="evaluation").ok


def test_nothing_is_applied_from_a_lock_with_a_wrong_hash(devenv_place: Place, environment: Environment) -> None:
    lock(environment)
    tamper(devenv_place, "devenv.lock", "devenv")
    with pytest.raises(DevkeelError) as caught:
        environment.apply(dry_run=True)
    assert caught.value.code == "hash_mismatch"


def test_a_wrong_hash_in_flake_lock_is_found(place: Place, environment: Environment) -> None:
    inner = place.repository("inner")
    inner.commit("flake.nix", "{ outputs = _: { x = 1; }; }")
    place.write("flake.nix", f'{{\n  inputs.inner.url = "{inner.url}";\n  outputs = _: {{ }};\n}}\n')
    lock(environment)
    tamper(place, "flake.lock", "inner")
    assert [item.state for item in environment.check_locks().locks] == ["tampered"]
    lock(environment, "renew", "inner")
    assert environment.check_locks().ok


@pytest.mark.parametrize("text", ["", "{", "<<<<<<< ours\n{}", '{"nodes": {}, "version": 7}'])
def test_a_damaged_lock_is_stale_and_made_anew(devenv_place: Place, environment: Environment, text: str) -> None:
    devenv_place.write("devenv.lock", text)
    assert [item.state for item in environment.check_locks().locks] == ["stale"]
    assert any("devenv.lock" in note for note in lock(environment).notes)
    assert environment.check_locks().ok
