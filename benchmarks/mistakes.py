"""How many of an agent's mistakes the text rungs catch, and how often their suggestion is the right edit.

    python -m benchmarks.mistakes [--show KIND] [--folder FOLDER] [--most N] [--seed N] [--kind KIND]

Every example of the project, or every `devenv.nix` below a folder, is broken in every way and at every place that
`benchmarks.mistake_kinds` knows; the `syntax` and `schema` rungs judge the result, nothing is evaluated. A mistake is
caught when a diagnostic names the file and a line; a suggestion is right when applying it gives back the definitions
that were there before, and it is taken when the edit is not refused and adds no error of these rungs.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.mistake_kinds import SEED, Mistake, mistakes

from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.checks import added_errors, run_checks
from devkeel.edits.apply import apply_edits
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError
from devkeel.project.root import DECLARATION_FILES, Project
from devkeel.source import nix, yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.checks.report import CheckReport
    from devkeel.errors import Diagnostic

EXAMPLES = Path(__file__).parent.parent / "examples"


@dataclass
class Score:
    """What became of the mistakes of one kind: how many, caught, answered with the right edit first, in three.

    offered and taken: suggestions, three a mistake at most.
    """

    count: int = 0
    caught: int = 0
    first: int = 0
    among: int = 0
    offered: int = 0
    taken: int = 0
    missed: list[str] = field(default_factory=list)


def projects(folder: Path | None = None) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yield the examples, or what is below a folder: name and declaration files."""
    if folder is not None:
        for path in sorted(folder.rglob("devenv.nix")):
            found = [item for name in DECLARATION_FILES if (item := path.parent / name).is_file()]
            files = {item.name: item.read_bytes() for item in found}
            if path.name in files and not nix.Document(files[path.name], path.name).problems:
                yield str(path.parent.relative_to(folder)), files
        return
    for root in sorted(EXAMPLES.iterdir()):
        names = [path.name for path in sorted(root.glob("*.nix"))] + [
            name for name in DECLARATION_FILES if "yaml" in name
        ]
        files = {name: (root / name).read_bytes() for name in names if (root / name).is_file()}
        if files:
            yield root.name, files


def said(files: dict[str, bytes]) -> list[Any]:
    """Return what files say, whatever their layout: definitions and data."""
    found: list[Any] = []
    for name, data in sorted(files.items()):
        if name.endswith(".nix"):
            document = nix.Document(data, name)
            if document.problems:
                return [name, "does not parse"]
            found += sorted((item.raw, tokens(document.source(item))) for item in document.definitions)
        else:
            root = yaml.Document(data, name)
            found.append(sorted((key, str(yaml.get(root, [key]))) for key in ("inputs", "imports") if _has(root, key)))
    return found


def tokens(source: str) -> list[str]:
    """Return a value's source without its layout and comments, texts whole."""
    return re.findall(r"''.*?''|\"(?:[^\"\\]|\\.)*\"|[\w./'-]+|[^\s\w]", re.sub(r"(?m)\s#.*$", "", source), re.DOTALL)


def _has(document: yaml.Document, key: str) -> bool:
    try:
        yaml.get(document, [key])
    except KeyError:
        return False
    return True


def applied(files: dict[str, bytes], edit: dict[str, Any]) -> dict[str, bytes] | None:
    """Return the files after a suggested edit, as `edit_environment` would make it; None where it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        candidate = Candidate(Basis(Project(Path(folder).resolve())))
        try:
            apply_edits(parse_edits([edit]), candidate)
        except DevkeelError:
            return None
        return files | {name: data for name, data in candidate.after.items() if data is not None}


def judge(
    files: dict[str, bytes], mistake: Mistake, exists: set[str]
) -> tuple[list[Diagnostic], int | None, list[bool]]:
    """Return the diagnostics that a mistake adds, which suggestion is the right edit (from 0), and which are taken."""
    broken = files | {mistake.file: mistake.data}
    before = {
        item.message for item in run_checks(Candidate.of(files, exists=exists.__contains__), level="schema").diagnostics
    }
    report = run_checks(Candidate.of(broken, exists=exists.__contains__), level="schema")
    found = [item for item in report.diagnostics if item.message not in before and item.place and item.place.line]
    wanted = said(files)
    suggestions = [edit for item in found for edit in item.suggestions][:3]
    results = [applied(broken, edit) for edit in suggestions]
    right = (index for index, result in enumerate(results) if said(result or {}) == wanted)
    taken = [result is not None and _adds_nothing(broken, result, report) for result in results]
    return found, next(right, None), taken


def _adds_nothing(broken: dict[str, bytes], result: dict[str, bytes], before: CheckReport) -> bool:
    after = run_checks(Candidate.of(result), level="schema")
    # A file that does not parse is repaired step by step; what is in it shows when it does.
    parses = "syntax" not in {item.source for item in before.diagnostics if item.severity == "error"}
    return not parses or not added_errors(before, after, broken, result)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--show", metavar="KIND", help="print the mistakes of a kind that were missed or answered wrong"
    )
    parser.add_argument("--folder", type=Path, help="break the devenv.nix files below it instead of the examples")
    parser.add_argument("--most", type=int, default=0, help="how many mistakes a file, 0 for all")
    parser.add_argument("--seed", type=int, default=SEED, help="for other slips of the fingers")
    parser.add_argument("--kind", action="append", help="this kind of mistakes alone, and those of a further --kind")
    parser.add_argument("--refused", action="store_true", help="print the suggestions that are not taken")
    options = parser.parse_args()
    scores: dict[str, Score] = defaultdict(Score)
    codes: dict[str, Counter[str]] = defaultdict(Counter)
    for project, files in projects(options.folder):
        made = [item for item in mistakes(files, options.seed) if not options.kind or item.kind in options.kind]
        if options.most:
            made = Random(project).sample(made, min(options.most, len(made)))
        for mistake in made:
            score = scores[mistake.kind]
            found, right, taken = judge(files, mistake, set(files))
            score.offered += len(taken)
            score.taken += sum(taken)
            score.count += 1
            score.caught += bool(found)
            score.first += right == 0
            score.among += right is not None
            if options.refused and not all(taken):
                print(
                    f"{project}: {mistake.kind}: {mistake.what}:",
                    [edit for item in found for edit in item.suggestions][:3],
                    taken,
                )
            codes[mistake.kind][found[0].code if found else "nothing"] += 1
            if right != 0:
                given = [edit for item in found for edit in item.suggestions]
                score.missed.append(
                    f"{project}/{mistake.file}: {mistake.what}: {[i.message for i in found][:2]} {given[:3]}"
                )
    report(scores, codes)
    for line in scores[options.show].missed if options.show else ():
        print(line)


def report(scores: dict[str, Score], codes: dict[str, Counter[str]]) -> None:
    """Print a line for each kind and the sums."""
    print(f"{'kind':26} {'count':>5} {'caught':>7} {'first':>7} {'in 3':>7} {'taken':>7}  codes")
    fixable = [item for kind, item in scores.items() if kind not in NO_ANSWER]
    for kind, score in sorted(scores.items()):
        told = ", ".join(f"{code} {count}" for code, count in codes[kind].most_common(3))
        first, among = ("-", "-") if kind in NO_ANSWER else (percent(score.first, score), percent(score.among, score))
        taken = f"{score.taken / score.offered:.1%}" if score.offered else "-"
        print(f"{kind:26} {score.count:5} {percent(score.caught, score):>7} {first:>7} {among:>7} {taken:>7}  {told}")
    every = sum(item.count for item in scores.values())
    print(f"{len(scores)} kinds, {every} mistakes, caught {sum(item.caught for item in scores.values()) / every:.1%}")
    total = sum(item.count for item in fixable)
    first, among = (sum(getattr(item, name) for item in fixable) / total for name in ("first", "among"))
    offered, taken = (sum(getattr(item, name) for item in scores.values()) for name in ("offered", "taken"))
    print(f"of {offered} suggestions {taken / offered:.1%} are taken when they are tried")
    print(f"of {total} with an answer in the text: right edit first {first:.1%}, among the first three {among:.1%}")


NO_ANSWER = frozenset({"out of range"})
"""Kinds whose right value no text shows: a port that is too large may have been any other."""


def percent(part: int, score: Score) -> str:
    """Return a share of a kind's mistakes."""
    return f"{part / score.count:.1%}"


if __name__ == "__main__":
    main()
