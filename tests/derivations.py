"""Small derivations of no nixpkgs, and a machine whose Nix builds them in the real sandbox without a network.

`nix_machine` is the configuration of Nix for a test; `flake_text` and `derivation` write what is built, by /bin/sh.
Each derivation has a name of its own, so that what another test built is never taken for it.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM = f"{platform.machine()}-linux".replace("arm64", "aarch64")
FEATURES = ("--extra-experimental-features", "nix-command flakes")
# Debian's Nix is without a group of build users, and has no shell in its sandbox.
_CONFIGURATION = """\
build-users-group =
sandbox-paths = {paths}
substitute = false
download-attempts = 1
keep-build-log = false
flake-registry = {registry}
experimental-features =
"""
_HOST = ("/bin", "/usr", "/lib", "/lib64")


def unique(name: str = "made") -> str:
    """Return a name that no derivation has yet."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


def derivation(script: str, name: str | None = None, **attributes: str) -> str:
    """Return the source of a derivation that /bin/sh builds; attributes are Nix text."""
    given = {"name": f'"{name or unique()}"', "system": f'"{SYSTEM}"', "builder": '"/bin/sh"'} | attributes
    # With an indented string, in which a script needs no escapes but for '' and ${.
    given.setdefault("args", f"[ \"-c\" ''export PATH=/bin:/usr/bin; {script}'' ]")
    return f"(derivation {{ {' '.join(f'{key} = {text};' for key, text in given.items())} }})"


def flake_text(packages: Mapping[str, str], inputs: str = "", **outputs: str) -> str:
    """Return a flake.nix with packages by name, other outputs and the text of its inputs."""
    lines = [f"    packages.{SYSTEM}.{name} = {text};" for name, text in packages.items()]
    lines += [f"    {name} = {text};" for name, text in outputs.items()]
    return "\n".join(["{", *([inputs] if inputs else []), "  outputs = { self, ... }: {", *lines, "  };", "}", ""])


def nix(*words: str, cwd: Path | None = None) -> str:
    """Run Nix itself, as a person does, and return what it prints."""
    found = subprocess.run(
        ["nix", *FEATURES, *words], capture_output=True, text=True, cwd=cwd, check=False, timeout=120
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def signing_key(folder: Path, name: str) -> tuple[Path, str]:
    """Make a key of a cache, and return the file of its secret half and its public half."""

    def key(*words: str, given: str = "") -> str:
        argv = ["nix", *FEATURES, "key", *words]
        return subprocess.run(argv, input=given, capture_output=True, text=True, check=True, timeout=60).stdout

    secret = key("generate-secret", "--key-name", name)
    file = folder / f"{name}.secret"
    file.write_text(secret)
    return file, key("convert-secret-to-public", given=secret).strip()


def configure(folder: Path) -> None:
    """Write a configuration of Nix into a directory for NIX_CONF_DIR."""
    registry = folder / "registry.json"
    registry.write_text(json.dumps({"flakes": [], "version": 2}))
    paths = " ".join(path for path in _HOST if Path(path).exists())
    (folder / "nix.conf").write_text(_CONFIGURATION.format(paths=paths, registry=registry))


@pytest.fixture(scope="session")
def nix_configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for NIX_CONF_DIR: builds in the sandbox, no cache, no registry, no experimental feature."""
    if shutil.which("nix") is None:
        pytest.skip("nix is not installed")
    folder = tmp_path_factory.mktemp("nix-configuration")
    configure(folder)
    return folder


@pytest.fixture
def nix_machine(nix_configuration: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with Nix as `nix_configuration` says, for this test and what it starts."""
    monkeypatch.setenv("NIX_CONF_DIR", str(nix_configuration))
    if other := os.environ.get("DEVKEEL_NIX"):  # the directory of another Nix than that of the system
        monkeypatch.setenv("PATH", other, prepend=os.pathsep)
    return nix_configuration
