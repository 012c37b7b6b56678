"""How well the Nix editor edits real files, beside nix-manipulator on the same files; real Nix is the judge.

    python -m benchmarks.nix_editor [FOLDER...] [--lib NIXPKGS_LIB] [--manipulator PYTHON] [--json] [--details]

benchmarks/README.md says what is measured and how it is judged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that `python benchmarks/nix_editor.py` finds its own parts

from benchmarks.nix_editing.edits import EDITS, Edit, Outcome, attempt  # noqa: E402
from benchmarks.nix_editing.generated import small_modules  # noqa: E402
from benchmarks.nix_editing.judge import Judge, Question  # noqa: E402
from benchmarks.nix_editing.reading import agreement, breakages, read  # noqa: E402
from benchmarks.nix_editing.report import Editor, Result, as_data, render  # noqa: E402
from benchmarks.nix_editing.timing import measure  # noqa: E402

from devkeel.source import nix  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

_MANIPULATOR = Path(__file__).with_name("nix_editing") / "manipulator.py"


def own_files() -> dict[str, bytes]:
    """Return the repository's own modules and the generated ones."""
    found = [ROOT / "devenv.nix", *sorted((ROOT / "examples").rglob("*.nix"))]
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in found} | small_modules()


def files_in(folders: Sequence[Path]) -> dict[str, bytes]:
    """Return all Nix files below some folders by their paths."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*.nix"))
        if path.is_file()
    }


def judge_outcomes(outcomes: Sequence[Outcome], judge: Judge) -> None:
    """Let Nix say of each result whether it parses, says what was asked, and is the same elsewhere."""
    done = [item for item in outcomes if item.after is not None]
    for item, fine in zip(done, judge.parses([item.after or b"" for item in done]), strict=True):
        item.parses = fine
    _judge_option([item for item in done if item.parses], judge)
    _judge_rest([item for item in done if item.parses and item.kind == "edited"], judge)


def _judge_option(parsed: Sequence[Outcome], judge: Judge) -> None:
    for item, held in zip(
        parsed,
        judge.answers([Question("holds", item.after or b"", item.edit, item.before) for item in parsed]),
        strict=True,
    ):
        item.holds = held
    failed = [item for item in parsed if item.holds is None]
    before = judge.answers([Question("evaluates", item.before, item.edit, item.after or b"") for item in failed])
    for item, fine in zip(failed, before, strict=True):
        item.holds = False if fine else None  # the edit broke it, or it could not be evaluated before


def _judge_rest(edited: Sequence[Outcome], judge: Judge) -> None:
    old = judge.answers([Question("rest", item.before, item.edit, item.after or b"") for item in edited])
    new = judge.answers([Question("rest", item.after or b"", item.edit, item.before) for item in edited])
    for item, first, second in zip(edited, old, new, strict=True):
        item.rest = None if first is None else first == second


def own_editor(files: dict[str, bytes], exact: int) -> Editor:
    """Return what devkeel makes of the files."""
    outcomes = [attempt(name, data, edit) for name, data in files.items() for edit in EDITS]
    return Editor("devkeel", outcomes, exact, exact)


def _request(files: dict[str, bytes]) -> str:
    def edit(item: Edit) -> dict[str, Any]:
        value = None if item.value is None else nix.print_value(item.value)
        return {
            "title": item.title,
            "path": [nix.format_path((name,)) for name in item.path],
            "value": value,
            "package": item.package and f"pkgs.{item.package}",
        }

    texts = {name: data.decode("utf-8", "replace") for name, data in files.items()}
    return json.dumps({"files": texts, "edits": [edit(item) for item in EDITS]})


def manipulator(files: dict[str, bytes], python: str) -> list[Editor]:
    """Return what nix-manipulator makes of the files, in its two ways."""
    found = subprocess.run(
        [python, str(_MANIPULATOR)], input=_request(files), capture_output=True, text=True, check=True
    )
    data = json.loads(found.stdout)
    trips = {name: text.encode() for name, text in data["round_trips"].items() if isinstance(text, str)}
    exact = sum(text == files[name] for name, text in trips.items())
    but_end = sum(text.rstrip() == files[name].rstrip() for name, text in trips.items())
    return [
        Editor(f"nix-manipulator {data['version']}, {way}", [_foreign(files, item) for item in rows], exact, but_end)
        for way, rows in data["edits"].items()
    ]


def _foreign(files: dict[str, bytes], row: dict[str, Any]) -> Outcome:
    edit = next(item for item in EDITS if item.title == row["edit"])
    before = files[row["file"]]
    if "error" in row:
        return Outcome(row["file"], edit, "refused", before, reason=row["error"], message=row["message"])
    after = row["text"].encode()
    return Outcome(row["file"], edit, "already so" if after == before else "edited", before, after, row["ms"])


def run(files: dict[str, bytes], lib: Path | None, python: str | None, breaks: int) -> Result:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(Path(folder), lib)
        readings = {name: read(data) for name, data in files.items()}
        parsed, broken = agreement(files, judge), agreement(breakages(files, breaks), judge)
        editors = [own_editor(files, sum(item.exact for item in readings.values()))]
        timing = measure(files, editors[0].outcomes)
        notes = [] if lib else ["lib is a small stub: give --lib a checkout of nixpkgs' lib to judge more files."]
        if python is None:
            notes.append("nix-manipulator was left out: give --manipulator a Python that has it installed.")
        else:
            editors += manipulator(files, python)
        for editor in editors:
            judge_outcomes(editor.outcomes, judge)
    unjudged = sum(item.rest is None and item.parses is True and item.kind == "edited" for item in editors[0].outcomes)
    notes.append(
        f"{unjudged} edits of devkeel by files that cannot be compared as a whole were judged by the option alone."
    )
    return Result(len(files), readings, parsed, broken, editors, timing, notes)


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description="How well the Nix editor edits files; real Nix is the judge.")
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", help="all *.nix files in it are edited (copies)"
    )
    parser.add_argument(
        "--lib", type=Path, metavar="PATH", help="a checkout of nixpkgs' lib (nix-community/nixpkgs.lib)"
    )
    parser.add_argument("--manipulator", metavar="PYTHON", help="a Python that has nix-manipulator installed")
    parser.add_argument(
        "--breakages", type=int, default=2, metavar="N", help="files broken in N places each, for the reader"
    )
    parser.add_argument("--json", action="store_true", help="print data")
    parser.add_argument("--details", action="store_true", help="list each refusal, wrong result and larger difference")
    return parser.parse_args()


def main() -> None:
    """Run the benchmark."""
    given = options()
    if shutil.which("nix-instantiate") is None:
        sys.exit("nix-instantiate is not installed, and it is the judge.")
    lib = given.lib.resolve() if given.lib else None
    if lib is not None and (lib / "lib" / "default.nix").is_file():
        lib = lib / "lib"
    files = files_in(given.folders) if given.folders else own_files()
    result = run(files, lib, given.manipulator, given.breakages)
    print(json.dumps(as_data(result), indent=1) if given.json else render(result, details=given.details))
    if any(item.wrong or item.kind == "crash" for item in result.editors[0].outcomes):
        sys.exit(1)


if __name__ == "__main__":
    main()
