"""Dependencies go one way, and the library knows no MCP."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import devkeel

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "tools" / "devkeel"
SERVER = ROOT / "server"

# Each part of the library, and the parts that it may import.
LAYERS = {
    "errors": set(),
    "mechanisms": set(),
    "origin": {"errors"},
    "results": {"errors"},
    "difference": set(),
    "beneath": {"mechanisms"},
    "room": {"beneath"},
    "state_directory": {"beneath"},
    "project": {"beneath", "errors", "room"},
    "source": {"errors"},
    "runtime": {"errors", "mechanisms", "origin", "results", "state_directory"},
    "merge": set(),
    "transaction": {"beneath", "errors", "mechanisms", "merge", "origin", "project", "runtime", "state_directory"},
    "display": set(),
    "invalid": set(),
    "edits": {"errors", "invalid", "project"},
    "exact_text": {"edits", "errors", "source"},
    "running": {"errors", "source"},
    "catalogue": {"errors", "project", "results", "runtime", "source"},
    "declaration": {"errors", "project", "source"},
    "basis": {"errors", "project"},
    "candidate": {"basis", "project", "transaction"},
    "libraries": {"errors", "source"},
    "change": {"candidate", "catalogue", "edits", "errors", "exact_text", "libraries", "running", "source"},
    "restoring": {"basis", "candidate", "difference", "errors", "merge", "project", "transaction"},
    "direnv": {"envrc", "errors", "project", "runtime"},
    "protection": {"errors", "project", "source"},
    "policy": {"catalogue", "errors", "project", "protection", "source", "transaction"},
    "survey": {"catalogue", "errors", "results", "source"},
    "checks": {"beneath", "catalogue", "declaration", "errors", "project", "results", "room", "runtime", "source"},
    "masking": set(),
    "causes": set(),
    "secrets_written": {"env_values", "masking"},
    "env_values": {"errors", "masking", "project"},
    "disclosure": {"display", "env_values", "errors", "masking"},
    "processes": {
        *("declaration", "display", "errors", "invalid", "masking", "project", "results", "runtime"),
        *("survey", "transaction"),
    },
    "backends": {
        *("catalogue", "causes", "checks", "declaration", "errors", "libraries", "masking", "policy"),
        *("project", "results", "runtime", "source", "state_directory", "transaction"),
    },
    "instead": {"catalogue", "errors", "source"},
    "reverting": {"basis", "candidate", "difference", "errors", "merge", "project", "restoring", "transaction"},
    "applied": {"backends", "errors", "runtime", "state_directory"},
    "command": {"backends", "causes", "display", "errors", "project", "results", "runtime"},
    "excerpt": {"display", "masking", "runtime"},
    "coverage": {"project", "survey"},
    "stages": {"applied", "backends", "coverage", "declaration", "processes", "project", "results", "transaction"},
    "realising": {
        *("applied", "backends", "checks", "coverage", "declaration", "errors", "project", "results"),
        *("runtime", "transaction"),
    },
    "execution": {
        *("applied", "backends", "candidate", "checks", "command", "declaration", "display", "errors"),
        *("excerpt", "masking", "policy", "processes", "project", "realising", "results", "runtime"),
        *("stages", "transaction"),
    },
    "judging": {"candidate", "checks", "errors", "instead", "project", "resolution", "results", "runtime", "source"},
    "lookup": {"catalogue", "errors", "results", "source", "survey"},
    "past": {"difference", "display", "errors", "project", "results", "transaction"},
    "environments": {
        *("applied", "backends", "checks", "errors", "policy", "project", "runtime", "state_directory"),
        "transaction",
    },
    "envrc": {"errors"},
    "resolution": {"backends", "candidate", "checks", "errors", "libraries", "results", "runtime"},
    "doctor": {"applied", "backends", "direnv", "errors", "origin", "project", "state_directory", "transaction"},
    "environment": {
        *("backends", "basis", "candidate", "catalogue", "change", "checks", "declaration", "difference"),
        *("direnv", "display", "doctor", "edits", "environments", "envrc", "errors", "execution", "instead"),
        *("judging", "libraries", "lookup", "past", "policy", "processes", "project", "protection"),
        *("realising", "resolution", "restoring", "results", "reverting", "runtime", "secrets_written"),
        *("source", "stages", "survey", "transaction"),
    },
}


def test_the_architecture_lists_the_same_layers() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    block = page.partition("\n## Layers\n")[2].split("```")[1].replace("\n ", " ")
    listed = {
        part: set() if below == "nothing" else set(below.split(", "))
        for names, below in re.findall(r"^(\S.*?) +on (.*)$", re.sub(" +", " ", block), re.MULTILINE)
        for part in names.strip().split(", ")
    }
    for clients in ("environment", "devkeel_mcp", "devkeel_cli"):
        del listed[clients]
    assert listed == {part: below - {"errors", part} for part, below in LAYERS.items() if part != "environment"}


def imported(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports, also inside functions and type-checking blocks."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def part_of(path: Path) -> str:
    relative = path.relative_to(LIBRARY)
    return relative.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_each_part_of_the_library_imports_only_what_is_below_it(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        assert not imported(path)
        return
    own = {name.split(".")[1] for name in imported(path) if name.startswith("devkeel.")}
    assert own - {part, "__version__"} <= LAYERS[part]
    assert not {name.split(".")[0] for name in imported(path)} & {
        "mcp",
        "mcp_types",
        "click",
        "devkeel_mcp",
        "devkeel_cli",
    }


@pytest.mark.parametrize("path", sorted(SERVER.rglob("*.py")), ids=lambda path: str(path.relative_to(SERVER)))
def test_only_the_server_imports_mcp_and_only_serve_imports_the_server(path: Path) -> None:
    names = imported(path)
    if path.is_relative_to(SERVER / "devkeel_cli"):
        assert not {name for name in names if name.split(".")[0] in {"mcp", "mcp_types"}}
        if path.name != "serve.py":
            assert not {name for name in names if name.startswith("devkeel_mcp")}
    assert not {name for name in names if name.startswith("devkeel_cli")} or path.is_relative_to(SERVER / "devkeel_cli")


def test_only_the_transaction_opens_files_for_writing() -> None:
    # The user's cache is not the project; its own module keeps the names and options that Nix has told.
    # What devkeel remembers in .devkeel beside the history is written by `records`; `origin` has the user's key, and
    # moves records of others aside.
    # The programs that stand for absent ones are in the user's cache directory.
    # Who evaluates takes turns by locks in the user's cache directory.
    # What may go into the Nix store is copied to a directory of this process first.
    # `beneath` and `state_directory` have the means for it, relative to open directories.
    exempt = (
        LIBRARY / "beneath.py",
        LIBRARY / "state_directory.py",
        LIBRARY / "checks" / "archive.py",
        LIBRARY / "catalogue" / "cache.py",
        LIBRARY / "runtime" / "records.py",
        LIBRARY / "backends" / "toolchain.py",
        LIBRARY / "runtime" / "confinement.py",
    )
    writers = ("write_bytes", "write_text", "os.replace", "os.rename", "unlink", "touch(", "mkdir")
    means = {f"devkeel.system.beneath.{name}" for name in ("put", "remove", "enter")}
    for path in LIBRARY.rglob("*.py"):
        if part_of(path) not in ("transaction", "origin") and path not in exempt:
            source = path.read_text("utf-8")
            assert not [word for word in writers if word in source], path
            assert not imported(path) & means, path


def test_the_library_imports_with_mcp_blocked() -> None:
    modules = [name for _, name, _ in pkgutil.walk_packages(devkeel.__path__, "devkeel.")]
    code = f"""
import sys
for name in ("mcp", "mcp_types", "click"):
    sys.modules[name] = None
for name in {modules!r}:
    __import__(name)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("name", [name for _, name, _ in pkgutil.walk_packages(devkeel.__path__, "devkeel.")])
def test_what_a_module_exports_is_there_and_named_once(name: str) -> None:
    module = importlib.import_module(name)
    assert all(hasattr(module, item) for item in module.__all__)
    assert len(module.__all__) == len(set(module.__all__))
