"""Worked cases: one edit of one shape each, byte for byte, and the value that real Nix sees afterwards.

`worked_cases.json` holds, for each, the call, the lines before and after, an expression over the module `m` and what
it evaluates to.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devkeel.source import nix

HERE = Path(__file__).parent
CASES = json.loads((HERE / "worked_cases.json").read_text("utf-8"))


def joined(lines: str | list[str]) -> bytes:
    return (lines if isinstance(lines, str) else "\n".join(lines)).encode()


def argument(value: Any) -> Any:
    return nix.Expression(value["$expression"]) if isinstance(value, dict) and "$expression" in value else value


def applied(case: dict[str, Any]) -> nix.Edited:
    verb, *arguments = case["call"]
    edited: nix.Edited = getattr(nix, verb)(joined(case["before"]), *map(argument, arguments))
    return edited


@pytest.mark.parametrize("case", CASES, ids=[f"{case['call'][0]}: {case['shape']}" for case in CASES])
def test_the_edit_gives_these_bytes(case: dict[str, Any]) -> None:
    assert applied(case).data == joined(case["after"])


@pytest.mark.nix
def test_real_nix_sees_the_values(tmp_path: Path) -> None:
    checked = [case for case in CASES if case["evaluate"]]
    rows = []
    for number, case in enumerate(checked):
        path = tmp_path / f"{number}.nix"
        path.write_bytes(applied(case).data)
        wanted = case["gives"]
        rows.append(f"(let m = stub.raw {path}; in {case['evaluate']} == {wanted})")
    (tmp_path / "all.nix").write_text("let stub = import ./stub.nix; in [\n" + "\n".join(rows) + "\n]\n")
    shutil.copy(HERE / "stub.nix", tmp_path)
    command = ["nix-instantiate", "--eval", "--strict", "--json", str(tmp_path / "all.nix")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[:600]
    verdicts = json.loads(found.stdout)
    assert [case["shape"] for case, holds in zip(checked, verdicts, strict=True) if not holds] == []
