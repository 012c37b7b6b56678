"""What builds, imports and enters for a caller who has to be held sees no more than a run does; the rest is refused."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError, Unavailable
from devkeel.libraries.resolve.installers import find_uv
from devkeel.nix_cli.devenv import ask_devenv
from devkeel.nix_cli.shell import enter
from devkeel.policy.permission import ALL, EVERYTHING, Limit
from devkeel.processes.manage import manage
from devkeel.runtime.holding import held_by
from devkeel.runtime.programs import executing
from devkeel.sandbox import ways
from devkeel.sandbox.building import Building

if TYPE_CHECKING:
    from collections.abc import Callable

    Without = Callable[..., None]

LIBRARY = Path(__file__).parents[3] / "tools" / "devkeel"
HELD = EVERYTHING.within(Limit(ALL, "a role", sandbox=True))
# A back end is code: this one looks for what is beside the project each time that it is loaded.
BACK_END = """\
import pathlib
seen = pathlib.Path({canary!r}).exists()
with open(pathlib.Path(__file__).parent / "seen", "a") as file:
    file.write(f"{{seen}}\\n")
"""
# Where programs are run, and why none of them is code of a project or of a library that is not held.
SITES = {
    "runtime/process.py": "the wrapper itself",
    "runtime/holding.py": "the way to what is held",
    "sandbox/building.py": "runs the keeper",
    "sandbox/keeper.py": "starts what makes a sandbox",
    "sandbox/guarded.py": "git, which lists names",
    "sandbox/ways.py": "tries a sandbox",
    "environments/declared_run.py": "the project's own test for who reads it, refused to who has to be held",
    "environments/run.py": "the command that was asked for: held by `perform`",
    "nix_cli/settings.py": "Nix, which evaluates in its own confinement and builds in its own sandbox",
    "nix_cli/confinement.py": "evaluations, confined as they are",
    "nix_cli/enclosure.py": "tries an enclosure",
    "nix_cli/confined_value.py": "git, which lists names",
    "nix_cli/untracked.py": "git, which lists names",
    "candidate/stage.py": "tries a stage",
    "candidate/git_tree.py": "git, which reads objects",
    "change/external.py": "git, which reads what was committed",
    "detection/repository.py": "git, which lists names",
    "builds/signing_key.py": "git, which reads what is ignored",
    "backends/health.py": "programs of the machine, for their version; none of the project",
    "project/direnv.py": "direnv, which is asked and runs nothing",
    "libraries/resolve/installers.py": "a Python of the machine; one of the project is held",
    "libraries/resolve/interpreter.py": "uv, which finds or fetches a Python",
    "processes/own_up.py": "processes, which are refused to who is held",
    "processes/supervisor/chores.py": "the supervisor's, which is no caller",
    "processes/supervisor/probes.py": "the supervisor's, which is no caller",
    "processes/supervisor/supervised.py": "the supervisor's, which is no caller",
    "catalogue/refresh.py": "devkeel's own module",
    "catalogue/provided/renewal.py": "devkeel's own module",
}


@pytest.fixture(params=("bubblewrap", "namespaces"))
def by(request: pytest.FixtureRequest, without: Without) -> str:
    """Each way to make a sandbox, where this system has it."""
    if request.param == "namespaces":
        without("bubblewrap")
    if ways.way() != request.param:
        pytest.skip("this system gives no such sandbox to this user")
    return str(request.param)


def test_a_back_end_that_builds_the_project_sees_nothing_beside_it(tmp_path: Path, by: str) -> None:
    if find_uv() is None:
        pytest.skip("uv is not installed")
    canary = tmp_path / "canary"
    canary.touch()
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(
        '[project]\nname = "it"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "back_end"\nbackend-path = ["."]\n'
    )
    (root / "back_end.py").write_text(BACK_END.format(canary=str(canary)))
    seen = dict[str, set[str]]()
    for name, permission in (("free", EVERYTHING), ("held", HELD)):
        environment = Environment(root, actor="test", permission=permission)
        job = environment.apply()
        assert job.wait(120)
        with pytest.raises(DevkeelError) as caught:  # it has no hooks
            environment.result(job)
        environment.close()
        assert caught.value.code == "install_failed", caught.value
        seen[name] = set((root / "seen").read_text().split())
        (root / "seen").unlink()
    assert seen == {"free": {"True"}, "held": {"False"}}
    assert by


def test_what_a_shell_does_on_entering_sees_nothing_beside_the_project(tmp_path: Path, by: str) -> None:
    canary, root = tmp_path / "canary", tmp_path / "project"
    canary.touch()
    root.mkdir()
    hook = f"export SEEN=$([ -e {canary} ] && echo yes || echo no); : > {root}/entered"
    with executing():
        free, _ = enter({"shellHook": hook, "KEPT": "1"}, root, 30)
    with executing(), held_by(Building(root, network=False)):
        held, notes = enter({"shellHook": hook, "KEPT": "1"}, root, 30)
    assert (free["SEEN"], held["SEEN"], notes) == ("yes", "no", ())
    assert held.keys() == free.keys()
    assert (root / "entered").exists()
    assert by


def test_what_cannot_be_held_is_refused_to_who_has_to_be(tmp_path: Path, by: str) -> None:
    (tmp_path / "Procfile").write_text("web: sleep 600\n")
    (tmp_path / "requirements.txt").write_text("")
    environment = Environment(tmp_path, actor="test", permission=HELD)
    context = environment.context
    with held_by(context.holder()), pytest.raises(Unavailable) as caught:
        manage(context, "start", (), timeout=5, on_failure="keep", entered={})
    environment.close()
    assert caught.value.code == "not_sandboxed"
    with held_by(Building(tmp_path, network=True)), pytest.raises(Unavailable) as caught:
        ask_devenv(("devenv", "info"), cwd=tmp_path, timeout=1, builds=False)
    assert caught.value.code == "not_sandboxed"
    assert by


def test_who_has_to_be_held_gets_no_build_where_there_is_no_sandbox(tmp_path: Path, without: Without) -> None:
    without("namespaces")
    (tmp_path / "requirements.txt").write_text("")
    environment = Environment(tmp_path, actor="test", permission=HELD)
    job = environment.apply()
    assert job.wait(120)
    with pytest.raises(Unavailable) as caught:
        environment.result(job)
    environment.close()
    assert caught.value.code == "not_sandboxed"


def test_each_place_that_runs_a_program_is_held_or_says_why_not() -> None:
    found = {str(path.relative_to(LIBRARY)) for path in LIBRARY.rglob("*.py") if _runs(path)}
    assert found == SITES.keys()


def _runs(path: Path) -> bool:
    """Return whether a module calls `run`, `start` or the like of the wrapper, and not by `run_held`."""
    tree = ast.parse(path.read_text("utf-8"))
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("devkeel.runtime", "devkeel.runtime.process")
        for alias in node.names
        if alias.name in ("run", "start", "start_detached", "process")
    }
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    # A name that is handed on is called somewhere else.
    by_name = any(isinstance(node, ast.Name) and node.id in names - {"process"} for node in ast.walk(tree))
    by_module = any(
        isinstance(call, ast.Attribute)
        and isinstance(call.value, ast.Name)
        and call.value.id in ("process", "runtime", "subprocess")
        and call.attr in ("run", "start", "Popen")
        for call in calls
    )
    return by_name or by_module
