"""The result as one table for people and as data."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.nix_editing.edits import EDITS

if TYPE_CHECKING:
    from benchmarks.nix_editing.edits import Edit, Outcome
    from benchmarks.nix_editing.reading import Agreement, Reading
    from benchmarks.nix_editing.timing import Timing

__all__ = ["Editor", "Result", "as_data", "render"]


@dataclass
class Editor:
    """One editor: its name, its outcomes, and on how many files reading and writing gives the same bytes.

    but_end: the same, not counting white space at the end of the file.
    """

    name: str
    outcomes: list[Outcome]
    round_trips: int
    but_end: int


@dataclass
class Result:
    """Everything that was measured. notes: sentences about what was left out."""

    files: int
    readings: dict[str, Reading]
    parsed: Agreement
    broken: Agreement
    editors: list[Editor]
    timing: Timing
    notes: list[str] = field(default_factory=list)


_COLUMNS = ("edited", "already so", "refused", "crash", "wrong", "not judged", "minimal", "ms")


def _row(outcomes: list[Outcome]) -> dict[str, Any]:
    kinds = Counter(item.kind for item in outcomes)
    edited = [item for item in outcomes if item.kind == "edited"]
    times = [item.milliseconds for item in outcomes if item.milliseconds is not None]
    return {
        "edited": kinds["edited"],
        "already so": kinds["already so"],
        "refused": kinds["refused"],
        "crash": kinds["crash"],
        "wrong": sum(item.wrong is not None for item in outcomes),
        "not judged": sum(item.parses is True and item.holds is None for item in outcomes),
        "minimal": sum(item.minimal for item in edited),
        "ms": median(times) if times else None,
    }


def _cell(name: str, row: dict[str, Any]) -> str:
    value = row[name]
    if name == "ms":
        return "-" if value is None else f"{value:.2f}"
    if name == "minimal":
        return f"{value} ({value / row['edited']:.1%})" if row["edited"] else "-"
    return str(value)


def _rows(editor: Editor) -> list[tuple[str, dict[str, Any]]]:
    def of(edit: Edit) -> list[Outcome]:
        return [item for item in editor.outcomes if item.edit == edit]

    return [*((edit.title, _row(of(edit))) for edit in EDITS), ("all", _row(editor.outcomes))]


def _table(editor: Editor, files: int) -> list[str]:
    trips = f"reading and writing: {editor.round_trips} of {files} files byte-exact"
    if editor.but_end != editor.round_trips:
        trips += f", {editor.but_end} but for white space at the end"
    lines = [f"{editor.name}; {trips}", _line("", _COLUMNS)]
    return lines + [_line(title, [_cell(name, row) for name in _COLUMNS]) for title, row in _rows(editor)]


def _line(title: str, cells: list[str] | tuple[str, ...]) -> str:
    widths = (7, 11, 8, 6, 6, 11, 14, 7)
    return f"  {title:30}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _reasons(editor: Editor) -> list[str]:
    refused = [item for item in editor.outcomes if item.kind in {"refused", "crash"}]
    counts = Counter(item.reason for item in refused)
    files = {reason: len({item.file for item in refused if item.reason == reason}) for reason in counts}
    return [f"  {count:5} {reason} ({files[reason]} files)" for reason, count in counts.most_common(12)]


def _wrongs(editor: Editor) -> list[str]:
    counts = Counter(item.wrong for item in editor.outcomes if item.wrong is not None)
    return [f"  {count:5} {reason}" for reason, count in counts.most_common()]


def _reading(result: Result) -> list[str]:
    readings = result.readings.values()
    total = sum(item.definitions or 0 for item in readings)
    unread = Counter(item.reason for item in readings if item.definitions is None)
    kept, lost = sum(item.kept for item in readings), sum(len(item.lost) for item in readings)
    lines = [
        f"Reading {result.files} files",
        f"  parsed, indexed and written unchanged: {sum(item.exact for item in readings)} of {result.files}",
        f"  definitions: {total}; literal values set to what they are: {kept} without a changed byte, {lost} with",
    ]
    lines += [f"  no definitions: {count} files, {reason}" for reason, count in unread.most_common()]
    for title, item in (("as they are", result.parsed), ("with one mark left out", result.broken)):
        lines.append(
            f"  as Nix parses them, {title}: the same verdict on {item.agree} of {item.total} "
            f"({item.rejected} that Nix rejects)"
        )
    return lines


def _timing(timing: Timing) -> list[str]:
    def line(title: str, milliseconds: float) -> str:
        return f"  {title:48}{milliseconds:10.2f}{milliseconds / timing.process:12.3f}"

    lengths = [line(f"a generated module of {lines:,} lines", each) for lines, each in timing.by_length.items()]
    return [
        f"{'Time per edit of devkeel, proof included':50}{'ms':>10}{'processes':>12}",
        line("all edits of all files, median", timing.median),
        line("all edits of all files, slowest", timing.slowest),
        line(f"the file of median size ({timing.median_file_bytes:,} bytes)", timing.median_file),
        *lengths,
        line("nix-instantiate --parse of that file, a process", timing.process),
        f"  ten times the lines take {timing.growth:.1f} times as long (linear: 10)",
    ]


def render(result: Result, *, details: bool = False) -> str:
    """Return the table; with details, every refusal and every wrong result too."""
    blocks = [_reading(result)]
    for editor in result.editors:
        blocks.append(_table(editor, result.files))
        for title, lines in (("Refused or raised", _reasons(editor)), ("Wrong", _wrongs(editor))):
            if lines:
                blocks.append([f"{title}, {editor.name}", *lines])
    blocks.append(_timing(result.timing))
    if result.notes:
        blocks.append(result.notes)
    if details:
        blocks.append(_details(result))
    return "\n\n".join("\n".join(block) for block in blocks)


def _details(result: Result) -> list[str]:
    lines = [f"verdict differs: {item}" for item in (*result.parsed.differ, *result.broken.differ)]
    for name, reading in result.readings.items():
        lines += [f"set to itself, {name}: {path} changed" for path in reading.lost]
        lines += [f"not exact: {name}"] if not reading.exact else []
    for item in result.editors[0].outcomes:
        told = item.wrong or (f"{item.kind} ({item.reason}): {item.message}" if item.after is None else None)
        if told is None and item.parses and item.holds is None:
            told = "not judged"
        if told is None and item.kind == "edited" and not item.minimal:
            told = "not minimal"
        if told is not None:
            lines.append(f"{item.file}, {item.edit.title}: {told}")
    return lines


def as_data(result: Result) -> dict[str, Any]:
    """Return the result as data, without the files' contents."""

    def outcome(item: Outcome) -> dict[str, Any]:
        names = ("file", "kind", "milliseconds", "reason", "message", "parses", "holds", "rest", "wrong", "minimal")
        return {"edit": item.edit.title} | {name: getattr(item, name) for name in names}

    return {
        "files": result.files,
        "readings": {name: asdict(item) for name, item in result.readings.items()},
        "parsed": asdict(result.parsed),
        "broken": asdict(result.broken),
        "timing": result.timing.as_data(),
        "notes": result.notes,
        "editors": [
            {
                "name": editor.name,
                "round_trips": editor.round_trips,
                "round_trips_but_end": editor.but_end,
                "table": dict(_rows(editor)),
                "outcomes": [outcome(item) for item in editor.outcomes],
            }
            for editor in result.editors
        ],
    }
