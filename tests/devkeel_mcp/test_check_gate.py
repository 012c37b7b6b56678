"""check_gate and an apply that ends with a gate, over stdio: real pytest in a real virtual environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("check_gate")

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
TESTS = """\
def test_always(): pass
def test_the_library_is_there():
    import plain
    assert plain.VALUE == 42
def test_what_a_person_wrote():
    from pathlib import Path
    assert not Path("broken").exists()
"""
# pytest as it runs these tests, in the project's own Python: what is to be tried is what it writes.
SITE = Path(pytest.__file__).parents[1]
SETTINGS = f"""\
[gates]
stage = "tests"
mode = "block"
after_apply = true
command = [
  "env", "PYTHONPATH={SITE}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1",
  "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=report.xml",
]
reports = ["report.xml"]

[gates.stages.tests]
passed = 100
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("check_gate") / "demo"
    place.mkdir()
    (place / "pyproject.toml").write_text(PROJECT)
    (place / "devkeel.toml").write_text(SETTINGS)
    (place / "test_it.py").write_text(TESTS)
    return place


@pytest.fixture(scope="module")
def server(root: Path, index: dict[str, str]) -> Iterator[Wire]:
    """One server for every test; its environment is made by the first that applies."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (index | {"XDG_CACHE_HOME": str(root.parent / "cache")}).items():
            patched.setenv(name, value)
        with Wire(root, flags=("--toolsets", "core,policy")) as found:
            yield found


def counted(gate: dict[str, Any]) -> tuple[int, int]:
    found = gate["figures"]["tests"]
    return found["passed"], found["failed"]


def test_a_report_that_the_run_did_not_write_is_refused(root: Path, server: Wire) -> None:
    server.told("apply_environment")
    (root / "devkeel.toml").write_text(SETTINGS.replace("--junitxml=report.xml", "--junitxml=other.xml"))
    error = server.error("check_gate")
    assert (error["code"], error["place"]["file"]) == ("report_untrusted", "report.xml")
    assert (root / "other.xml").exists()
    read = server.told("check_gate", run=False, reports=["other.xml"], stage="bootstrap")
    assert (read["verdict"], counted(read), read.get("ran")) == ("not_measured", (3, 0), None)
    (root / "devkeel.toml").write_text(SETTINGS)


def test_block_takes_back_what_broke_it_and_leaves_a_failure_of_before_alone(root: Path, server: Wire) -> None:
    first = server.told("apply_environment")["gate"]
    assert (first["verdict"], counted(first), first["percent"]["passed"]) == ("passed", (3, 0), 100)
    assert "coverage" not in first["percent"] or first["percent"]["coverage"] is None

    removed = server.told("add_library", language="python", names=["plain"], remove=True)["operation"]
    broke = server.told("apply_environment")["gate"]
    assert (broke["verdict"], broke["blocked"], counted(broke)) == ("failed", True, (2, 1))
    assert broke["taken_back"]["reverted"] == [removed]
    assert broke["taken_back"]["environment"] is True
    assert (root / "pyproject.toml").read_text() == PROJECT
    assert server.told("run_command", argv=["python", "-c", "import plain"])["exit_code"] == 0
    newest = server.told("show_history")["operations"][0]
    assert (newest["id"], newest["kind"], newest["reverts"]) == (broke["taken_back"]["operation"], "restore", removed)

    (root / "broken").touch()  # what a person does is nobody's operation
    theirs = server.told("check_gate")
    assert (theirs["verdict"], theirs["blocked"], counted(theirs)) == ("failed", True, (2, 1))
    assert theirs["taken_back"].get("operation") is None
    assert (root / "broken").exists()

    server.told("add_library", language="python", names=["numbers-lib"])
    left = server.told("apply_environment")["gate"]
    assert (left["verdict"], left["blocked"], counted(left)) == ("failed", False, (2, 1))
    assert "taken_back" not in left
    assert "numbers-lib" in (root / "pyproject.toml").read_text()

    server.told("add_library", language="python", names=["plain"], remove=True)
    worse = server.told("apply_environment")["gate"]
    assert (worse["blocked"], counted(worse), len(worse["worse"])) == (True, (1, 2), 1)
    assert "taken_back" not in worse
    assert '"plain"' not in (root / "pyproject.toml").read_text()
