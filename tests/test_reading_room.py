"""Files of a project are opened in the reading room and in the transaction, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parent.parent / "tools" / "devkeel"

# The rooms, and what reads by path what is no file of a project.
MAY = {
    "system/": "the means: relative to open directories, through no link; and the reading room",
    "state/": "the way into .devkeel from open directories, and the user's own state directory",
    "transaction/": "the writer: relative to open directories",
    "candidate/": "a stage: a directory of devkeel's own",
    "project/root.py": "looks for the root itself, upwards, by names alone",
    "guard/judge.py": "looks for the root itself, upwards, by names alone",
    "nix_cli/archive.py": "copies by open directories into a directory of its own",
    "nix_cli/pins.py": "the Nix store",
    "nix_cli/settings.py": "Nix's own files of the user",
    "nix_cli/fetching.py": "what the user's cache of Nix has; looked for, not read",
    "nix_cli/devenv.py": "where devenv keeps what runs, by the resolved name of a directory",
    "nix_cli/confinement.py": "locks in the user's cache, /proc",
    "nix_cli/enclosure.py": "where directories of this machine are; nothing of them is read",
    "nix_cli/confined_value.py": "a directory of its own, and a file of this package",
    "nix_cli/derivations.py": "derivations in the Nix store",
    "nix_cli/evaluate.py": "a file of this package",
    "nix_cli/locking.py": "a directory of its own, in which Nix makes a lock",
    "nix_cli/build_log.py": "a derivation in the Nix store",
    "nix_cli/overrides.py": "a directory that a call names for an input; looked for, not read",
    "nix_cli/outputs.py": "outputs in the Nix store",
    "nix_cli/caches.py": "a store of Nix in a directory",
    "nix_cli/rebuild.py": "a directory of its own, in which Nix builds",
    "builds/tree_comparison.py": "outputs in the Nix store",
    "builds/signing_key.py": "a key of the user's, wherever it is",
    "builds/store_paths.py": "where a link leads in the Nix store",
    "sandbox/": "where directories of this machine are, /proc, and where an environment leads; no file of a project's",
    "events/reading.py": "a file of events that a person names, wherever it is; that of the project through no link",
    "events/schema.py": "a file of this package",
    "environments/held.py": "where an environment leads; nothing of it is read",
    "environments/surroundings.py": "where a program lies that is about to run; nothing of it is read",
    "catalogue/": "files of this package, the user's cache, and the Nix store",
    "detection/programs.py": "a file of this package",
    "remedies/tables.py": "files of this package",
    "backends/generations.py": "a throw-away directory of its own",
    "backends/health.py": "an environment that was made; a file of it is no file of the project's",
    "backends/conda.py": "an environment that was made",
    "backends/conda_activation.py": "an environment that was made",
    "backends/conda_pip.py": "an environment that is being made",
    "backends/venv.py": "an environment that was made",
    "backends/other_worktrees.py": "settings of uv: the user's, the system's, above the project",
    "backends/installed.py": "an environment that was made",
    "backends/sizes.py": "an environment that was made; of each file its size alone",
    "backends/pythons.py": "an environment that was made, and where its Python leads in the Nix store",
    "backends/toolchain.py": "a directory of its own in the user's cache",
    "libraries/resolve/imports.py": "an environment that was made",
    "libraries/resolve/conda_solver.py": "an environment that was made",
    "libraries/resolve/interpreter.py": "interpreters of this machine",
    "libraries/resolve/probe.py": "runs by itself in an environment that was made",
    "processes/reading.py": "logs of the manager, in the user's runtime directory",
    "processes/stopping.py": "logs of the manager, in the user's runtime directory",
    "processes/manager_socket.py": "the manager's socket, in the user's runtime directory",
    "processes/runtime_folder.py": "the user's runtime directory",
    "processes/supervisor/chores.py": "a directory of its own, in which a task leaves variables",
    "runtime/": "/proc, programs of this machine, the user's cache and runtime directories",
    "remedies/providing.py": "a table of this package",
    "backends/devenv.py": "where a profile leads in the Nix store",
    "backends/flake.py": "where a profile leads in the Nix store",
}
OPENS = {
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "iterdir",
    "glob",
    "rglob",
    "scandir",
    "listdir",
}
LOOKS = {"exists", "is_file", "is_dir", "stat", "lstat", "open", "readlink", "is_symlink", "resolve", "touch", "mkdir"}
FORBIDDEN = {
    "os": {"open", "stat", "lstat", "listdir", "scandir", "walk", "fwalk", "readlink", "mkdir", "makedirs"},
    "os.path": {"exists", "isfile", "isdir", "getsize", "realpath"},
    "shutil": {"copyfile", "copytree", "copy", "copy2", "rmtree", "move"},
}


def by_path(source: str) -> list[str]:
    """Return the calls in a module that open, list or examine a file by its path."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "open":
            found.append("open")
        elif isinstance(called, ast.Attribute):
            owner, name = ast.unparse(called.value), called.attr
            bare = not node.args and not node.keywords
            if name in FORBIDDEN.get(owner, OPENS) or (owner not in FORBIDDEN and name in LOOKS and bare):
                found.append(f"{owner}.{name}")
    return found


def reason(path: Path) -> str | None:
    name = str(path.relative_to(LIBRARY))
    return next(
        (why for place, why in MAY.items() if name == place or (place[-1] == "/" and name.startswith(place))), None
    )


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_module_opens_no_file_of_a_project_by_its_path(path: Path) -> None:
    found = by_path(path.read_text("utf-8"))
    assert reason(path) is not None or not found


def test_each_exception_is_still_one() -> None:
    for place in MAY:
        files = (LIBRARY / place).rglob("*.py") if place[-1] == "/" else [LIBRARY / place]
        assert any(by_path(path.read_text("utf-8")) for path in files), place


def test_what_is_looked_for_is_found() -> None:
    text = "open(a)\nos.open(a)\nPath(a).read_text()\n(root / 'x').exists()\nshutil.copyfile(a, b)\nos.path.isfile(a)\n"
    assert len(by_path(text)) == 6
    assert by_path("project.exists(name)\nproject.read(name)\nroom.open(name, flags)\n") == []
