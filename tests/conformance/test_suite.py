"""The official conformance suite against the real server, with the suite's fixtures beside it."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from ..devkeel_mcp.processes import variables  # noqa: TID252  (the tests are no installed package)
from .conftest import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Node

pytestmark = pytest.mark.conformance
KNOWN = YAML(typ="safe").load(HERE / "expected-failures.yaml")
SCENARIO = re.compile(r"^([✓✗]) ([\w-]+): (\d+) passed, (\d+) failed", re.MULTILINE)


@contextmanager
def with_fixtures(root: Path) -> Iterator[str]:
    line = [sys.executable, str(HERE / "fixtures.py"), str(root)]
    with subprocess.Popen(line, stderr=subprocess.PIPE, env=variables(), text=True) as process:
        assert process.stderr is not None
        try:
            yield next(line for line in process.stderr if line.startswith("devkeel: serving ")).split()[-1]
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("package", "options", "expected", "unchecked"),
    [
        ("conformance", ("--suite", "all"), [], ["server-sse-polling"]),
        ("conformance-next", ("--requirements", "2025-11-25"), [], ["server-sse-polling"]),
        ("conformance-next", ("--requirements", "2026-07-28"), KNOWN["extension"], ["tasks-status-notifications"]),
    ],
    ids=["0.1.16", "2025-11-25", "2026-07-28"],
)
def test_the_suite_finds_nothing_but_what_is_told(
    node: Node, root: Path, tmp_path: Path, package: str, options: tuple[str, ...], expected: list[str], unchecked: str
) -> None:
    with with_fixtures(root) as url:
        done = node.run(f"{package}/dist/index.js", "server", "--url", url, *options, "-o", str(tmp_path / "results"))
    assert done.returncode == 0, done.stdout
    found = {name: (int(passed), int(failed)) for _, name, passed, failed in SCENARIO.findall(done.stdout)}
    assert len(found) > 30, done.stdout
    assert sorted(name for name, (_, failed) in found.items() if failed) == expected, done.stdout
    assert [name for name, counts in found.items() if counts == (0, 0)] == unchecked
    assert set(unchecked) <= set(KNOWN["unchecked"])
