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
    "project": {"errors", "beneath", "room"},
    "source": {"errors"},
    "runtime": {"state_directory", "errors", "origin", "results", "mechanisms"},
    "merge": set(),
    "transaction": {
        *("state_directory", "beneath", "errors", "merge", "origin", "project", "runtime", "mechanisms"),
    },
    "display": set(),
    "invalid": set(),
    "edits": {"errors", "project", "invalid"},
    "exact_text": {"errors", "source", "edits"},
    "running": {"errors", "source"},
    "catalogue": {"errors", "project", "results", "source", "runtime"},
    "declaration": {"errors", "project", "source"},
    "basis": {"errors", "project"},
    "candidate": {"basis", "project", "transaction"},
    "libraries": {"errors", "source"},
    "change": {"errors", "source", "catalogue", "edits", "candidate", "exact_text", "running", "libraries"},
    "restoring": {"errors", "project", "difference", "basis", "candidate", "merge", "transaction"},
    "direnv": {"errors", "envrc", "project", "runtime"},
    "protection": {"errors", "project", "source"},
    "policy": {"errors", "project", "source", "catalogue", "protection", "transaction"},
    "survey": {"errors", "results", "source", "catalogue"},
    "checks": {"beneath", "room", "errors", "project", "results", "source", "runtime", "catalogue", "declaration"},
    "masking": set(),
    "causes": set(),
    "secrets_written": {"env_values", "masking"},
    "env_values": {"errors", "masking", "project"},
    "disclosure": {"errors", "display", "env_values", "masking"},
    "processes": {
        *("errors", "display", "invalid", "masking", "project", "results", "runtime", "declaration", "survey"),
        "transaction",
    },
    "backends": {
        "state_directory",
        *("errors", "project", "results", "source", "runtime", "catalogue", "declaration", "checks"),
        *("libraries", "masking", "transaction", "policy", "causes"),
    },
    "instead": {"errors", "source", "catalogue"},
    "reverting": {"errors", "project", "difference", "basis", "candidate", "transaction", "merge", "restoring"},
    "applied": {"state_directory", "errors", "backends", "runtime"},
    "command": {"errors", "causes", "project", "results", "display", "runtime", "backends"},
    "excerpt": {"display", "masking", "runtime"},
    "coverage": {"project", "survey"},
    "stages": {
        *("coverage", "results", "project", "declaration", "transaction", "backends", "applied", "processes"),
    },
    "realising": {
        *(
            "coverage",
            "errors",
            "results",
            "project",
            "declaration",
            "checks",
            "transaction",
            "runtime",
            "backends",
            "applied",
        ),
    },
    "execution": {
        *("errors", "project", "results", "display", "declaration", "candidate", "checks", "transaction", "runtime"),
        *("backends", "applied", "command", "masking", "policy", "processes", "stages", "realising", "excerpt"),
    },
    "judging": {"errors", "project", "results", "runtime", "source", "checks", "candidate", "instead", "resolution"},
    "lookup": {"errors", "results", "source", "catalogue", "survey"},
    "past": {"errors", "project", "results", "difference", "display", "transaction"},
    "environments": {
        "state_directory",
        "errors",
        "project",
        "runtime",
        "policy",
        "applied",
        "backends",
        "checks",
        "transaction",
    },
    "envrc": {"errors"},
    "resolution": {"errors", "results", "runtime", "candidate", "checks", "libraries", "backends"},
    "doctor": {"state_directory", "errors", "project", "backends", "applied", "transaction", "direnv", "origin"},
    "environment": {
        *("environments", "envrc", "direnv", "doctor", "resolution", "realising", "judging", "lookup", "past"),
        *("stages", "secrets_written"),
        *("execution", "runtime"),
        "instead",
        *("reverting", "display", "errors", "results", "difference", "project", "source", "transaction"),
        "edits",
        *("declaration", "basis", "candidate", "change", "policy", "protection"),
        *("survey", "checks", "restoring", "catalogue"),
        *("processes", "backends", "libraries"),
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
    # What devkeel remembers in .devkeel beside the history is written by `records`.
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
    means = {f"devkeel.beneath.{name}" for name in ("put", "remove", "enter")}
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
