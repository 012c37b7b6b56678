"""The benchmark of events has a line for each publication, and counts what it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import events

if TYPE_CHECKING:
    import pytest


def test_each_publication_has_a_line_and_every_event_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert events.main(6, 2_000, hold=1_000.0, slack=1.0) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == [
        *("beside", "ms", "ratio", "spread", "mean", "spread", "tail", "again", "events/s", "written", "lost"),
        "verdict",
    ]
    assert [line.split()[0] for line in lines] == ["change", "publication"]
    for line in lines:
        *_, written, lost, verdict = line.split()
        assert verdict == "held"
        assert int(written) > 0
        assert int(lost) == 0


def test_events_that_cost_too_much_or_are_not_written_end_with_one() -> None:
    assert events.main(1, 500, hold=-1_000.0, slack=1.0) == 1
    assert events.main(1, 500, hold=1_000.0, slack=-1_000.0) == 1
