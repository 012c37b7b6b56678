"""How often the first fix for a failure is an accepted one, by family, and what a diagnosis takes.

    python -m benchmarks.diagnosis [--cases FILE] [--family NAME] [--show] [--proposals FILE] [--times]

Each line of the files in `benchmarks/failures/` is a case: a project's files, what a failed run printed, and the edits
that mend it (`benchmarks.fix_judge` reads them). `worked` has those that the phrases were written by; `own` has others,
rewritten from public logs before there was a phrase. The project is made in a directory of its own, and asked as any
client asks it. --show prints what is not right; --proposals writes what was proposed, a line of JSON a case; --times
prints what a text of 1 MB takes and what the tables of providers take to load, beside a bare search of the same text.
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

from devkeel.api import Environment
from devkeel.diagnosis.reading import read

FAILURES = Path(__file__).parent / "failures"


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


def measure(path: Path, family: str | None, *, show: bool) -> list[dict[str, Any]]:
    """Print how many cases of a file are answered rightly; return what was proposed."""
    first, among, count, took, wrong = Counter[str](), Counter[str](), Counter[str](), list[float](), list[str]()
    without, alarms, said = Counter[str](), list[str](), list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(path):
            if family is not None and case["family"] != family:
                continue
            proposals, advice, seconds = proposed(case, Path(folder))
            took.append(seconds)
            said.append({"id": case["id"], "proposals": proposals})
            hits = [is_right(case, item) for item in proposals or [[]]]
            if not proposals and "says" in case:  # where only the system has it, the answer names what that calls it
                hits = [any(name in advice for name in case["says"])]
            needs = not is_right(case, [])
            count[case["family"]] += 1
            first[case["family"]] += hits[0]
            among[case["family"]] += any(hits[:3])
            without["due" if needs else "none"] += hits[0]
            without["of due" if needs else "of none"] += 1
            if not needs and proposals and case["family"] == "none":
                alarms.append(case["id"])
            if not hits[0]:
                wrong.append(f"  {case['id']}: {json.dumps(proposals[:3])[:300]}")
    print(f"{path.stem}: {sum(count.values())} cases")
    for name in sorted(count):
        print(f"  {name:18} {count[name]:4}  first {first[name]:4}  among three {among[name]:4}")
    due, right = without["of due"], without["due"]
    print(f"  with a fix: the first is right in {right} of {due} ({right / max(1, due):.1%})")
    print(f"  without one: nothing is proposed in {without['none']} of {without['of none']}; proposed: {alarms}")
    print(f"  a case takes {median(took) * 1000:.1f} ms in the median, {max(took) * 1000:.1f} ms at most")
    if show:
        print("\n".join(wrong))
    return said


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
        said += measure(path, asked.family, show=asked.show)
    if asked.proposals is not None:
        asked.proposals.write_text("".join(f"{json.dumps(item)}\n" for item in said), "utf-8")
    if asked.times:
        times()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
