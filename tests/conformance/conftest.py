"""The clients of npm, run by a Node.js of npm: `make clients` fetches them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..devkeel_mcp.conftest import DECLARATION  # noqa: TID252  (the tests are no installed package)
from ..devkeel_mcp.processes import variables  # noqa: TID252  (the tests are no installed package)

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
SECONDS = 120


@dataclass(frozen=True)
class Node:
    """Runs scripts of the installed packages, with a home of their own."""

    program: Path
    home: Path

    def run(self, script: str, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run a script below node_modules to its end."""
        line = [str(self.program), str(MODULES / script), *arguments]
        environment = variables(HOME=str(self.home), **extra)
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS)

    def start(self, script: Path, *arguments: str) -> subprocess.Popen[str]:
        """Start a script of our own, which reads lines and answers with lines until its input ends."""
        pipe, line = subprocess.PIPE, [str(self.program), str(script), *arguments]
        return subprocess.Popen(line, env=variables(HOME=str(self.home)), stdin=pipe, stdout=pipe, text=True)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    found = sorted(MODULES.glob("node-*/bin/node"))
    if not found or not (MODULES / ".package-lock.json").exists():
        pytest.skip("the clients of npm are not installed: make clients")
    return Node(found[0], tmp_path_factory.mktemp("home"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    return tmp_path
