"""The benchmark of events has a line for each publication, and counts what it wrote."""

from __future__ import annotations

import pytest
from benchmarks import events


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_EACH", 2)
    monkeypatch.setattr(events, "_REST", 0.1)
    monkeypatch.setattr(events, "_PROCESSES", 1)


def test_each_publication_has_a_line_and_every_event_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert events.main(1, 2_000, hold=1_000.0, slack=1.0) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == [
        *("beside", "ms", "ratio", "spread", "mean", "spread", "unheard", "tail", "again"),
        *("events/s", "written", "lost", "verdict"),
    ]
    assert [tuple(line.split()[:2]) for line in lines] == [
        *(("change", "thread"), ("change", "processes")),
        *(("publication", "thread"), ("publication", "processes")),
    ]
    for line in lines:
        *_, written, lost, verdict = line.split()
        assert verdict == "held"
        assert int(written) > 0
        assert int(lost) == 0


def test_events_that_cost_too_much_or_are_not_written_end_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PLACES", events.PLACES[:1])
    assert events.main(1, 500, hold=-1_000.0, slack=1.0) == 1
    assert events.main(1, 500, hold=1_000.0, slack=-1_000.0) == 1
