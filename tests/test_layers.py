"""Dependencies go one way, and the library knows no MCP."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import devkeel

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "tools" / "devkeel"
SERVER = ROOT / "server"

# Each part of the library, and the parts that it may import.
LAYERS = {
    "errors": set(),
    "text": set(),
    "system": set(),
    "state": {"errors", "system", "text"},
    "source": {"errors", "text"},
    "runtime": {"errors", "state", "system", "text"},
    "project": {"errors", "runtime", "source", "system", "text"},
    "disclosure": {"errors", "project", "text"},
    "events": {"disclosure", "errors", "project", "state", "system"},
    "diagnosis": {"errors", "source", "text"},
    "pinned": set(),
    "transaction": {"errors", "project", "state", "system", "text"},
    "candidate": {"errors", "project", "runtime", "source", "system", "transaction"},
    "history": {"candidate", "errors", "pinned", "project", "source", "text", "transaction"},
    "nix_cli": {"candidate", "diagnosis", "errors", "pinned", "project", "runtime", "source", "system", "text"},
    "sandbox": {"errors", "project", "runtime", "system"},
    "libraries": {
        *("candidate", "diagnosis", "errors", "nix_cli", "pinned", "project", "runtime", "source"),
        *("state", "text"),
    },
    "catalogue": {"errors", "nix_cli", "pinned", "project", "runtime", "source", "state"},
    "edits": {"candidate", "catalogue", "errors", "libraries", "pinned", "project", "source", "text"},
    "checks": {
        *("candidate", "catalogue", "diagnosis", "errors", "libraries", "nix_cli", "pinned", "project"),
        *("runtime", "source", "system", "text"),
    },
    "policy": {
        *("candidate", "catalogue", "checks", "errors", "libraries", "nix_cli", "project", "runtime"),
        *("source", "state", "text"),
    },
    "backends": {
        *("candidate", "checks", "diagnosis", "errors", "libraries", "nix_cli", "pinned", "project"),
        *("runtime", "source", "state", "system", "text"),
    },
    "context": {
        *("backends", "candidate", "errors", "events", "nix_cli", "policy", "project", "runtime"),
        *("sandbox", "text", "transaction"),
    },
    "judgement": {"context", "errors", "events", "policy", "project", "runtime", "system", "transaction"},
    "proposals": {"context", "errors", "project", "state"},
    "change": {
        *("backends", "candidate", "checks", "context", "disclosure", "edits", "errors", "events"),
        *("history", "libraries", "nix_cli", "pinned", "policy", "project", "runtime", "source", "text"),
        *("transaction",),
    },
    "locks": {
        *("backends", "candidate", "change", "context", "errors", "libraries", "nix_cli", "pinned"),
        *("project", "runtime", "text", "transaction"),
    },
    "guard": {"candidate", "catalogue", "checks", "edits", "errors", "policy", "project", "source", "text"},
    "generate": {
        *("backends", "candidate", "catalogue", "change", "context", "errors", "pinned", "project"),
        *("source", "text"),
    },
    "detection": {
        *("catalogue", "change", "context", "disclosure", "edits", "errors", "guard", "project"),
        *("runtime", "source", "text"),
    },
    "templates": {
        *("candidate", "change", "checks", "context", "edits", "errors", "nix_cli", "pinned", "project"),
        *("source", "system", "text"),
    },
    "remedies": {
        *("backends", "candidate", "catalogue", "change", "checks", "context", "detection", "diagnosis"),
        *("edits", "errors", "libraries", "policy", "project", "runtime", "source", "text"),
    },
    "processes": {
        *("backends", "candidate", "change", "context", "errors", "nix_cli", "project", "runtime"),
        *("source", "state", "text"),
    },
    "environments": {
        *("backends", "candidate", "change", "context", "diagnosis", "errors", "generate", "libraries"),
        *("locks", "nix_cli", "policy", "processes", "project", "remedies", "runtime", "sandbox"),
        *("state", "text"),
    },
    "builds": {
        *("candidate", "change", "checks", "context", "diagnosis", "environments", "errors", "locks"),
        *("nix_cli", "pinned", "policy", "project", "runtime", "sandbox", "source", "system", "text"),
    },
    "gates": {
        *("candidate", "change", "context", "environments", "errors", "history", "project", "runtime"),
        *("state", "system", "text"),
    },
    "inspection": {
        *("candidate", "catalogue", "change", "checks", "context", "detection", "environments"),
        *("errors", "events", "history", "libraries", "pinned", "processes", "project", "proposals"),
        *("runtime", "source", "state", "text", "transaction"),
    },
    "doctor": {"backends", "context", "environments", "errors", "project", "source", "state", "text", "transaction"},
    "report": {"context", "gates", "history", "text", "transaction"},
    "api": {
        *("backends", "builds", "candidate", "catalogue", "change", "checks", "context", "detection"),
        *("doctor", "edits", "environments", "errors", "events", "gates", "generate", "history"),
        *("inspection", "judgement", "locks", "nix_cli", "policy", "processes", "project", "proposals"),
        *("remedies", "report", "runtime", "source", "templates", "transaction"),
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
    for clients in ("api", "devkeel_words", "devkeel_loopback", "devkeel_mcp", "devkeel_cli", "devkeel_review"):
        del listed[clients]
    assert listed == {part: below - {"errors", part} for part, below in LAYERS.items() if part != "api"}


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the full names of the modules that a file imports, also inside functions and type-checking blocks."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of modules that reach each other."""
    reached = {name: set(below) for name, below in arrows.items()}
    for _ in reached:
        grown = {name: below.union(*(reached[other] for other in below)) for name, below in reached.items()}
        if grown == reached:
            break
        reached = grown
    groups = {frozenset(other for other in below if name in reached[other]) for name, below in reached.items()}
    return [set(group) for group in groups if len(group) > 1]


def test_no_module_imports_what_imports_it() -> None:
    names = {}
    for base in (LIBRARY, *(item for item in SERVER.iterdir() if item.is_dir())):
        for path in base.rglob("*.py"):
            parts = path.relative_to(base.parent).with_suffix("").parts
            names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path

    def module_of(name: str) -> str:
        return name if name in names else name.rpartition(".")[0]

    arrows = {
        name: {module_of(other) for other in imported(path) if module_of(other) in names} - {name}
        for name, path in names.items()
    }
    assert circles(arrows) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]


def part_of(path: Path) -> str:
    relative = path.relative_to(LIBRARY)
    return relative.parts[0].removesuffix(".py")


def test_each_part_of_the_library_imports_only_what_is_below_it() -> None:
    wrong = {path: found for path in sorted(LIBRARY.rglob("*.py")) if (found := above(path))}
    assert wrong == {}


def above(path: Path) -> set[str]:
    """Return what a module of the library imports and may not."""
    part, names = part_of(path), imported(path)
    if part in ("__init__", "deferred"):  # what everything may import
        return {name for name in names if name.startswith("devkeel")}
    own = {name.split(".")[1] for name in names if name.startswith("devkeel.")}
    clients = {"mcp", "mcp_types", "click", "devkeel_mcp", "devkeel_cli", "devkeel_review", "devkeel_loopback"}
    return own - {part, "__version__", "deferred"} - LAYERS[part] | {name.split(".")[0] for name in names} & clients


def test_only_the_server_imports_mcp_and_only_serve_imports_the_server() -> None:
    wrong = {path: found for path in sorted(SERVER.rglob("*.py")) if (found := astray(path))}
    assert wrong == {}


def astray(path: Path) -> set[str]:
    """Return what a module of a client imports and may not."""
    names, found = imported(path), set[str]()
    if path.is_relative_to(SERVER / "devkeel_cli"):
        found |= {name for name in names if name.split(".")[0] in {"mcp", "mcp_types"}}
        if path.name != "serve.py":
            found |= {name for name in names if name.startswith("devkeel_mcp")}
        if path.name != "review.py":
            found |= {name for name in names if name.startswith("devkeel_review")}
    else:
        found |= {name for name in names if name.startswith("devkeel_cli")}
    if path.is_relative_to(SERVER / "devkeel_review"):
        found |= {name for name in names if name.startswith(("devkeel_mcp", "mcp", "click"))}
    if path.is_relative_to(SERVER / "devkeel_loopback"):
        own = {name for name in names if name.startswith(("devkeel.", "devkeel_"))}
        found |= {
            name for name in own if not name.startswith(("devkeel.errors", "devkeel.disclosure", "devkeel_loopback"))
        }
        found |= {name for name in names if name.startswith(("mcp", "click"))}
    if path.is_relative_to(SERVER / "devkeel_words"):
        found |= {name for name in names if name.startswith(("devkeel_mcp", "mcp", "click"))}
    return found


def test_only_the_transaction_opens_files_for_writing() -> None:
    # The user's cache is not the project: what was read with Nix, programs that stand for absent ones, locks of
    # evaluations, the copy of what may go into the Nix store, the inputs that Nix is to
    # lock, a directory to try a root directory with, a flake
    # that is made for one evaluation.
    # A maintainer's command writes tables where it is told.
    # What devkeel remembers in .devkeel beside the history is written by `state`, through the means of `beneath`.
    # A stage is a directory of this call; a generation is one of devkeel's own. Sockets and logs of processes are in
    # devenv's runtime directory. Where nothing is that a sandboxed run could make, an empty directory stands meanwhile.
    exempt = (
        LIBRARY / "system" / "beneath.py",
        LIBRARY / "nix_cli" / "archive.py",
        LIBRARY / "nix_cli" / "locking.py",
        LIBRARY / "nix_cli" / "confinement.py",
        LIBRARY / "nix_cli" / "enclosure.py",
        LIBRARY / "runtime" / "enclosure.py",
        LIBRARY / "sandbox" / "ways.py",
        LIBRARY / "sandbox" / "pins.py",
        LIBRARY / "nix_cli" / "confined_value.py",
        LIBRARY / "catalogue" / "cache.py",
        LIBRARY / "catalogue" / "provided" / "__main__.py",
        LIBRARY / "catalogue" / "provided" / "job.py",
        LIBRARY / "backends" / "toolchain.py",
        LIBRARY / "backends" / "generations.py",
        LIBRARY / "processes" / "runtime_folder.py",
        *(
            LIBRARY / "candidate" / f"{name}.py"
            for name in ("stage", "stage_folder", "mirror", "withheld", "repository")
        ),
    )
    writers = ("write_bytes", "write_text", "os.replace", "os.rename", "unlink", "touch(", "mkdir")
    means = {f"devkeel.system.beneath.{name}" for name in ("put", "remove", "enter")}
    for path in LIBRARY.rglob("*.py"):
        if part_of(path) not in ("transaction", "state") and path not in exempt:
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


def test_what_a_module_exports_is_there_and_named_once() -> None:
    for _, name, _ in pkgutil.walk_packages(devkeel.__path__, "devkeel."):
        module = importlib.import_module(name)
        assert [item for item in module.__all__ if not hasattr(module, item)] == [], name
        assert len(module.__all__) == len(set(module.__all__)), name
