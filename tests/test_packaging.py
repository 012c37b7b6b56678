"""What registries and bundles say about the project is what the project says; what it is developed with is locked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devkeel import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [
    *PROJECT["project"]["dependencies"],
    *(item for extra in PROJECT["project"]["optional-dependencies"].values() for item in extra),
]
DEVELOPMENT = [*PROJECT["dependency-groups"]["dev"], *PROJECT["build-system"]["requires"]]
# A requirement of the lock with what belongs to it: lines that end with a backslash go on.
LOCKED = [
    line for line in re.sub(r"\\\n", " ", (ROOT / "requirements-dev.txt").read_text()).splitlines() if line[:1] != "#"
]


@pytest.mark.parametrize("name", ["server.json", "packaging/mcpb/manifest.json"])
def test_a_manifest_has_the_version_of_the_project(name: str) -> None:
    found = json.loads((ROOT / name).read_text())
    assert found["version"] == __version__
    assert len(found["description"]) <= 100
    assert all(item["version"] == __version__ for item in found.get("packages", []))


@pytest.mark.parametrize(
    "written", [*RUNTIME, *PROJECT["dependency-groups"]["dev"], *PROJECT["build-system"]["requires"]]
)
def test_what_pyproject_names_is_locked_in_a_version_that_it_allows(written: str) -> None:
    wanted, versions = Requirement(written), {}
    for line in LOCKED:
        locked = Requirement(line.split(" --hash=")[0])
        if canonicalize_name(locked.name) == canonicalize_name(wanted.name):
            versions[line] = str(locked.specifier).removeprefix("==")
    assert versions, f"{wanted.name} is not locked: make lock"
    assert [item for item in versions.values() if not wanted.specifier.contains(item, prereleases=True)] == []


@pytest.mark.parametrize("line", LOCKED, ids=lambda line: line.split("==")[0])
def test_a_line_of_the_lock_is_one_version_with_hashes_and_names_no_place(line: str) -> None:
    written, *hashes = line.split(" --hash=")
    locked = Requirement(written)  # refuses options, and with them an index
    assert locked.url is None
    assert [item.operator for item in locked.specifier] == ["=="]
    assert hashes
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", item) for item in hashes)


@pytest.mark.parametrize("written", RUNTIME)
def test_what_devkeel_runs_with_is_a_range_from_a_lower_bound(written: str) -> None:
    operators = [item.operator for item in Requirement(written).specifier]
    assert operators.count(">=") == 1
    assert set(operators) <= {">=", "<"}


def test_the_wheel_has_the_templates_the_tables_and_their_licence(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    kits = ROOT / "tools" / "devkeel" / "templates" / "kits"
    wanted = {f"devkeel/templates/kits/{path.relative_to(kits)}" for path in kits.rglob("*") if path.is_file()}
    assert wanted
    names = zipfile.ZipFile(wheel).namelist()
    assert wanted <= {*names}
    assert sum(name.startswith("devkeel/catalogue/provided/") and name.endswith(".table") for name in names) == 7
    assert any(name.endswith("/licenses/NOTICE") for name in names)
