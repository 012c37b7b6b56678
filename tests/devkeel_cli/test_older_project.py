"""A project that an older devkeel left: it opens, keeps its history and undo, and its environments are the default one.

`project-0.1.0.tar.gz` is what devkeel 0.1.0 wrote: five operations, an environment that was applied and one by a name,
whose libraries are left out. It had no seals, so that a person takes the history over, and environments are made again.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.state.files import make_directory, write_record
from devkeel_cli.run import run

if TYPE_CHECKING:
    from collections.abc import Callable

WRITTEN = Path(__file__).with_name("project-0.1.0.tar.gz")

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    with tarfile.open(WRITTEN) as archive:
        # Python 3.11.2, which Debian 12 has, knows no filters yet; 3.14 has a stricter one where none is named.
        archive.extractall(place, **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))  # noqa: S202  (our own)
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def call(*arguments: str, code: int = 0) -> Any:
        capsys.readouterr()
        place = arguments.index("--") if "--" in arguments else len(arguments)
        assert run([*arguments[:place], "--json", *arguments[place:]]) == code
        return json.loads(capsys.readouterr().out)

    return call


def test_it_opens_and_says_what_is_to_be_made_again(root: Path, told: Callable[..., Any]) -> None:
    found = told("inspect")
    assert found["packages"] == ["jq"]
    assert {item["code"] for item in found["problems"]} >= {"foreign_records"}
    assert any("older devkeel" in item for item in found["stages"]["differs"])
    assert any("older devkeel wrote it" in item for item in found["notes"])
    error = told("run", "--backend", "venv", "--", "python", "-c", "", code=5)["error"]
    assert (error["code"], "older devkeel" in error["message"]) == ("not_applied", True)
    assert (root / ".devkeel" / "state.db").exists()


def test_its_history_is_taken_over_and_undone(root: Path, told: Callable[..., Any]) -> None:
    assert run(["adopt", "--yes"]) == 0
    operations = told("history")["operations"]
    assert [item["id"] for item in operations] == [5, 4, 3, 2, 1]
    assert operations[3]["reason"] == "for the scripts"
    assert told("undo")["published"]
    assert "GREETING" not in (root / "devenv.nix").read_text()
    assert told("undo", "2")["published"]
    assert "jq" not in (root / "devenv.nix").read_text()
    assert told("undo", "--redo")["published"]
    assert "jq" in (root / "devenv.nix").read_text()


@pytest.mark.parametrize("adopted", [True, False])
def test_its_environments_are_made_again_with_a_sentence_that_says_so(
    root: Path, told: Callable[..., Any], *, adopted: bool
) -> None:
    if adopted:
        assert run(["adopt", "--yes"]) == 0
    first = told("apply", "--backend", "venv")
    assert first["environment"] == "project"
    assert any("older devkeel" in item and "project" in item for item in first["notes"])
    again = told("apply", "--backend", "venv")
    assert not any("older devkeel" in item for item in again["notes"])
    assert not (root / ".devkeel" / "applied.json").exists()
    assert not (root / ".devkeel" / "gc").exists()
    assert told("run", "--", "python", "-c", "import sys; print(sys.prefix)")["stdout"].strip() == first["prefix"]
    notes = told("env", "create", "side", "--backend", "venv", "--mixed", "--no-direnv")["notes"]
    assert any("older devkeel" in item for item in notes)
    assert {item["name"] for item in told("env", "list")} == {"project", "side"}


def test_its_envrc_is_renewed(root: Path, told: Callable[..., Any]) -> None:
    assert "use devenv" in (root / ".envrc").read_text()
    assert told("envrc")["published"]
    text = (root / ".envrc").read_text()
    assert "use devenv" not in text
    assert 'eval "$(devkeel env print)"' in text


def test_one_without_a_name_that_has_a_seal_is_the_default_environment_until_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[..., Any]
) -> None:
    place = tmp_path / "demo"
    place.mkdir()
    (place / "requirements.txt").write_text("plain\n")
    monkeypatch.chdir(place)
    told("apply")
    environment = Environment(place, actor="test")
    good = environment.environments().good()
    assert good is not None
    state = place / ".devkeel"
    keep = make_directory(state, "gc", "one") / "g-1"
    Path(good.applied.prefix).rename(keep)
    applied = {
        "backend": "venv",
        "prefix": str(keep),
        "variables": {"VIRTUAL_ENV": str(keep), "PATH": f"{keep}/bin"},
        "judge": "uv",
        "unset": [],
        "notes": [],
    }
    record = {"operation": None, "revision": good.revision, "lock_revision": None, "time": good.time, "keep": "one"}
    write_record(state / "applied.json", {"version": 1, "applied": applied, **record})
    for path in (state / "envs").glob("*/*"):
        if path.is_file():
            path.unlink()
    (listed,) = told("env", "list")
    assert (listed["name"], listed["older"], listed["prefix"]) == ("demo", True, str(keep))
    ran = told("run", "--", "python", "-c", "import plain, sys; print(sys.prefix)")
    assert ran["stdout"].strip() == str(keep)
    assert run(["env", "print"]) == 0
    (place / "requirements.txt").write_text("plain\nnumbers-lib\n")
    made = told("apply")
    assert any("without a name" in item for item in made["notes"])
    assert not (state / "applied.json").exists()
    assert not (state / "gc").exists()
    assert [item["older"] for item in told("env", "list")] == [False]
