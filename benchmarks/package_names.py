"""Which packages of public devenv.nix files does the check of names call unknown?

    python -m benchmarks.package_names FOLDER

Each devenv.nix below a folder, with the devenv.yaml and devenv.lock beside it, is judged by the check of packages, with
devkeel's own lists of names; a flake.nix
beside it instead says that it is a module of a flake. Each alarm is printed, for a reader to say whether it is false.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from devkeel.candidate.candidate import Candidate
from devkeel.checks.modules import World
from devkeel.checks.packages import check_packages
from devkeel.source.nix.read.references import package_references


def main() -> None:
    """Print the alarms, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    counts = Counter[str]()
    for path in sorted(parser.parse_args().folder.rglob("devenv.nix")):
        beside = {name: path.with_name(name) for name in ("devenv.yaml", "devenv.lock")}
        found = {name: place.read_bytes() for name, place in beside.items() if place.is_file()}
        lock = {"devenv.lock": found.pop("devenv.lock")} if "devenv.lock" in found else {}
        flake = path.with_name("flake.nix").exists()
        there = {"flake.nix"}.__contains__ if flake else None
        subject = Candidate.of({"devenv.nix": path.read_bytes(), **found}, lock, there)
        world = World.of(subject)
        alarms = check_packages(subject, world)
        counts["files"] += 1
        counts["names of packages"] += sum(len(package_references(document)) for document in world.modules)
        counts["with a lock"] += bool(lock)
        counts["alarms"] += len(alarms)
        for alarm in alarms:
            line = alarm.place.line if alarm.place is not None else 0
            print(f"{path.parent.name}:{line}: {alarm.severity}: {alarm.message}")
    for what, count in counts.items():
        print(f"{count:6} {what}")


if __name__ == "__main__":
    main()
