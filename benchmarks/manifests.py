"""How devkeel edits real manifests, beside uv, npm and cargo on the same files; independent parsers are the judge.

    python -m benchmarks.manifests FOLDER [--kind KIND] [--json OUT] [--details]

FOLDER/KIND/…: pyproject, requirements, conda, npm, cargo, gem, go. benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import codecs
import json
import re
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.manifest_editing.meaning import KINDS, Unreadable, read
from benchmarks.manifest_editing.requests import Edit, edits_of
from benchmarks.manifest_editing.tools import Answer, answers_of, cargo_reads, has_tool, workspace_above
from benchmarks.manifest_editing.verdicts import Verdict, changed_lines, judge
from msgspec import Struct
from msgspec.structs import asdict

from devkeel.errors import DevkeelError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NAMES = {"conda": "environment.yml", "npm": "package.json", "cargo": "Cargo.toml", "gem": "Gemfile", "go": "go.mod"}
# Public files seldom have them, and the tools of other systems write them: some of the files are tried with these too.
_EVERY = {"crlf": 9, "bom": 13}


class Case(Struct):
    """One edit of one file, what devkeel and the tool made of it, and the verdict."""

    file: str
    edit: Edit
    before: bytes
    after: bytes | None = None
    tool: Answer = Answer(None, "no tool")
    verdict: Verdict | None = None


def variants(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield the files as they are, and some of them with other line endings or a byte order mark."""
    for number, path in enumerate(files):
        data = path.read_bytes()
        yield str(path), data
        if number % _EVERY["crlf"] == 0 and b"\r\n" not in data:
            yield f"{path}+crlf", data.replace(b"\n", b"\r\n")
        if number % _EVERY["bom"] == 0 and not data.startswith(codecs.BOM_UTF8):
            yield f"{path}+bom", codecs.BOM_UTF8 + data


def edited(case: Case) -> bytes | None:
    """Return what devkeel makes of a file; None with a verdict where it refuses, or edits the workspace above."""
    edit, remove = case.edit, case.edit.verb in ("remove", "absent")
    name, files = project_of(edit.kind, case.file, case.before)
    request = Request(edit.language, (edit.name if remove else edit.item,), edit.group, name, remove)
    try:
        made = plan(request, files.get)
        if made.files and name not in made.files:
            case.verdict = _of_workspace(case, files["Cargo.toml"], made.data("Cargo.toml"))
            return None
        if not made.files and edit.verb in ("add", "change", "remove"):
            case.verdict = Verdict("refused", f"note: {' '.join(made.notes)}")
            return None
        return made.data(name)
    except DevkeelError as error:
        case.verdict = Verdict("refused", f"{error.code}: {error}")
    except Exception as error:  # noqa: BLE001  (a crash is a result)
        case.verdict = Verdict("crash", f"{type(error).__name__}: {error}")
    return None


def project_of(kind: str, path: str, data: bytes) -> tuple[str, dict[str, bytes]]:
    """Return the name of a manifest in its project, and the files that are there: above a crate also its workspace."""
    if kind == "cargo" and re.search(rb"\bworkspace\s*=\s*true", data):
        above = workspace_above(tomllib.loads(data.decode("utf-8-sig"))).encode()
        return "crate/Cargo.toml", {"crate/Cargo.toml": data, "Cargo.toml": above}
    name = _NAMES.get(kind) or Path(path).name.partition("+")[0]
    if kind == "requirements" and "requirements" not in name:
        name = f"requirements/{name}"
    return name, {name: data}


def _of_workspace(case: Case, before: bytes, after: bytes) -> Verdict:
    """Judge an edit of the workspace above a crate: its shared version of the library, and nothing else."""
    old, new = (tomllib.loads(data.decode()) for data in (before, after))
    wanted = tomllib.loads(before.decode())
    wanted["workspace"]["dependencies"][case.edit.name] = case.edit.version
    lines = (changed_lines(before, after), None)
    if new == wanted and case.edit.verb == "change":
        return Verdict("same", lines=lines)
    return Verdict("different", f"the workspace was {old['workspace']['dependencies']}", lines=lines)


def run(kind: str, files: Sequence[Path], scratch: Path, cache: Path | None = None) -> tuple[list[Case], list[str]]:
    """Return a case for each edit of each file, and the files that the field's own parser does not read."""
    cases, unreadable = list[Case](), list[str]()
    for label, data in variants(files):
        try:
            found = edits_of(kind, read(kind, data))
            cases += [Case(label, edit, data) for edit in found]
        except Unreadable:
            unreadable.append(label)
    for case in cases:
        case.after = edited(case)
    if has_tool(kind):
        answers = answers_of(kind, [(case.edit, case.before) for case in cases], scratch, cache)
        for case, answer in zip(cases, answers, strict=True):
            case.tool = answer
    for case in cases:
        if case.after is not None:
            case.verdict = judge(case.edit, case.before, case.after, case.tool.data)
            if kind == "cargo":
                _require_cargo(case, scratch)
    return cases, unreadable


def _require_cargo(case: Case, scratch: Path) -> None:
    """Call a result different that cargo does not read, where it reads the file before the edit."""
    assert case.after is not None
    assert case.verdict is not None
    if case.after in (case.before, case.tool.data) or case.verdict.outcome == "different":
        return
    if not cargo_reads(case.after, scratch) and cargo_reads(case.before, scratch):
        case.verdict.outcome, case.verdict.reason = "different", "cargo does not read the result"


def row(kind: str, files: int, cases: Sequence[Case], unreadable: Sequence[str]) -> dict[str, Any]:
    """Return the figures of a kind."""
    verdicts = [case.verdict for case in cases if case.verdict]
    count = Counter(item.outcome for item in verdicts)
    reasons = Counter(item.reason.partition(":")[0] for item in verdicts if item.outcome == "refused")
    return {
        "kind": kind,
        "files": files,
        "unreadable": len(unreadable),
        "edits": len(cases),
        "by a tool": sum(case.tool.data is not None for case in cases),
        **{name: count[name] for name in ("same", "apart", "different", "crash", "refused")},
        "refused by both": sum(
            case.verdict is not None and case.verdict.outcome == "refused" and case.tool.data is None and has_tool(kind)
            for case in cases
        ),
        "bigger": sum(item.bigger for item in verdicts),
        "lost comments": sum(bool(item.lost) for item in verdicts),
        "style": sum(bool(item.style) for item in verdicts),
        "reasons": dict(reasons.most_common()),
    }


def _table(rows: Sequence[dict[str, Any]]) -> str:
    names = [name for name in rows[0] if name != "reasons"]
    lines = [names, *([str(item[name]) for name in names] for item in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    shown = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines]
    shown += [f"{item['kind']} refused: {item['reasons']}" for item in rows if item["reasons"]]
    return "\n".join(shown)


def _details(cases: Iterable[Case]) -> Iterator[str]:
    for case in cases:
        found = case.verdict
        if found is None or (found.outcome == "same" and not (found.bigger or found.lost or found.style)):
            continue
        notes = [f"lost {found.lost}"] if found.lost else []
        notes += [f"style {found.style}"] if found.style else []
        notes += [f"lines {found.lines}"] if found.bigger else []
        notes += [f"tool: {case.tool.why}"] if case.tool.why and found.outcome != "refused" else []
        yield f"{found.outcome}\t{case.file}\t{case.edit.label}\t{case.edit.item} ({case.edit.section})\t" + (
            "; ".join([found.reason, *notes]).replace("\n", " ")
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Try the edits and print the table; 1 where a result is different, an edit crashes or a comment is lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--json", type=Path, help="write rows and cases to this file")
    parser.add_argument("--details", action="store_true", help="each edit that is not plainly the same")
    parser.add_argument("--cache", type=Path, help="keep what the tools answered in this folder, for the next run")
    options = parser.parse_args(argv)
    rows, every = list[dict[str, Any]](), list[Case]()
    with tempfile.TemporaryDirectory() as scratch:
        for kind in options.kind or KINDS:
            files = sorted(path for path in (options.folder / kind).rglob("*") if path.is_file())
            if files:
                cases, unreadable = run(kind, files, Path(scratch), options.cache)
                rows.append(row(kind, len(files), cases, unreadable))
                every += cases
    if not rows:
        parser.error(f"no manifests below {options.folder}")
    if options.details:
        print("\n".join(_details(every)))
    print(_table(rows))
    if options.json:
        shown = [asdict(case) for case in every]
        options.json.write_text(json.dumps({"rows": rows, "cases": shown}, default=_as_text, indent=1))
    return int(any(item["different"] or item["crash"] or item["lost comments"] for item in rows))


def _as_text(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    assert isinstance(value, Struct)
    return asdict(value)


if __name__ == "__main__":
    sys.exit(main())
