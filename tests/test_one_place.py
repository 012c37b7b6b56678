"""What is decided in one module is not decided once more in another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# A question, what its answer is written with, and the only modules that write it.
_PLACES = {
    "how devenv's own command is called": (r'"--no-tui"', {"nix_cli/devenv.py"}),
    "what a terminal takes for itself": (r"x1b\\\\?\[", {"text/clean.py"}),
    "whether a host could be reached": (r"Temporary failure in name resolution", {"diagnosis/network.py"}),
    "what a lock file says": (r'\["nodes"\]|\.get\("nodes"', {"pinned/flake_lock.py"}),
}


@pytest.mark.parametrize("question", _PLACES)
def test_each_question_is_answered_in_one_place(question: str) -> None:
    pattern, places = _PLACES[question]
    sources = [*ROOT.glob("tools/devkeel/**/*.py"), *ROOT.glob("server/**/*.py")]
    found = {path for path in sources if re.search(pattern, path.read_text("utf-8"))}
    assert {str(path.relative_to(ROOT)).removeprefix("tools/devkeel/") for path in found} == places
