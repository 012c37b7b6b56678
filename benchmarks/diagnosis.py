"""How often the first fix for a failure is an accepted one, by family, and what a diagnosis takes.

    python -m benchmarks.diagnosis [--cases FILE] [--family NAME] [--show] [--proposals FILE] [--times]

Each line of the files in `benchmarks/failures/` is a case: a project's files, what a failed run printed, and the edits
that mend it (`benchmarks.fix_judge` reads them). `worked` has those that the phrases were written by; `own` has others,
rewritten from public logs before there was a phrase. The project is made in a directory of its own, and asked as any
client asks it. --show prints what is not right; --proposals writes what was proposed, a line of JSON a case; --times
prints what a text of 1 MB takes, beside a bare search of the same text, and what the first look-up of a provider takes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.fix_judge import is_right
from benchmarks.providers import first_look_up
from msgspec import Struct, field

from devkeel.api import Environment
from devkeel.diagnosis.reading import read

FAILURES = Path(__file__).parent / "failures"
# The share of the cases with a fix whose first one has to be right.
HELD = {"worked": 0.95, "own": 0.9}


def cases(path: Path) -> list[dict[str, Any]]:
    """Return the cases of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def proposed(case: dict[str, Any], folder: Path) -> tuple[list[list[dict[str, Any]]], str, float]:
    """Return what is proposed for a case, the best first, what is advised, and the seconds that it took."""
    root = folder / case["id"]
    root.mkdir()
    for name, text in case["context"].get("files", {}).items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    environment = Environment(root, actor="benchmark")
    begun = time.perf_counter()
    found = environment.diagnose(case["text"])
    seconds = time.perf_counter() - begun
    environment.close()
    fixes = [*([found.together] if found.together else []), *(fix for cause in found.causes for fix in cause.fixes)]
    return (
        [
            [*fix.edits] if fix.edits else [{"kind": "run", "command": fix.command}]
            for fix in fixes
            if fix.edits or fix.command
        ],
        " ".join(cause.advice or "" for cause in found.causes),
        seconds,
    )


class Score(Struct):
    """What became of the cases of a file.

    count, first, among: how many there are, and are answered by the first fix or one of three, by family. due, right:
    those that have a fix, and whose first one is right; none, silent: those where nothing is due, and where nothing
    was proposed. alarms: ids of the family `none` with a proposal. took: seconds of each. wrong: what was proposed
    where the first is not right. said: all that was proposed.
    """

    count: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    among: Counter[str] = field(default_factory=Counter)
    due: int = 0
    right: int = 0
    none: int = 0
    silent: int = 0
    alarms: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)


def measured(path: Path, family: str | None = None) -> Score:
    """Return how the cases of a file are answered, or those of one family."""
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(path):
            if family is not None and case["family"] != family:
                continue
            proposals, advice, seconds = proposed(case, Path(folder))
            hits = [is_right(case, item) for item in proposals or [[]]]
            if not proposals and "says" in case:  # where only the system has it, the answer names what that calls it
                hits = [any(name in advice for name in case["says"])]
            _count(score, case, proposals, hits)
            score.took.append(seconds)
    return score


def _count(score: Score, case: dict[str, Any], proposals: list[list[dict[str, Any]]], hits: list[bool]) -> None:
    name = case["family"]
    score.said.append({"id": case["id"], "proposals": proposals})
    score.count[name] += 1
    score.first[name] += hits[0]
    score.among[name] += any(hits[:3])
    if is_right(case, []):
        score.none += 1
        score.silent += hits[0]
    else:
        score.due += 1
        score.right += hits[0]
    if name == "none" and proposals:
        score.alarms.append(case["id"])
    if not hits[0]:
        score.wrong.append(f"  {case['id']}: {json.dumps(proposals[:3])[:300]}")


def show(path: Path, score: Score, *, wrong: bool) -> None:
    """Print a score; wrong: also what is not right."""
    print(f"{path.stem}: {sum(score.count.values())} cases")
    for name in sorted(score.count):
        print(f"  {name:18} {score.count[name]:4}  first {score.first[name]:4}  among three {score.among[name]:4}")
    share = score.right / max(1, score.due)
    print(f"  with a fix: the first is right in {score.right} of {score.due} ({share:.1%})")
    print(f"  without one: nothing is proposed in {score.silent} of {score.none}; proposed: {score.alarms}")
    print(f"  a case takes {median(score.took) * 1000:.1f} ms in the median, {max(score.took) * 1000:.1f} ms at most")
    if wrong:
        print("\n".join(score.wrong))


def times() -> None:
    """Print what a text of 1 MB takes, beside a bare search of it, by the same clock in the same run."""
    lines = [f"[{number:6}] compiling src/module_{number % 977}.c with -O2 -Wall -Iinclude" for number in range(16_000)]
    text = "\n".join([*lines, "src/a.c:3:10: fatal error: zlib.h: No such file or directory", "make: *** Error 1"])
    read(text)
    took, bare = list[float](), list[float]()
    for _ in range(20):
        begun = time.perf_counter()
        found = read(text)
        took.append(time.perf_counter() - begun)
        assert found.causes
        begun = time.perf_counter()
        sum(line.find("No such file") for line in text.splitlines())
        bare.append(time.perf_counter() - begun)
    one, other = median(took), median(bare)
    print(f"a text of {len(text) / 1e6:.2f} MB is read in {one * 1000:.1f} ms, {one / other:.1f} times a bare search")
    print(f"the first look-up of a provider in a process takes {first_look_up():.1f} ms")


def main(given: list[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=Path, action="append")
    parser.add_argument("--family")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--proposals", type=Path)
    parser.add_argument("--times", action="store_true")
    asked = parser.parse_args(given)
    said = list[dict[str, Any]]()
    for path in asked.cases or sorted(FAILURES.glob("*.jsonl")):
        score = measured(path, asked.family)
        show(path, score, wrong=asked.show)
        said += score.said
    if asked.proposals is not None:
        asked.proposals.write_text("".join(f"{json.dumps(item)}\n" for item in said), "utf-8")
    if asked.times:
        times()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
