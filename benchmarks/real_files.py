"""Does the schema rung call anything wrong that devenv's own modules accept?

    python -m benchmarks.real_files MODULES FOLDER [--list FILE]

Each devenv.nix of a folder (and the devenv.yaml beside it, as NAME.nix and NAME.yaml in `nix/` and `yaml/`, or as
project directories) is evaluated by the evaluation rung with the modules in MODULES, see benchmarks/README.md, and
judged by the schema rung. A false alarm is an error of the schema rung on a file that evaluates.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.modules.rig import pin

from devkeel.candidate.candidate import Candidate
from devkeel.candidate.stage import open_stage
from devkeel.checks import evaluation, schema
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Iterator


def declarations(folder: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yield the declarations in a folder: a name and the files."""
    for path in sorted((folder / "nix").glob("*.nix")):
        files = {"devenv.nix": path.read_bytes()}
        beside = folder / "yaml" / f"{path.stem}.yaml"
        if beside.is_file():
            files["devenv.yaml"] = beside.read_bytes()
        yield path.stem, files
    for path in sorted(folder.glob("*/devenv.nix")):
        found = [path.parent / name for name in ("devenv.nix", "devenv.yaml")]
        yield path.parent.name, {item.name: item.read_bytes() for item in found if item.is_file()}


def main() -> None:
    """Print what became of each file, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", type=Path, help="write what became of each file there")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    lines = []
    with tempfile.TemporaryDirectory() as place:
        lock = pin(options.modules.resolve(), Path(place, "inputs"))
        for number, (name, files) in enumerate(declarations(options.folder)):
            root = Path(place).resolve() / f"p{number}"
            root.mkdir()
            for file, data in files.items():
                (root / file).write_bytes(data)
            what, why = judge(Project(root), files, lock)
            counts[what] += 1
            lines.append(f"{what}\t{name}\t{' '.join(why.split())}")
            if what == "false alarm":
                print(lines[-1])
    for what, count in counts.most_common():
        print(f"{count:5} {what}")
    if options.list:
        options.list.write_text("\n".join(lines) + "\n")


def judge(project: Project, files: dict[str, bytes], lock: bytes) -> tuple[str, str]:
    """Return what became of a declaration, and why."""
    opener = lambda *, writes=False: open_stage(project, files, writes=writes)  # noqa: E731
    pinned = {"devenv.lock": lock}
    subject = Candidate.of(files, pinned, project.exists, opener)
    found = [item for item in evaluation.check(subject).diagnostics if item.severity == "error"]
    alarms = [item for item in schema.check(Candidate.of(files, pinned, lambda _: True)) if item.severity == "error"]
    told = "; ".join(f"{item.code}: {item.message}" for item in alarms)[:300]
    if found:
        why = f"{found[0].code}: {found[0].message}"[:200]
        return ("wrong in both" if alarms else "does not evaluate here"), why
    return ("false alarm", told) if alarms else ("evaluates, no error", "")


if __name__ == "__main__":
    main()
