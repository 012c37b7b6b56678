"""What comes of the built-in templates is judged by the tools that it is for, where they are installed, and by Nix."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devkeel.api import Environment
from devkeel.source import nix
from devkeel.templates import finding

REPOSITORY = Path(__file__).parents[3]
MODULES = os.environ.get("DEVKEEL_REAL_MODULES")
TRIED = [
    (kit.manifest.name, number, example)
    for kit in finding.built_in()
    for number, example in enumerate(kit.manifest.examples)
]
ALL = {"name": "shop", "languages": ["python", "javascript", "go", "rust"]}
# Each definition is evaluated, and a package is its own name.
EVALUATE = """
paths: names: builtins.map (path: import path {
  pkgs = builtins.listToAttrs (builtins.map (name: { inherit name; value = name; }) names);
  lib.toInt = builtins.fromJSON;
  config = { services.redis.port = 6379; env.PORT = "8000"; };
}) paths
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project of each template with each set of its examples, by both."""
    folder, found = tmp_path_factory.mktemp("made"), dict[str, Path]()
    for name, number, example in TRIED:
        root = folder / f"{name}-{number}"
        root.mkdir()
        use(root, name, example)
        found[root.name] = root
    return found


def use(root: Path, name: str, parameters: dict[str, Any]) -> Path:
    environment = Environment(root, actor="test")
    environment.use_template(name, parameters, level="schema")
    environment.close()
    return root


def run(*argv: str, cwd: Path, **variables: str) -> None:
    done = subprocess.run(
        argv, cwd=cwd, env=os.environ | variables, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.mark.nix
@pytest.mark.xdist_group("templates")
def test_nix_evaluates_every_declaration(made: dict[str, Path]) -> None:
    names: list[nix.Value] = ["python312", "python313", "nodejs_22", "nodejs_24", "fd", "git", "jq", "ripgrep"]
    given = [nix.print_value(nix.Expression(str(root / "devenv.nix"))) for root in made.values()]
    text = f"({EVALUATE}) [ {' '.join(given)} ] {nix.print_value(names)}"
    done = subprocess.run(
        ["nix-instantiate", "--eval", "--strict", "--json", "--expr", text], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = dict(zip(made, json.loads(done.stdout), strict=True))
    assert found["python-uv-1"]["languages"]["python"]["package"] == "python312"
    assert found["web-service-0"]["services"]["postgres"]["initialDatabases"] == [{"name": "app"}]
    assert found["web-service-0"]["env"] == {"PGDATABASE": "app", "PORT": "8000", "REDIS_PORT": "6379"}
    assert "redis" not in found["web-service-1"]["services"]
    assert found["agent-sandbox-0"]["packages"] == ["fd", "git", "jq", "ripgrep"]


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    spec = importlib.util.spec_from_file_location("rig", REPOSITORY / "benchmarks" / "modules" / "rig.py")
    assert spec is not None
    assert spec.loader is not None
    rig = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rig)
    pinned = rig.pin(Path(MODULES or ""), tmp_path_factory.mktemp("inputs"))
    assert isinstance(pinned, bytes)
    return pinned


@pytest.mark.nix
@pytest.mark.skipif(not MODULES, reason="DEVKEEL_REAL_MODULES is not set")
@pytest.mark.parametrize("name", [f"{name}-{number}" for name, number, _ in TRIED])
def test_the_modules_of_devenv_take_every_option(made: dict[str, Path], lock: bytes, name: str) -> None:
    (made[name] / "devenv.lock").write_bytes(lock)
    environment = Environment(made[name], actor="test")
    report = environment.check(level="evaluation")
    environment.close()
    assert "evaluation" in report.ran
    # The stand-in for nixpkgs lacks what some languages call; an option that devenv does not take is found before.
    assert {item.code for item in report.diagnostics} <= {"evaluation_failed", "unknown_package"}


@pytest.mark.xdist_group("templates")
@pytest.mark.parametrize("name", ["python-uv-0", "python-uv-1", "python-poetry-0", "web-service-0", "web-service-1"])
def test_the_tests_of_python_pass(made: dict[str, Path], name: str) -> None:
    words = ("-W", "error", "-m", "unittest", "discover", "--start-directory", "tests")
    run(sys.executable, *words, cwd=made[name])


@pytest.mark.xdist_group("templates")
@pytest.mark.parametrize("name", ["python-uv-1", "python-poetry-0", "web-service-0"])
def test_uv_locks_what_needs_no_index(made: dict[str, Path], tmp_path: Path, name: str) -> None:
    root = shutil.copytree(made[name], tmp_path / "copy")
    uv = Path(sys.executable).parent / "uv"
    run(str(uv), "lock", "--offline", "--no-config", "--python", sys.executable, cwd=root)


@needs("node")
@pytest.mark.xdist_group("templates")
def test_the_tests_of_node_pass(made: dict[str, Path]) -> None:
    run("node", "--test", cwd=made["node-pnpm-0"])
    assert json.loads((made["node-pnpm-1"] / "package.json").read_text())["description"] == 'It says "hello".'


@needs("cargo")
@pytest.mark.xdist_group("templates")
def test_the_tests_of_rust_pass(made: dict[str, Path], tmp_path: Path) -> None:
    run("cargo", "test", "--offline", "--quiet", cwd=made["rust-0"], CARGO_TARGET_DIR=str(tmp_path))


@needs("go")
@pytest.mark.xdist_group("templates")
def test_the_tests_of_go_pass(made: dict[str, Path]) -> None:
    run("go", "test", "./...", cwd=made["go-0"], GOFLAGS="-mod=mod", GOPROXY="off")


@pytest.mark.xdist_group("templates")
def test_each_part_of_a_monorepo_passes_its_own_test(tmp_path: Path) -> None:
    root = use(tmp_path, "monorepo", ALL)
    run(sys.executable, "-W", "error", "-m", "unittest", cwd=root / "backend")
    for program, folder, words in (
        ("node", "frontend", ("--test",)),
        ("cargo", "engine", ("test", "--offline", "--quiet")),
        ("go", "gateway", ("test", "./...")),
    ):
        if shutil.which(program):
            run(program, *words, cwd=root / folder)


def test_a_notebook_is_one(made: dict[str, Path]) -> None:
    found = json.loads((made["data-science-0"] / "notebooks" / "begin.ipynb").read_text())
    assert (found["nbformat"], [cell["cell_type"] for cell in found["cells"]]) == (4, ["markdown", "code"])


def test_the_role_of_an_agent_is_what_its_server_is_started_with(made: dict[str, Path]) -> None:
    for number, words in enumerate((["--read-only"], ["--no-execute"], ["--ask", "destructive"])):
        server = json.loads((made[f"agent-sandbox-{number}"] / ".mcp.json").read_text())["mcpServers"]["devkeel"]
        assert (server["command"], server["args"]) == ("devkeel", ["serve", *words])
