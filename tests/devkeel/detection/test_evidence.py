"""Evidence is plain data, with the place that it is of."""

from __future__ import annotations

from devkeel.detection.evidence import Clue
from devkeel.errors import Place
from devkeel.text.data import as_data


def test_evidence_is_shown_with_its_place() -> None:
    found = Clue("language", "javascript", Place(".nvmrc", 1), "certain", "20", "Node.js is wanted", version="20")
    told = as_data(found)
    assert told["place"]["line"] == 1
    assert (told["name"], told["version"]) == ("javascript", "20")
