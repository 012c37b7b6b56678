"""Run the tests of what changed: those of the rooms that differ from main, for about half a minute on two cores.

`make quick` calls it. Which tests belong to a changed file is read from its place: `tools/devkeel/ROOM/` is tested in
`tests/devkeel/ROOM/`, `server/NAME/` in `tests/NAME/`. Of these it takes the tests that bear the name of a changed
module first, then the cheapest, until the time is spent; `tests/times.json` has how long each takes. What was left out
is printed: `make test` runs it. Without Git, or where nothing changed, it takes the cheapest of all tests.

`python tests/quick.py --times FILE` renews `tests/times.json` from a report of JUnit's form, as `make times` makes one
and `.ci/run` leaves one in `.venv/times.xml`. Modules that the report does not have keep their time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parents[1]
TIMES = ROOT / "tests/times.json"
# Seconds of one core that the tests may take, of the 60 of `make quick` on two: the rest is lint, types and the start.
BUDGET = 60.0
# A test of the structure of the project, directly in tests/, always runs when it takes at most so many seconds.
STRUCTURAL = 10.0
# What a module takes of which no time is known yet.
UNKNOWN = 1.0
BRANCHES = ("main", "origin/main")
# What every test depends on.
EVERYWHERE = {"pyproject.toml", "requirements-dev.txt"}


class Chosen(NamedTuple):
    """The test modules to run, in their order, and those of the changed rooms that the time does not allow."""

    run: list[str]
    left_out: list[str]


def changed_files(root: Path) -> list[str]:
    """Return what differs from main, committed or not; [] without Git, outside of a repository, on a clean main."""
    for branch in BRANCHES:
        base = git(root, "merge-base", "HEAD", branch)
        if base and (found := git(root, "diff", "--name-only", base[0])):
            break
    else:
        found = git(root, "diff", "--name-only", "HEAD")
    return sorted({*found, *git(root, "ls-files", "--others", "--exclude-standard")})


def git(root: Path, *arguments: str) -> list[str]:
    """Return the lines that Git prints, none where it fails or is missing."""
    line = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return []


def choose(
    changed: Iterable[str], modules: Iterable[str], times: Mapping[str, float], budget: float = BUDGET
) -> Chosen:
    """Choose the test modules for changed files; all paths are relative to the root of the project, with slashes."""
    modules, ranks = sorted(modules), {}
    folders, names, places = set(), set(), set(changed)
    for path in places:
        folders.add(folder_of_tests(path))
        names.add(Path(path).stem.removeprefix("test_"))
    anywhere = not places or "tests" in folders
    for module in modules:
        within = anywhere or any(module.startswith(f"{folder}/") for folder in folders if folder)
        if module.count("/") == 1 and times.get(module, UNKNOWN) <= STRUCTURAL:
            ranks[module] = 0
        elif module in places:
            ranks[module] = 1
        elif within:
            ranks[module] = 2 if Path(module).stem.removeprefix("test_") in names else 3
    run, spent = [], 0.0
    for module in sorted(ranks, key=lambda item: (ranks[item], times.get(item, UNKNOWN))):
        if spent + times.get(module, UNKNOWN) <= budget:
            spent += times.get(module, UNKNOWN)
            run.append(module)
    return Chosen(run, [] if not places else [item for item in ranks if item not in run])


def folder_of_tests(path: str) -> str:
    """Return the folder with the tests of a file, `tests` when all depend on it, "" when no folder is its own."""
    parts = path.split("/")
    if path in EVERYWHERE or (parts[0] == "tests" and len(parts) == 2 and not parts[1].startswith("test_")):
        return "tests" if path.endswith((".py", ".toml", ".txt")) else ""
    match parts:
        case ["tools", "devkeel", _]:
            return "tests/devkeel"
        case ["tools", "devkeel", room, *_]:
            return f"tests/devkeel/{room}"
        case ["server", package, *_]:
            return f"tests/{package}"
        case ["tests", *folders, _] if folders:
            return "/".join(["tests", *(item for item in folders if item != "__snapshots__")])
    return ""


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--times"]:
        write_times(Path(arguments[1]))
        return 0
    times = json.loads(TIMES.read_text())
    modules = [
        str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py") if "node_modules" not in path.parts
    ]
    chosen = choose(changed_files(ROOT), modules, times)
    if chosen.left_out:
        items = [f"{item} ({times.get(item, UNKNOWN):.0f} s)" for item in chosen.left_out]
        sys.stdout.write("Left to `make test`: " + ", ".join(items) + "\n")
        sys.stdout.flush()
    line = [sys.executable, "-m", "pytest", "--quiet", "--exitfirst", "--dist=loadgroup", *arguments, *chosen.run]
    return subprocess.call(line, cwd=ROOT)


def write_times(report: Path) -> None:
    """Renew the seconds of each test module in a report in the form of JUnit, and forget modules that are gone."""
    seconds: Counter[str] = Counter()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        parts = case.get("classname", "").split(".")
        end = next((number for number, part in enumerate(parts, 1) if part.startswith("test_")), 0)
        if end:
            seconds["/".join(parts[:end]) + ".py"] += float(case.get("time", "0"))
    known = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    kept = {name: time for name, time in known.items() if (ROOT / name).exists()}
    times = kept | {name: round(time, 1) for name, time in seconds.items()}
    TIMES.write_text(json.dumps(dict(sorted(times.items())), indent=1) + "\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
