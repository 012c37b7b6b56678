"""One suite over every backend, through the Protocol alone: what each verb promises, held to real tools."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.backends import venv
from devkeel.backends.backend import Backend, Realisation
from devkeel.backends.registry import active, select
from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.errors import CheckFailed, DevkeelError
from devkeel.libraries.resolve import installers, micromamba, resolvers
from devkeel.nix_cli.shell import with_path
from devkeel.project.declaration import read_declaration
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.backends.backend import Applied

SAYS = ("python", "-c", "import plain; print(plain.VALUE)")
HELLO = ("hello",)


@dataclass(frozen=True)
class Case:
    """A project: its backend, what declares it, a text there and one that breaks it, a command and its answer."""

    name: str
    backend: str
    manifest: str
    text: str
    broken: str
    argv: tuple[str, ...]
    answer: str
    tool: str


CASES = (
    Case("devenv", "devenv", "devenv.nix", "pkgs.hello", "pkgs.build-fails", HELLO, "Hello, world!", "nix: "),
    Case("flake", "flake", "flake.nix", "GREETING", "GREETING = missing; X", HELLO, "Hello, world!", "nix: "),
    Case("uv", "venv", "requirements.txt", "plain", "no-such-library", SAYS, "42", "uv: "),
    Case("pip", "venv", "requirements.txt", "plain", "no-such-library", SAYS, "42", "Python: "),
    Case("rattler", "conda", "environment.yml", "plain", "no-such-library", SAYS, "42", "py-rattler "),
    Case("micromamba", "conda", "environment.yml", "plain", "no-such-library", SAYS, "42", "micromamba: "),
)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    if found.backend in ("devenv", "flake") and shutil.which("nix") is None:
        pytest.skip("nix is not installed")
    return found


@pytest.fixture
def root(case: Case, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    if case.backend == "devenv":
        request.getfixturevalue("offline")
        make: Callable[[str], Path] = request.getfixturevalue("pinned_project")
        return make("packages = [ pkgs.hello ];")
    if case.backend == "flake":
        found: Path = request.getfixturevalue("flake_project")
        return found
    place = tmp_path / "project"
    place.mkdir()
    request.getfixturevalue("own_index")
    if case.name == "pip":
        for module in (installers, venv, resolvers):
            monkeypatch.setattr(module, "find_uv", lambda: None)
    if case.name == "micromamba":
        request.getfixturevalue("micromamba")
    if case.name == "rattler":
        monkeypatch.setattr(micromamba, "find_micromamba", lambda _: None)
    text = "plain\n"
    if case.backend == "conda":
        text = f"name: demo\nchannels:\n  - file://{request.getfixturevalue('channel')}\ndependencies:\n  - plain\n"
    (place / case.manifest).write_text(text)
    return place


@pytest.fixture
def project(root: Path) -> Project:
    return Project(root.resolve())


@pytest.fixture
def backend(project: Project) -> Backend:
    return active(project, select(project).name)


def realisation(project: Project, keep: str | None) -> Realisation:
    folder = None if keep is None else project.state / "gc" / keep
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return Realisation(project, Candidate(Basis(project), read_declaration(project), fetches=True), folder)


def says(case: Case, applied: Applied) -> str:
    """Return what the case's command prints in an environment."""
    variables = with_path(applied.variables)
    found = shutil.which(case.argv[0], path=variables["PATH"])
    assert found is not None
    done = subprocess.run([found, *case.argv[1:]], env=variables, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def break_it(project: Project, case: Case) -> None:
    path = project.root / case.manifest
    text = path.read_text()
    assert case.text in text
    path.write_text(text.replace(case.text, case.broken, 1))


def test_detect_says_why_and_by_which_file(case: Case, backend: Backend, project: Project, tmp_path: Path) -> None:
    assert backend.name == case.backend
    evidence = backend.detect(project)
    assert evidence is not None
    assert evidence.files[0] == case.manifest
    assert case.manifest in evidence.reason
    (tmp_path / "empty").mkdir()
    assert backend.detect(Project(tmp_path / "empty")) is None


def test_declared_names_the_files(case: Case, backend: Backend, project: Project) -> None:
    assert case.manifest in backend.declared(project)
    assert all((project.root / name).is_file() for name in backend.declared(project))


def test_check_finds_what_cannot_be_realised_and_keeps_nothing(case: Case, backend: Backend, project: Project) -> None:
    assert [item for item in backend.check(realisation(project, None)) if item.severity == "error"] == []
    break_it(project, case)
    found = backend.check(realisation(project, None))
    assert [item.severity for item in found][:1] == ["error"]
    assert not (project.state / "gc").exists()


def test_apply_gives_an_environment_that_commands_run_in(case: Case, backend: Backend, project: Project) -> None:
    applied = backend.apply(realisation(project, "one"))
    assert applied.backend == case.backend
    assert backend.alive(applied)
    assert says(case, applied) == case.answer
    assert list(backend.health(Path(applied.prefix))) == []


def test_apply_changes_no_file_of_the_project(case: Case, backend: Backend, project: Project) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in project.root.iterdir() if path.is_file()}

    before = files()
    backend.apply(realisation(project, "one"))
    assert files() == before
    assert case.manifest in before


def test_an_apply_that_fails_leaves_what_was_applied_before(case: Case, backend: Backend, project: Project) -> None:
    first = backend.apply(realisation(project, "one"))
    break_it(project, case)
    with pytest.raises(CheckFailed):
        backend.apply(realisation(project, "two"))
    assert backend.alive(first)
    assert says(case, first) == case.answer


def test_lock_status_is_told_without_fetching(case: Case, backend: Backend, project: Project) -> None:
    status = backend.lock_status(project)
    assert status.state in {"devenv": ("current",), "flake": ("current",)}.get(case.backend, ("missing", "none"))


def test_the_doctor_says_where_each_tool_is_and_its_version(case: Case, backend: Backend, project: Project) -> None:
    found = backend.doctor(project)
    assert [item for item in found if item.ok and item.message.startswith(case.tool)]
    assert all(item.ok or item.remedy for item in found)


def test_what_a_backend_cannot_do_it_says(case: Case, backend: Backend) -> None:
    if case.backend == "flake":
        assert "greet" in backend.task("greet")[-1]
        return
    with pytest.raises(DevkeelError) as caught:
        backend.task("some:task")
    assert caught.value.code == ("program_missing" if case.backend == "devenv" else "backend_cannot")
    assert caught.value.remedy


def test_the_environment_is_told_by_the_verbs_too(case: Case, project: Project) -> None:
    environment = Environment(project.root, actor="test")
    job = environment.apply()
    assert job.wait(120)
    result: Any = environment.result(job)
    assert (result.backend, environment.inspect().backend) == (case.backend, case.backend)
    ran = environment.run(case.argv)
    assert ran.wait(120)
    assert environment.result(ran).stdout.strip() == case.answer
    environment.close()
