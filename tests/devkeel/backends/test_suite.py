"""One suite over every backend that installs libraries, through the Protocol and the verbs, with real tools."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.backends import venv
from devkeel.backends.backend import Realisation
from devkeel.backends.registry import active, select
from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.edits.libraries import AddLibrary, RemoveLibrary
from devkeel.errors import CheckFailed
from devkeel.libraries.resolve import installers, micromamba, resolvers
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = []\n'


@dataclass(frozen=True)
class Case:
    """A project of one backend: how a library is asked for there, and what shows that it is installed."""

    name: str
    manifest: str
    exact: str
    shows: tuple[str, ...]

    def ask(self, library: str, version: str | None = None) -> str:
        return library if version is None else f"{library}{self.exact}{version}"


UV = Case("uv", "pyproject.toml", "==", ("python", "-c", "import plain; print(plain.VALUE)"))
PIP = Case("pip", "requirements.txt", "==", UV.shows)
PIP_OF_A_PROJECT = Case("pip-of-a-project", "pyproject.toml", "==", UV.shows)
RATTLER = Case("rattler", "environment.yml", "=", UV.shows)
MICROMAMBA = Case("micromamba", "environment.yml", "=", UV.shows)


# What pip alone is asked in its own words; the rest is one code for uv and pip.
WITH_PIP = {
    "test_a_library_is_added_resolved_installed_and_used",
    "test_what_cannot_go_together_is_refused_with_the_reason_and_nothing_changes",
    "test_a_name_that_does_not_exist_is_refused_with_the_reason",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = [UV, *([PIP, PIP_OF_A_PROJECT] if metafunc.function.__name__ in WITH_PIP else []), RATTLER, MICROMAMBA]
        metafunc.parametrize("case", cases, indirect=True, ids=lambda case: case.name)


@pytest.fixture
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Case:
    found: Case = request.param
    root = tmp_path / "project"
    root.mkdir()
    if found.manifest == "environment.yml":
        if found is MICROMAMBA:
            request.getfixturevalue("micromamba")
        else:
            monkeypatch.setattr(micromamba, "find_micromamba", lambda _: None)
        channel = request.getfixturevalue("channel")
        (root / found.manifest).write_text(
            f"name: demo\nchannels:\n  - file://{channel}\ndependencies:\n  - numbers-lib\n"
        )
        return found
    request.getfixturevalue("own_index")
    (root / found.manifest).write_text("" if found is PIP else PROJECT)
    if found is not UV:
        for module in (installers, venv, resolvers):
            monkeypatch.setattr(module, "find_uv", lambda: None)
    else:
        assert installers.find_uv() is not None
    return found


@pytest.fixture
def environment(case: Case, tmp_path: Path) -> Iterator[Environment]:
    opened = Environment(tmp_path / "project", actor="test")
    yield opened
    opened.close()


def add(environment: Environment, *names: str, level: str | None = None) -> bool:
    edit = AddLibrary(language="python", names=list(names))
    return environment.change([edit], level=level).published


def shown(environment: Environment, case: Case, name: str | None = None) -> str:
    """Return what a command prints in a named environment."""
    entered = environment.environments().activation(name)
    if not (Path(entered.prefix) / "bin" / case.shows[0]).exists():
        return ""
    path = f"{entered.variables['PATH']}:/usr/bin:/bin"
    found = subprocess.run(
        case.shows, env={**entered.variables, "PATH": path}, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def test_a_library_is_added_resolved_installed_and_used(environment: Environment, case: Case) -> None:
    assert add(environment, "plain")
    made = environment.environments().create()
    assert made.judge == case.name.partition("-")[0]
    assert shown(environment, case) == "42"


def test_what_cannot_go_together_is_refused_with_the_reason_and_nothing_changes(
    environment: Environment, case: Case
) -> None:
    manifest = environment.project.root / case.manifest
    assert add(environment, case.ask("numbers-lib", "1.0.0"))
    before = manifest.read_bytes()
    with pytest.raises(CheckFailed) as caught:
        add(environment, case.ask("frames", "1.5.3"), case.ask("numbers-lib", "2.0.0"))
    assert caught.value.code == "unresolvable"
    assert "numbers-lib" in str(caught.value.as_data())
    assert manifest.read_bytes() == before


def test_a_name_that_does_not_exist_is_refused_with_the_reason(environment: Environment, case: Case) -> None:
    assert add(environment, "plain")
    with pytest.raises(CheckFailed) as caught:
        add(environment, "no-such-library")
    assert caught.value.code == "unresolvable"
    assert "no-such-library" in caught.value.message
    assert len([item for item in caught.value.diagnostics if "no-such-library" in item.message]) == 1
    assert caught.value.seen is None  # the finding has all that the resolver says


@pytest.mark.rule("guardrail: whole")
def test_an_environment_that_cannot_be_made_anew_stays_as_it_was(environment: Environment, case: Case) -> None:
    add(environment, "plain")
    environments = environment.environments()
    first = environments.create()
    manifest = environment.project.root / case.manifest
    text = manifest.read_text()
    manifest.write_text(text.replace("plain", "no-such-library"))
    with pytest.raises(CheckFailed):
        environments.create()
    assert environments.info().prefix == first.prefix
    assert environments.info().leftovers == 0
    assert shown(environment, case) == "42"


def test_removing_a_library_makes_an_environment_without_it(environment: Environment, case: Case) -> None:
    add(environment, "plain")
    environment.environments().create()
    environment.change([RemoveLibrary(language="python", names=["plain"])])
    environment.environments().create()
    assert shown(environment, case) == ""


def test_undo_takes_the_manifest_back_byte_for_byte(environment: Environment, case: Case) -> None:
    manifest = environment.project.root / case.manifest
    before = manifest.read_bytes()
    add(environment, "plain")
    environment.undo()
    assert manifest.read_bytes() == before


def test_environments_of_two_names_are_two_places(environment: Environment, case: Case) -> None:
    add(environment, "plain")
    environments = environment.environments()
    one, two = environments.create("One"), environments.create("Two 2")
    assert [item.name for item in environments.all()] == ["one", "two-2"]
    assert one.prefix != two.prefix
    environments.remove("one")
    assert [item.name for item in environments.all()] == ["two-2"]


@pytest.mark.rule("naming: moved")
def test_the_registry_survives_moving_the_project(environment: Environment, case: Case) -> None:
    add(environment, "plain")
    environment.environments().create("kept")
    moved = environment.project.root.rename(environment.project.root.parent / "elsewhere")
    environment.close()
    there = Environment(moved, actor="test")
    assert [item.name for item in there.environments().all()] == ["kept"]
    assert shown(there, case, "kept") == "42"
    there.close()


def test_purge_removes_what_devkeel_made_and_nothing_else(environment: Environment, case: Case) -> None:
    add(environment, "plain")
    environment.environments().create()
    foreign = environment.project.root / ".venv"
    foreign.mkdir()
    assert environment.environments().purge() == (("demo",) if case.manifest == "environment.yml" else ("project",))
    assert foreign.is_dir()
    assert environment.environments().all() == ()
    assert [item.kind for item in environment.history().operations] == ["edit"]


def test_the_protocol_answers_for_each_verb(environment: Environment, case: Case) -> None:
    project = Project(environment.project.root)
    backend = active(project, select(project).name)
    evidence = backend.detect(project)
    assert evidence is not None
    assert case.manifest in evidence.files
    assert case.manifest in backend.declared(project)
    assert backend.lock_status(project).state in ("missing", "none")
    assert all(item.message and (item.ok or item.remedy) for item in backend.doctor(project))
    subject = Candidate(Basis(project), {case.manifest: (project.root / case.manifest).read_bytes()}, fetches=True)
    assert backend.check(Realisation(project, subject, None)) == []
    applied = backend.apply(Realisation(project, subject, project.state / "envs" / "x"))
    assert backend.alive(applied)
    assert applied.prefix in applied.variables["PATH"]


def test_nothing_is_left_of_a_check_that_builds(environment: Environment, case: Case) -> None:
    assert add(environment, "plain", level="build")
    assert environment.environments().all() == ()
