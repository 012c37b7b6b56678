"""The messages that hosts sent to their hooks, without what belongs to one run or one machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "RECORDED", "cleaned", "placed"]

FOLDER = Path(__file__).parent / "messages"
RECORDED: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in FOLDER.glob("*.json")}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_CALL = re.compile(r"[\w-]+")


def cleaned(message: dict[str, Any], root: Path, home: Path) -> dict[str, Any]:
    """Return a message of a host without the ids, times and paths of the run that it is of."""
    text = json.dumps(message).replace(str(root), "{root}").replace(str(home), "{home}")
    text = _TIME.sub("2026-11-01T10:00:00Z", _ID.sub("5f0c1b2e-0000-4000-8000-000000000000", text))
    found: dict[str, Any] = json.loads(text)
    for name in found.keys() & {"transcript_path"}:
        found[name] = found[name] and "{home}/transcript.jsonl"
    for name in found.keys() & {"tool_use_id"}:
        found[name] = _CALL.sub("call_0001", found[name])
    return found


def placed(message: dict[str, Any], root: Path) -> dict[str, Any]:
    """Return a recorded message as it would be of a project at this place."""
    text = json.dumps(message).replace("{root}", str(root)).replace("{home}", str(root.parent))
    found: dict[str, Any] = json.loads(text)
    return found
