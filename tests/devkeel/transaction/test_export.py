"""The history as lines: they verify without the records, and what was changed of them is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import UsageError
from devkeel.project.root import Project
from devkeel.project.settings import Retention
from devkeel.transaction import Attempt, Transactions, store
from devkeel.transaction.export import verify_export
from devkeel.transaction.verification import read_head

from .records import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

Bench = Any
Lines = list[dict[str, Any]]


@pytest.fixture
def exported(bench: Bench) -> tuple[Bench, Lines]:
    for n in range(4):
        report = {"ran": ["syntax"], "seconds": {"syntax": 0.25}}
        bench.edit("devenv.nix", f"{n}\n", reason=f"because {n} — é", report=report)
    bench.transactions.keep_refusal(Attempt("somebody", "change", "forbidden"))
    return bench, list(bench.transactions.export(diffs=True, contents=True))


def judged(lines: Lines, head: str | None = None) -> Any:
    return verify_export(lines_of(iter(lines)), read_head(head))


def test_what_was_exported_verifies_without_the_records(exported: tuple[Bench, Lines]) -> None:
    bench, lines = exported
    found = judged(lines, bench.transactions.head().hash)
    assert found.ok, found.faults
    assert found.head == bench.transactions.head()
    assert (found.operations, found.contents, found.refusals, found.since_head) == (4, 7, 1, 0)
    assert [line["kind"] for line in lines] == ["devkeel-history", *["operation"] * 4, "refusal", "end"]
    assert lines[2]["diff"].splitlines()[-2:] == ["-0", "+1"]
    assert lines[2]["reason"] == "because 1 — é"
    assert lines[2]["report"]["ran"] == ["syntax"]


def test_without_records_there_are_no_lines(bench: Bench) -> None:
    assert list(bench.transactions.export()) == []
    with pytest.raises(UsageError) as caught:
        judged([])
    assert caught.value.code == "bad_export"


def set_to(at: int, name: str, value: object) -> Callable[[Lines], object]:
    return lambda lines: lines[at].update({name: value})


def shown_beside(name: str, value: object) -> Callable[[Lines], object]:
    """Show other data than the text that is hashed."""
    return lambda lines: lines[2].update({f"{name}_text": json.dumps(lines[2][name]), name: value})


CHANGES: dict[str, Callable[[Lines], object]] = {
    "a reason": set_to(2, "reason", "another"),
    "edits": set_to(2, "edits", []),
    "a report": set_to(2, "report", {}),
    "a file": lambda lines: lines[2]["files"][0].update(path="other.nix"),
    "a content": lambda lines: lines[2]["files"][0].update(after_base64="AAAA"),
    "a hash": set_to(2, "hash", "0" * 64),
    "a digest": set_to(2, "digest", "0" * 64),
    "what it follows": set_to(2, "previous", "0" * 64),
    "another place": lambda lines: lines.insert(1, lines.pop(2)),
    "one less": lambda lines: lines.pop(2),
    "one more": lambda lines: lines.insert(2, lines[2]),
    "a tail less": lambda lines: lines.__delitem__(slice(4, 5)),
    "no end": lambda lines: lines.pop(),
    "more than the end": lambda lines: lines.append(lines[2]),
    "a refusal less": lambda lines: lines.pop(5),
    "an anchor": lambda lines: lines[0]["anchor"].update(hash="0" * 63 + "1"),
    "edits beside the text of them": shown_beside("edits", [{"kind": "add", "packages": ["nothing"]}]),
    "a report beside the text of it": shown_beside("report", {"ran": []}),
    "a diff": set_to(2, "diff", "--- devenv.nix\n"),
    "a content that is called none": lambda lines: lines[2]["files"][0].update(after_base64=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_of_an_export_is_found(
    exported: tuple[Bench, Lines], change: Callable[[Lines], object]
) -> None:
    lines = json.loads(json.dumps(exported[1]))
    change(lines)
    assert not judged(lines).ok


def test_whoever_writes_the_export_anew_is_found_against_a_head(exported: tuple[Bench, Lines]) -> None:
    bench, lines = exported
    head = bench.transactions.head().hash
    end = lines[-1] | {"operations": 2, "head": {"operation": 2, "hash": lines[2]["hash"]}}
    cut = [*lines[:3], lines[5], end]
    assert judged(cut).ok
    assert [item.code for item in judged(cut, head).faults] == ["head_unknown"]


def test_what_is_masked_has_its_place_compared_alone(exported: tuple[Bench, Lines]) -> None:
    lines = json.loads(json.dumps(exported[1]))
    lines[2] |= {"reason": "[masked]", "masked": True}
    found = judged(lines)
    assert found.ok
    assert found.masked == 1
    lines[2]["previous"] = "0" * 64
    assert not judged(lines).ok


def test_what_is_not_kept_any_more_has_its_place(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 1)
    bench.transactions.close()
    bench.transactions = Transactions(Project(bench.root), keep=Retention(operations=2))
    bench.edit("devenv.yaml", "kept\n")
    for n in range(5):
        bench.edit("devenv.nix", f"{n}\n")
    lines = list(bench.transactions.export())
    found = judged(lines, bench.transactions.head().hash)
    assert found.ok, found.faults
    assert (found.operations, found.dropped) == (3, 3)
    assert found.dropped == bench.transactions.verify().dropped


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"kind": "other"}',
        b'{"kind": "operation"}',
        b"\xff",
        b"[" * 100_000,
        b'{"kind": 1}',
        b'{"kind": "refusal", "reason": "one", "reason": "another"}',
        b'{"kind": "refusal", "files": [{"a": 1, "a": 2}]}',
    ],
)
def test_what_is_no_export_is_an_error_of_the_request(exported: tuple[Bench, Lines], line: bytes) -> None:
    good = lines_of(iter(exported[1]))
    for lines in ([line], [good[0], line, *good[1:]]):
        with pytest.raises(UsageError) as caught:
            verify_export(lines)
        assert caught.value.code == "bad_export"


@pytest.mark.parametrize(
    "value",
    [
        {"why": {"a": 1}, "begun": "2026-01-01T00:00:00+00:00"},
        {"why": "upgrade", "begun": "some day"},
        {"why": "upgrade", "begun": 1},
        {"why": "upgrade"},
        {"begun": "2026-01-01T00:00:00+00:00"},
        {"why": "whim", "begun": "2026-01-01T00:00:00+00:00"},
        {"dropped": -5},
        {"operation": "0"},
        {"operation": True},
        {"earlier": "none"},
        {"hash": "0" * 62 + " 1"},
        {"hash": ["0" * 64]},
    ],
)
def test_a_header_has_the_values_that_devkeel_writes(exported: tuple[Bench, Lines], value: dict[str, Any]) -> None:
    lines = json.loads(json.dumps(exported[1]))
    lines[0]["anchor"] |= value
    with pytest.raises(UsageError) as caught:
        judged(lines)
    assert caught.value.code == "bad_export"
