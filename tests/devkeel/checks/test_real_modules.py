"""devenv's own modules: runs where DEVKEEL_REAL_MODULES names a folder with checkouts of devenv and nixpkgs.lib."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from devkeel.api import Environment

REPOSITORY = Path(__file__).parents[3]
MODULES = os.environ.get("DEVKEEL_REAL_MODULES")

pytestmark = [pytest.mark.nix, pytest.mark.skipif(not MODULES, reason="DEVKEEL_REAL_MODULES is not set")]


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    spec = importlib.util.spec_from_file_location("rig", REPOSITORY / "benchmarks" / "modules" / "rig.py")
    assert spec is not None
    assert spec.loader is not None
    rig = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rig)
    found = rig.pin(Path(MODULES or ""), tmp_path_factory.mktemp("inputs"))
    assert isinstance(found, bytes)
    return found


def findings(root: Path, lock: bytes, text: bytes | None = None) -> list[tuple[str, int | None]]:
    (root / "devenv.lock").write_bytes(lock)
    if text is not None:
        (root / "devenv.nix").write_bytes(b"{ pkgs, lib, config, ... }:\n{\n  " + text + b"\n}\n")
    environment = Environment(root, actor="test")
    report = environment.check(level="evaluation")
    environment.close()
    return [(item.code, item.place.line if item.place else None) for item in report.diagnostics]


def test_the_sample_is_accepted_with_its_profiles(tmp_path: Path, lock: bytes) -> None:
    root = tmp_path / "sample"
    shutil.copytree(REPOSITORY / "benchmarks" / "modules" / "sample", root)
    assert findings(root, lock) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"services.reddis.enable = true;", "unknown_option"),
        (b'services.redis.port = "x";', "wrong_type"),
        (b"services.redis.port = 70000;", "wrong_value"),
        (b"packages = [ pkgs.gti ];", "unknown_package"),
        (b'name = lib.mkMerge [ "a" "b" ];', "conflicting_definitions"),
        (b'languages.rust = { enable = true; channel = "stable"; };', "missing_input"),
        (b'languages.python = { enable = true; version = "3.12"; };', "missing_input"),
        (b"profiles.ci.module.services.reddis.enable = true;", "unknown_option"),
        (b'assertions = [ { assertion = false; message = "services.redis is off"; } ];', "failed_assertion"),
        (b'processes.web.exce = "x";', "unknown_option"),
    ],
)
def test_a_mistake_is_found_at_its_line(tmp_path: Path, lock: bytes, text: bytes, code: str) -> None:
    line = None if code == "failed_assertion" else 3
    assert findings(tmp_path, lock, text) == [(code, line)]


@pytest.mark.parametrize("name", ["postgres", "redis", "nginx", "caddy", "mongodb", "rabbitmq", "minio"])
def test_a_service_is_accepted(tmp_path: Path, lock: bytes, name: str) -> None:
    assert findings(tmp_path, lock, f"services.{name}.enable = true;".encode()) == []
