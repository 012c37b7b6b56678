"""`devkeel apply`, `run`, `env`, `doctor` on projects that conda packages or Python alone realise."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel.environments.applied import applying
from devkeel.errors import Busy
from devkeel.libraries.resolve.conda_lock import subdir
from devkeel.libraries.resolve.installers import find_uv
from devkeel_cli.run import run

from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
SAYS = ("python", "-c", "import plain; print(plain.VALUE)")

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "pyproject.toml").write_text(PROJECT)
    monkeypatch.chdir(place)
    return place


def lock(root: Path) -> None:
    subprocess.run([find_uv() or "uv", "lock", "--quiet"], cwd=root, check=True)


def devkeel(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "devkeel_cli", *arguments]
    return subprocess.run(argv, env=process_environment() | more, capture_output=True, text=True, check=False)


def test_apply_and_run_are_all_that_ci_needs(root: Path) -> None:
    lock(root)
    before = sorted(path.name for path in root.iterdir())
    assert devkeel("apply", "--strict").returncode == 0
    ran = devkeel("run", "--", *SAYS, VIRTUAL_ENV="/elsewhere", PYTHONHOME="/elsewhere", CONDA_PREFIX="/opt/conda")
    assert (ran.returncode, ran.stdout) == (0, "42\n"), ran.stderr
    assert sorted(path.name for path in root.iterdir()) == sorted([*before, ".devkeel"])


@pytest.mark.rule("guardrail: hidden")
def test_a_command_sees_nothing_of_another_environment_that_is_entered(root: Path) -> None:
    assert run(["apply"]) == 0
    found = devkeel("run", "--", "env", PYTHONPATH=os.pathsep.join(sys.path), CONDA_PREFIX="/opt/conda")
    assert not {"CONDA_PREFIX", "PYTHONPATH"} & {line.partition("=")[0] for line in found.stdout.splitlines()}
    assert f"VIRTUAL_ENV={root}/.devkeel/" in found.stdout


def test_the_backend_of_the_call_goes_before_what_the_files_say(
    root: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"name: demo\nchannels:\n  - file://{channel}\ndependencies:\n  - plain\n"
    (root / "environment.yml").write_text(text)
    assert run(["apply", "--backend", "venv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["backend"] == "venv"
    assert run(["run", "--backend", "conda", "--json", "--", *SAYS]) == 5
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_applied"
    assert run(["run", "--backend", "venv", "--json", "--", *SAYS]) == 0
    capsys.readouterr()
    assert run(["apply", "--json"]) == 0
    applied = json.loads(capsys.readouterr().out)
    assert applied["backend"] == "conda"
    assert any("pyproject.toml" in note and "environment.yml" in note for note in applied["notes"])


def test_another_backend_sees_what_declares_it_beside_devenv_nix(root: Path) -> None:
    (root / "devenv.nix").write_text("{ }\n")
    assert run(["apply", "--backend", "venv"]) == 0
    assert run(["env", "create", "side", "--backend", "venv", "--mixed"]) == 0
    assert devkeel("run", "--env", "side", "--", *SAYS).stdout == "42\n"


def test_a_backend_that_nothing_declares_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root.exists()
    assert run(["apply", "--backend", "flake", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "missing_file"


def test_a_backend_that_nothing_declares_is_told_with_the_files_that_would(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert root.exists()
    assert run(["apply", "--backend", "conda", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "missing_file"
    assert {"conda-lock.yml", "environment.yml"} <= set(error["alternatives"])


def test_inspecting_names_the_checks_that_this_declaration_has(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root.exists()
    assert run(["inspect", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["levels"] == ["syntax", "schema", "build"]
    assert [item["level"] for item in found["skipped"]] == ["build"]


def test_processes_need_a_file_that_can_declare_them(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root.exists()
    for verb in ("up", "restart"):
        assert run([verb, "--json"]) == 5
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "backend_cannot"
    assert run(["down"]) == 0


def test_the_verbs_of_env_make_list_tell_enter_and_remove(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["env", "list"]) == 0
    assert "devkeel apply" in capsys.readouterr().out
    assert run(["env", "create", "one", "--no-direnv"]) == 0
    capsys.readouterr()
    assert run(["env", "list", "--json", "--root", str(root)]) == 0
    assert [item["name"] for item in json.loads(capsys.readouterr().out)] == ["one"]
    assert run(["env", "info", "one", "--json"]) == 0
    prefix = json.loads(capsys.readouterr().out)["prefix"]
    assert run(["env", "activate", "one"]) == 0
    entering = capsys.readouterr().out + 'python -c "import sys; print(sys.prefix)"'
    entered = subprocess.run(["sh", "-euc", entering], capture_output=True, text=True, check=True)
    assert entered.stdout.strip() == prefix
    assert run(["env", "remove", "one"]) == 0
    assert not list((root / ".devkeel" / "envs").glob("one"))
    assert run(["env", "info", "one"]) == 1


def test_an_envrc_of_an_environment_that_is_not_made_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def noted() -> bool:
        capsys.readouterr()
        assert run(["envrc", "--json"]) == 0
        return any("is not made yet: `devkeel apply`" in note for note in json.loads(capsys.readouterr().out)["notes"])

    assert root.exists()
    assert noted()
    assert run(["env", "create"]) == 0
    assert not noted()


def test_purge_tells_what_was_applied_too(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply"]) == 0
    capsys.readouterr()
    assert run(["purge"]) == 0
    assert capsys.readouterr().out == "removed project\n"
    assert not (root / ".devkeel" / "envs").exists()


def test_run_without_a_command_is_wrong_usage(root: Path) -> None:
    assert root.exists()
    assert run(["run"]) == 2


def test_apply_makes_a_named_environment_and_run_enters_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", "--env", "Second One", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert f"{root}/.devkeel/envs/second-one/" in first["prefix"]
    assert run(["apply", "--env", "Second One", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
    assert devkeel("run", "--env", "second-one", "--", *SAYS).stdout == "42\n"
    assert devkeel("run", "--", *SAYS).returncode == 5


def test_a_stale_lock_is_a_warning_and_an_error_with_strict(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock(root)
    (root / "pyproject.toml").write_text(PROJECT.replace('"plain"', '"plain", "numbers-lib"'))
    before = (root / "uv.lock").read_bytes()
    assert run(["apply"]) == 0
    assert "numbers-lib" in capsys.readouterr().out
    assert run(["check"]) == 0
    for verb in ("apply", "check"):
        capsys.readouterr()
        assert run([verb, "--strict", "--json"]) == 3
        assert "lock_stale" in capsys.readouterr().out
    assert (root / "uv.lock").read_bytes() == before


def test_an_envrc_is_written_unless_it_is_not_wanted(root: Path) -> None:
    assert run(["env", "create", "--no-direnv"]) == 0
    assert not (root / ".envrc").exists()
    assert run(["env", "create", "other"]) == 0
    assert not (root / ".envrc").exists()
    assert run(["env", "create"]) == 0
    assert 'eval "$(devkeel env print)"' in (root / ".envrc").read_text()
    (root / ".envrc").write_text("layout python\n")
    assert run(["env", "create"]) == 0
    assert (root / ".envrc").read_text() == "layout python\n"


def test_init_writes_an_envrc_in_the_same_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, arguments in (("with", []), ("without", ["--no-direnv"])):
        place = tmp_path / name
        place.mkdir()
        monkeypatch.chdir(place)
        assert run(["init", *arguments]) == 0
        assert (place / ".envrc").exists() is (name == "with")
        watched = (place / ".envrc").read_text().split("watch_file ")[1:] if name == "with" else []
        # What is declared, and no file beside it.
        assert [item.split()[0] for item in watched] == (["devenv.nix", "devenv.yaml"] if name == "with" else [])
        assert run(["undo"]) == 0
        assert not (place / "devenv.nix").exists()
        assert not (place / ".envrc").exists()


def test_init_says_when_it_changes_what_declares_the_environment(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def notes() -> str:
        capsys.readouterr()
        assert run(["init", "--no-direnv", "--dry-run", "--json"]) == 0
        return " ".join(json.loads(capsys.readouterr().out)["notes"])

    assert "pyproject.toml" in notes()
    (root / "devkeel.toml").write_text('backend = "venv"\n')
    assert "pyproject.toml" not in notes()


def shown(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


class TestBootstrap:
    """A machine on which nothing realises conda packages, and a mirror that has micromamba."""

    @pytest.fixture
    def root(self, tmp_path: Path, channel: Path, micromamba_text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
        place, mirror = tmp_path / "project", tmp_path / "mirror"
        for folder in (place, mirror):
            folder.mkdir()
        text = f"name: demo\nchannels:\n  - file://{channel}\ndependencies:\n  - plain\n"
        (place / "environment.yml").write_text(text)
        (place / "devkeel.toml").write_text(f'micromamba = "{mirror.as_uri()}"\n')
        (mirror / f"micromamba-{subdir()}").write_text(micromamba_text)
        found = hashlib.sha256(micromamba_text.encode()).hexdigest()
        (mirror / f"micromamba-{subdir()}.sha256").write_text(f"{found}  micromamba-{subdir()}\n")
        monkeypatch.chdir(place)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setattr("devkeel.libraries.resolve.conda_solver.has_rattler", lambda: False)
        return place

    @pytest.mark.rule("guardrail: nothing by itself")
    def test_a_tool_is_installed_only_when_asked(self, root: Path) -> None:
        assert run(["apply"]) == 5
        assert not (root / ".devkeel" / "bin").exists()
        assert run(["apply", "--bootstrap"]) == 0
        assert (root / ".devkeel" / "bin" / "micromamba").exists()
        assert run(["env", "create", "--bootstrap"]) == 0
        assert run(["purge"]) == 0
        assert not (root / ".devkeel" / "bin").exists()

    @pytest.mark.parametrize(("answer", "ci", "code"), [("y", "", 0), ("n", "", 5), ("y", "1", 5)])
    @pytest.mark.rule("guardrail: asked")
    def test_a_person_is_asked_on_a_terminal_and_never_in_ci(self, root: Path, answer: str, ci: str, code: int) -> None:
        ours, theirs = pty.openpty()
        # Python asks both ends of the conversation whether they are a terminal; there is no rattler in this one.
        blind = (
            "import devkeel.libraries.resolve.conda_solver as c; c.has_rattler = lambda: False;"
            " import devkeel_cli.run as r; r.main()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", blind, "apply"],
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.DEVNULL,
            env=process_environment() | {"CI": ci},
        ) as process:
            os.close(theirs)
            os.write(ours, f"{answer}\n".encode())
            while shown(ours):
                pass
            assert process.wait(timeout=60) == code
        os.close(ours)
        assert (root / ".devkeel" / "bin" / "micromamba").exists() is (code == 0)

    @pytest.mark.rule("guardrail: published")
    def test_what_is_not_what_was_published_is_not_installed(
        self, root: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (root.parent / "mirror" / f"micromamba-{subdir()}").write_text("#!/bin/sh\nexit 0\n")
        assert run(["apply", "--bootstrap", "--json"]) == 5
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "bootstrap_failed"
        assert not (root / ".devkeel" / "bin" / "micromamba").exists()


class TestDoctor:
    """Each thing that the doctor looks at, found when it is there."""

    def examined(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]]]:
        capsys.readouterr()
        code = run(["doctor", "--json", *arguments])
        found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["findings"]
        assert all(item["verdict"] != "problem" or item["remedy"] for item in found)
        return code, found

    def wrong(self, capsys: pytest.CaptureFixture[str]) -> list[str]:
        code, found = self.examined(capsys)
        wrong = [str(item["message"]) for item in found if item["verdict"] == "problem"]
        assert code == (3 if wrong else 0)
        return wrong

    def test_where_each_tool_is_and_its_version(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert root.exists()
        _, found = self.examined(capsys)
        assert any(str(item["message"]).startswith(f"uv: {find_uv()}, uv ") for item in found)
        assert {"project", "venv"} <= {item["about"] for item in found}
        assert not {"devenv", "flake", "conda"} & {item["about"] for item in found}

    @pytest.mark.parametrize("backend", ["devenv", "flake", "conda", "venv"])
    def test_it_covers_each_backend(self, root: Path, capsys: pytest.CaptureFixture[str], backend: str) -> None:
        assert root.exists()
        _, found = self.examined(capsys, "--backend", backend)
        assert backend in {item["about"] for item in found}

    def test_the_health_of_each_environment(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments in (["apply"], ["env", "create", "one", "--no-direnv"]):
            assert run(arguments) == 0
        assert self.wrong(capsys) == []
        (root / ".devkeel/envs/one/current/bin/python").unlink()
        assert self.wrong(capsys) == ["its interpreter is gone"]

    def test_metadata_that_is_there_twice(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["env", "create", "one", "--no-direnv"]) == 0
        site = next((root / ".devkeel/envs/one").glob("current/lib/python*/site-packages"))
        (site / "plain-0.9.dist-info").mkdir()
        assert self.wrong(capsys) == ["plain is recorded twice"]

    def test_a_lock_that_fell_behind(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        lock(root)
        assert self.wrong(capsys) == []
        (root / "pyproject.toml").write_text(PROJECT.replace("plain", "numbers-lib"))
        assert "numbers-lib" in self.wrong(capsys)[0]

    def test_what_was_left_over(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["env", "create", "one", "--no-direnv"]) == 0
        (root / ".devkeel/envs/one/g-killed").mkdir()
        (root / ".devkeel/gc/killed").mkdir(parents=True)
        assert len(self.wrong(capsys)) == 2
        assert run(["apply"]) == 0
        (root / "pyproject.toml").write_text(PROJECT.replace('"plain"', '"plain", "numbers-lib"'))
        assert run(["env", "create", "one", "--no-direnv"]) == 0
        assert self.wrong(capsys) == []


@pytest.mark.parametrize("line", ["env create mine", "env remove mine", "purge", "apply --env mine"])
def test_one_at_a_time_makes_or_removes_environments(root: Path, line: str) -> None:
    assert run(["env", "create", "mine"]) == 0
    made = sorted((root / ".devkeel" / "envs" / "mine").iterdir())
    with applying(root / ".devkeel"):
        assert run(line.split()) == Busy.exit_code
    assert sorted((root / ".devkeel" / "envs" / "mine").iterdir()) == made
    assert run(line.split()) == 0


def test_purging_where_nothing_is_makes_nothing(root: Path) -> None:
    before = sorted(root.iterdir())
    assert run(["purge"]) == 0
    assert sorted(root.iterdir()) == before


class TestLinksInTheStateDirectory:
    """What is behind a link is somebody else's: nothing there is used or removed."""

    @pytest.fixture(params=[".devkeel", ".devkeel/envs", ".devkeel/gc"])
    def elsewhere(self, request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> Path:
        place = tmp_path / "elsewhere"
        for folder in (place, place / "envs"):
            (folder / "mine").mkdir(parents=True)
            (folder / "mine" / "environment.json").write_text('{"backend": "venv"}')
        link = root / request.param
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(place)
        return place

    @pytest.mark.parametrize(
        "line", ["apply", "env create mine", "env remove mine", "env remove envs", "purge", "apply --env mine"]
    )
    def test_it_stays(self, elsewhere: Path, line: str) -> None:
        before = sorted(elsewhere.rglob("*"))
        devkeel(*line.split())
        assert sorted(elsewhere.rglob("*")) == before


def test_purge_names_only_what_was_made(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "devkeel.toml").write_text("[environments.prod]\ngroups = []\n")
    assert run(["apply"]) == 0
    capsys.readouterr()
    assert run(["purge"]) == 0
    assert capsys.readouterr().out == "removed project\n"
    assert run(["purge"]) == 0
    assert capsys.readouterr().out == "nothing to remove\n"
