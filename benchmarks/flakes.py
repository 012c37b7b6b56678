"""How devkeel edits the development shells of real flakes; Nix, with stand-ins for their inputs, is the judge.

    python -m benchmarks.flakes FOLDER --library NIXPKGS_LIB [--json OUT] [--details]

FOLDER/PROJECT/flake.nix, each with the files that it imports. benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.flake_editing.evaluation import Library, parses, shells
from msgspec import Struct
from msgspec.structs import asdict

from devkeel.candidate.candidate import Candidate
from devkeel.edits.apply import apply_edits
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FLAKE = "flake.nix"
# The first that a flake does not name is what is added.
_PACKAGES = ("cowsay", "figlet", "lolcat", "toilet", "xcowsay", "boxes")
_MENTIONS = (b"devShell", b"devshell", b"mkShell", b"devenv.shells")
# As asked, in the order of the table; the last three are faults.
_OUTCOMES = ("evaluates", "proven", "refused", "no shell", "unreadable", "wrong", "broken", "crash")
_FAULTS = frozenset({"wrong", "broken", "crash"})


class Case(Struct):
    """One flake: what came of adding a package, why, and how much of its text changed.

    lines: those added, and those removed. restored: removing the package gives the bytes from before; None where
    nothing was added. exact: a reading without an edit gives the same bytes.
    """

    project: str
    outcome: str = ""
    reason: str = ""
    shell: str = ""
    lines: tuple[int, int] = (0, 0)
    restored: bool | None = None
    exact: bool = True
    lost: bool = False


def judged(folder: Path, library: Library, scratch: Path) -> Case:
    """Add a package to a flake's shell and judge what came of it."""
    case = Case(folder.name)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    case.exact = nix.Document(files[_FLAKE], _FLAKE, module=False).root.text == files[_FLAKE]
    text = b"".join(data for name, data in files.items() if name.endswith(".nix"))
    package = next((name for name in _PACKAGES if name.encode() not in text), "ponysay")
    try:
        after = edited(files, "add_packages", package)
    except DevkeelError as error:
        case.outcome = _outcome_of(error, files[_FLAKE])
        case.reason, case.shell = error.code, str(error)
        return case
    except Exception as error:  # noqa: BLE001  (a crash is a result)
        case.outcome, case.reason = "crash", f"{type(error).__name__}: {error}"
        return case
    _judge(case, files, after, package, (library, scratch))
    return case


def edited(files: Mapping[str, bytes], kind: str, package: str) -> dict[str, bytes]:
    """Return the files of a project after an edit."""
    candidate = Candidate.of(files)
    apply_edits(parse_edits([{"kind": kind, "names": [package], "file": _FLAKE}]), candidate)
    return {**files, **candidate.files}


def _outcome_of(error: DevkeelError, flake: bytes) -> str:
    if error.code in ("syntax_error", "not_utf8"):
        return "unreadable"
    mentions = any(word in flake for word in _MENTIONS)
    return "no shell" if error.code == "not_found" and not mentions else "refused"


def _judge(
    case: Case, before: Mapping[str, bytes], after: Mapping[str, bytes], package: str, rig: tuple[Library, Path]
) -> None:
    library, scratch = rig
    changed = [name for name in after if after[name] != before[name]]
    if len(changed) != 1:
        case.outcome, case.reason = "wrong", f"changed {changed}"
        return
    old, new = before[changed[0]], after[changed[0]]
    case.lines, case.lost = _lines(old, new), _comments(old) != _comments(new)
    case.restored = edited(after, "remove_packages", package) == before
    if not parses(new):
        case.outcome, case.reason = "broken", "Nix does not parse the result"
        return
    first, second = (_evaluated(files, library, scratch, package) for files in (before, after))
    case.outcome, case.reason = _verdict(first, second, package)


def _evaluated(
    files: Mapping[str, bytes], library: Library, scratch: Path, package: str
) -> dict[str, list[str]] | None:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        return shells(Path(folder), files, library, package)


def _verdict(
    first: Mapping[str, list[str]] | None, second: Mapping[str, list[str]] | None, package: str
) -> tuple[str, str]:
    """Return what two evaluations say of an edit: the default shells have the package once more, and nothing else."""
    if not first:
        return "proven", "not evaluated with stand-ins"
    if not second:
        return "broken", "it evaluated before"
    if first.keys() != second.keys():
        return "wrong", f"other shells: {first.keys() ^ second.keys()}"
    gained = {name for name in first if _has_gained(first[name], second[name], package)}
    others = {name for name in first if name not in gained and first[name] != second[name]}
    wanted = {name for name in first if name.endswith(".default")} or gained
    if others or not gained or not wanted <= gained:
        return "wrong", f"gained {sorted(gained)}, wanted {sorted(wanted)}, changed {sorted(others)}"
    beside = sorted({name.rpartition(".")[2] for name in gained - wanted})
    return "evaluates", f"the same in {', '.join(beside)}" if beside else ""


def _has_gained(first: Sequence[str], second: Sequence[str], package: str) -> bool:
    """Return whether a shell lists a package more, of nixpkgs or of the other system or input that others are of."""
    more = [*(Counter(second) - Counter(first)).elements()]
    if len(more) != 1 or Counter(first) - Counter(second):
        return False
    of, _, name = more[0].rpartition(".")
    return name == package and (not of or of.startswith("pkgsCross.") or (of.startswith("<") and _others(of, first)))


def _others(of: str, names: Sequence[str]) -> bool:
    return any(name.startswith(f"{of}.") for name in names)


def _lines(old: bytes, new: bytes) -> tuple[int, int]:
    match = SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    parts = [item for item in match.get_opcodes() if item[0] != "equal"]
    return sum(item[4] - item[3] for item in parts), sum(item[2] - item[1] for item in parts)


def _comments(data: bytes) -> Counter[bytes]:
    waiting, found = [nix.Document(data).root], Counter[bytes]()
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            found[data[node.start_byte : node.end_byte]] += 1
        waiting += node.children
    return found


def table(cases: Sequence[Case]) -> str:
    """Return the figures of all flakes."""
    count = Counter(case.outcome for case in cases)
    edits = [case for case in cases if case.outcome in ("evaluates", "proven")]
    shapes = Counter(case.lines for case in edits)
    rows = [(name, str(count[name])) for name in _OUTCOMES if count[name] or name in _FAULTS]
    rows += [
        ("flakes", str(len(cases))),
        ("read exactly", str(sum(case.exact for case in cases))),
        ("lost comments", str(sum(case.lost for case in edits))),
        ("restored by removing", f"{sum(bool(case.restored) for case in edits)} of {len(edits)}"),
        ("lines added, removed", ", ".join(f"{new}/{old}: {times}" for (new, old), times in shapes.most_common())),
    ]
    for outcome in ("refused", "proven"):
        reasons = Counter(case.reason for case in cases if case.outcome == outcome)
        rows += [(f"{outcome}: {reason}", str(times)) for reason, times in reasons.most_common()]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {told}" for name, told in rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Try the edits and print the table; 1 where a result is wrong or broken, an edit crashes or a comment is lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True, help="a checkout of nix-community/nixpkgs.lib")
    parser.add_argument("--nixpkgs", type=Path, help="a checkout of nixpkgs, whose packages there are then")
    parser.add_argument("--json", type=Path, help="write the cases to this file")
    parser.add_argument("--details", action="store_true", help="each flake whose package was not added and evaluated")
    options = parser.parse_args(argv)
    folders = sorted(path.parent for path in options.folder.glob(f"*/{_FLAKE}"))
    if not folders:
        parser.error(f"no flakes below {options.folder}")
    library = Library(options.library.resolve(), options.nixpkgs.resolve() if options.nixpkgs else None)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        cases = [*pool.map(lambda folder: judged(folder, library, Path(scratch)), folders)]
    if options.details:
        shown = (case for case in cases if case.outcome not in ("evaluates", "no shell") or case.restored is False)
        print("\n".join(f"{case.outcome}\t{case.project}\t{case.reason}\t{case.shell}" for case in shown))
    print(table(cases))
    if options.json:
        options.json.write_text(json.dumps([asdict(case) for case in cases], indent=1))
    return int(any(case.outcome in _FAULTS or case.lost or not case.exact for case in cases))


if __name__ == "__main__":
    sys.exit(main())
