"""Which backend a project has, how its environments are called, and what is never mixed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.backends.registry import BACKENDS, ROWS, active, backend_named, select
from devkeel.edits.libraries import AddLibrary
from devkeel.environments.names import all_environments, default_name, sanitised
from devkeel.errors import CheckFailed, DevkeelError, ProjectError, Refused, Unavailable, UsageError
from devkeel.project.envrc import entering, envrc, prompt
from devkeel.project.root import DECLARATION, MANIFESTS, Project, find_root
from devkeel.state.files import make_directory, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.backends.registry import BackendRow

FILES = {
    "devenv.nix": "{ }\n",
    "flake.nix": "{ outputs = _: { }; }\n",
    "conda-lock.yml": "metadata:\n  platforms: []\npackage: []\n",
    "environment.yml": "dependencies:\n  - numpy\n",
    "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n',
    "requirements.txt": "numpy\n",
}


def made(root: Path, *names: str) -> Project:
    for name in names:
        (root / name).write_text(FILES[name])
    return Project(root)


@pytest.mark.rule("guardrail: order")
def test_the_call_goes_before_the_settings_and_these_before_the_files(tmp_path: Path) -> None:
    project = made(tmp_path, "devenv.nix")
    assert select(project, "venv", "conda").name == "venv"
    assert select(project, None, "conda").name == "conda"
    assert select(project, None, None).name == "devenv"


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (FILES, "devenv"),
        ([*FILES][1:], "flake"),
        ([*FILES][2:], "conda"),
        ([*FILES][3:], "conda"),
        ([*FILES][4:], "venv"),
        (["requirements.txt"], "venv"),
        ([], "devenv"),
    ],
)
@pytest.mark.rule("guardrail: order")
def test_the_files_that_are_there_decide_in_this_order(tmp_path: Path, files: list[str], name: str) -> None:
    assert select(made(tmp_path, *files)).name == name


@pytest.mark.usefixtures("micromamba")
@pytest.mark.parametrize(
    ("file", "name"), [("requirements.txt", "venv"), ("environment.yml", "conda"), (None, "devenv")]
)
@pytest.mark.rule("guardrail: no tool decides")
def test_a_tool_that_happens_to_be_installed_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare_path: Path, file: str | None, name: str
) -> None:
    for tool in ("nix", "devenv", "uv"):
        (bare_path / tool).write_text("#!/bin/sh\nexit 0\n")
        (bare_path / tool).chmod(0o755)
    project = made(tmp_path, *([file] if file else []))
    assert select(project).name == name
    monkeypatch.setenv("PATH", "")
    assert select(project).name == name


def test_a_pyproject_with_settings_of_tools_alone_declares_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert select(Project(tmp_path)).name == "devenv"


@pytest.mark.rule("guardrail: declared twice")
def test_two_declarations_are_an_ambiguity_that_the_result_names(tmp_path: Path) -> None:
    made(tmp_path, "devenv.nix", "flake.nix")
    found = Environment(tmp_path, actor="test").inspect()
    assert found.backend == "devenv"
    assert any("flake.nix" in note and "devenv.nix" in note for note in found.notes)
    assert select(made(tmp_path, "pyproject.toml")).others == ("flake.nix",)


def test_an_unknown_backend_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        select(Project(tmp_path), "docker")
    assert (caught.value.code, caught.value.alternatives) == ("unknown_backend", BACKENDS)
    (tmp_path / "devkeel.toml").write_text('backend = "docker"\n')
    with pytest.raises(ProjectError) as told:
        Environment(tmp_path, actor="test").selection()
    assert told.value.code == "bad_settings"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_is_of_a_backend_that_the_project_knows_by_its_files(row: BackendRow) -> None:
    found = backend_named(row.name)
    assert found.name == row.name
    assert {*row.files} <= {DECLARATION, *MANIFESTS}
    assert {*row.judged} <= {*row.files}
    assert {*row.realises} <= {*BACKENDS}


@pytest.mark.rule("guardrail: root")
def test_the_root_is_the_nearest_parent_with_any_declaration(tmp_path: Path) -> None:
    for name in FILES:
        root = tmp_path / name.replace(".", "-")
        (root / "a" / "b").mkdir(parents=True)
        made(root, name)
        assert find_root(None, {}, root / "a" / "b") == root


@pytest.mark.rule("guardrail: no stand-in")
def test_pip_never_stands_in_for_a_conda_declaration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "environment.yml", "requirements.txt")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("devkeel.libraries.resolve.conda_solver.has_rattler", lambda: False)
    with pytest.raises(Unavailable) as caught:
        Environment(tmp_path, actor="test").environments().create()
    assert caught.value.code == "tool_missing"
    assert "micromamba" in (caught.value.remedy or "")


def test_pip_inside_a_conda_environment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("dependencies:\n  - pip:\n      - httpx\n")
    with pytest.raises(Unavailable) as caught:
        Environment(tmp_path, actor="test").environments().create()
    assert caught.value.code == "backend_cannot"
    assert "httpx" in caught.value.message


@pytest.mark.rule("naming: mixed")
def test_another_runtime_beside_the_declared_one_needs_an_explicit_flag(tmp_path: Path) -> None:
    made(tmp_path, "environment.yml")
    (tmp_path / "requirements.txt").write_text("")
    environments = Environment(tmp_path, actor="test").environments()
    with pytest.raises(Refused) as caught:
        environments.create("other", backend="venv")
    assert caught.value.code == "mixed_runtimes"
    assert environments.create("other", backend="venv", mixed=True).backend == "venv"
    assert environments.create("other").backend == "venv"


@pytest.mark.rule("naming: one of nix")
@pytest.mark.parametrize("file", ["devenv.nix", "flake.nix"])
def test_a_shell_of_nix_is_one_not_many(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("{ }\n")
    with pytest.raises(Unavailable) as caught:
        Environment(tmp_path, actor="test").environments().create("other")
    assert caught.value.code == "backend_cannot"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("My Project", "my-project"),
        ("a.b/c", "a-b-c"),
        ("3d", "_3d"),
        ("_x", "_x"),
        ("Ünïcode", "n-code"),
        ("x" * 300, "x" * 255),
    ],
)
@pytest.mark.rule("naming: letters")
def test_a_name_is_made_of_lower_case_and_hyphens(given: str, name: str) -> None:
    assert sanitised(given) == name


@pytest.mark.parametrize("name", ["", "base", "ROOT", "default", "...", "/", "--"])
@pytest.mark.rule("naming: reserved")
def test_reserved_and_empty_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        sanitised(name)
    assert caught.value.code == "bad_environment_name"


def test_the_name_is_that_of_the_settings_then_of_conda_then_of_the_directory(tmp_path: Path) -> None:
    root = tmp_path / "Some Directory"
    root.mkdir()
    project = Project(root)
    assert default_name(project, None) == "some-directory"
    (root / "environment.yml").write_text("name: 'From Conda'\n".replace(" ", "_").replace(":_", ": "))
    assert default_name(project, None) == "from_conda"
    assert default_name(project, "Chosen") == "chosen"


def test_an_environment_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    made(tmp_path, "requirements.txt")
    with pytest.raises(ProjectError) as caught:
        Environment(tmp_path, actor="test").run(["true"], environment="nowhere")
    assert caught.value.code == "unknown_environment"


def test_the_lock_of_conda_covers_platforms(tmp_path: Path) -> None:
    project = made(tmp_path, "environment.yml", "conda-lock.yml")
    status = active(project, select(project).name).lock_status(project)
    assert status.state == "stale"
    assert "covers" in (status.reason or "")


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_envrc_is_made_for_each_backend_and_made_anew_in_place(backend: str) -> None:
    lines = entering(["pyproject.toml"])
    first = envrc(None, lines)
    mine = b"# above\n" + first + b"export MINE=1\n"
    again = envrc(mine, lines, prompt("[{name}]", backend, "x"))
    assert again.startswith(b"# above\n")
    assert again.endswith(b"export MINE=1\n")
    assert b"export DEVKEEL_PROMPT='[x]'" in again


@pytest.mark.rule("guardrail: own envrc")
def test_an_envrc_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    made(tmp_path, "requirements.txt")
    (tmp_path / ".envrc").write_text("layout python\n")
    with pytest.raises(Refused) as caught:
        Environment(tmp_path, actor="test").write_envrc()
    assert caught.value.code == "foreign_envrc"
    assert (tmp_path / ".envrc").read_text() == "layout python\n"


def test_a_directory_whose_name_is_none_is_no_environment(tmp_path: Path) -> None:
    project = made(tmp_path, "requirements.txt")
    for name in ("$(x)", "UPPER", "base", "good-one"):
        folder = make_directory(project.state, "envs", name)
        write_record(folder / "environment.json", {"backend": "venv"})
    assert [item.name for item in all_environments(project)] == ["good-one"]


@pytest.mark.parametrize("wrong", ["{user}", "x\n# End of what devkeel made.\ntouch x", "\x1b[2J", *"$`\\!%"])
def test_the_prompt_says_backend_and_name_in_a_format_of_ones_own(wrong: str) -> None:
    assert prompt("({backend}:{name})", "venv", "x") == prompt("({backend}:{env_name})", "venv", "x") == "(venv:x)"
    with pytest.raises(UsageError) as caught:
        prompt(wrong, "venv", "x")
    assert caught.value.code == "bad_prompt"


def test_a_library_is_refused_where_its_resolver_says_no_even_beside_another_edit(tmp_path: Path) -> None:
    made(tmp_path, "requirements.txt")
    with pytest.raises((CheckFailed, DevkeelError)):
        Environment(tmp_path, actor="test").change([AddLibrary(language="nothing", names=["x"])])


def test_a_library_is_added_where_the_backend_of_the_project_reads_it(tmp_path: Path) -> None:
    made(tmp_path, "environment.yml", "pyproject.toml")
    edit = AddLibrary(language="python", names=["flask"])
    for setting, file in ((None, "environment.yml"), ("venv", "pyproject.toml"), ("conda", "environment.yml")):
        if setting:
            (tmp_path / "devkeel.toml").write_text(f'backend = "{setting}"\n')
        environment = Environment(tmp_path, actor="test")
        assert environment.change([edit], level="schema", dry_run=True).files == (file,)
        environment.close()
    called = Environment(tmp_path, actor="test", backend="venv")
    assert called.change([edit], level="schema", dry_run=True).files == ("pyproject.toml",)


def test_a_backend_that_reads_no_such_file_says_so(tmp_path: Path) -> None:
    made(tmp_path, "flake.nix")
    with pytest.raises(ProjectError) as caught:
        Environment(tmp_path, actor="test").change([AddLibrary(language="python", names=["flask"])])
    assert (caught.value.code, caught.value.alternatives[0]) == ("no_manifest", "pyproject.toml")


@pytest.mark.parametrize("declaration", ["devenv.nix", "flake.nix", "environment.yml"])
@pytest.mark.rule("guardrail: no stand-in")
def test_pip_never_stands_in_where_a_conda_or_nix_declaration_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare_path: Path, declaration: str
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    made(root, declaration, "requirements.txt")
    monkeypatch.setenv("PATH", str(bare_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("devkeel.libraries.resolve.conda_solver.has_rattler", lambda: False)
    environment = Environment(root, actor="test")
    job = environment.apply()
    assert job.wait(60)
    with pytest.raises(Unavailable) as caught:
        environment.result(job)
    assert "nstall" in (caught.value.remedy or "")
    assert not list(root.glob(".devkeel/**/bin/python"))


@pytest.mark.rule("guardrail: base")
def test_the_base_environment_of_conda_is_never_activated(
    tmp_path: Path, channel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    text = f"name: base\nchannels:\n  - file://{channel}\ndependencies:\n  - plain\n"
    (root / "environment.yml").write_text(text)
    monkeypatch.setenv("CONDA_PREFIX", "/opt/conda")
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "base")
    environments = Environment(root, actor="test").environments()
    created = environments.create()
    assert created.name == "project"
    assert created.variables["CONDA_PREFIX"] == created.prefix
    assert created.variables["CONDA_DEFAULT_ENV"] == "project"
    with pytest.raises(UsageError):
        environments.create("base")


@pytest.mark.rule("naming: own kind")
def test_each_environment_may_have_its_own_backend_and_python(
    tmp_path: Path, channel: Path, own_index: None, interpreters: tuple[str, ...]
) -> None:
    text = f"channels:\n  - file://{channel}\ndependencies:\n  - plain\n"
    (tmp_path / "environment.yml").write_text(text)
    (tmp_path / "requirements.txt").write_text("plain\n")
    environment = Environment(tmp_path, actor="test")
    environments = environment.environments()
    environments.create("conda")
    for number, python in enumerate(interpreters):
        environments.create(f"venv-{number}", backend="venv", mixed=True, python=python)

    def version(*python: str) -> str:
        argv = [*python, "-c", "import platform; print(platform.python_version())"]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    told = {item.name: (item.backend, item.python) for item in environments.all()}
    # the packages of the channel are made for the Python of the tests
    assert told == {"conda": ("conda", version(sys.executable))} | {
        f"venv-{number}": ("venv", version(python)) for number, python in enumerate(interpreters)
    }
    environments.create("venv-0")
    assert environments.info("venv-0").python == version(interpreters[0])
    assert environment.inspect().environments == environments.all()


def test_a_lock_of_uv_covers_platforms(tmp_path: Path) -> None:
    project = made(tmp_path, "pyproject.toml")
    (tmp_path / "uv.lock").write_text("version = 1\nsupported-markers = [\"sys_platform == 'nowhere'\"]\n")
    status = active(project, select(project).name).lock_status(project)
    assert status.state == "stale"
    assert "nowhere" in (status.reason or "")
