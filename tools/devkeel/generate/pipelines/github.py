"""A workflow of GitHub Actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel.generate.kind import Generated, GeneratedFile, Generator
from devkeel.generate.parameters import Parameter
from devkeel.generate.pipelines.plan import COMMON, IMAGE, JOB, PipelinePlan, as_yaml, plan_of

if TYPE_CHECKING:
    from devkeel.generate.kind import ProjectSource

__all__ = ["GITHUB"]

_FOLDER = ".github/workflows"
_CACHES = {"venv": "~/.cache/uv"}


def _generate(source: ProjectSource) -> Generated:
    given, plan = source.parameters, plan_of(source)
    if not plan.commands:
        raise UsageError("bad_parameter", "There is nothing to run.", remedy="Give a script, or let it realise.")
    if given["minutes"] < 1:
        raise UsageError(
            "bad_parameter",
            "The parameter minutes is the time after which the job is ended: 1 at least.",
            seen=str(given["minutes"]),
            remedy="Give how many minutes it may take, or leave minutes out.",
        )
    job: dict[str, Any] = {"runs-on": "ubuntu-latest", "timeout-minutes": given["minutes"]}
    if given["container"] is not None:
        job["container"] = given["container"]
    job["steps"] = [*_beginning(source, plan), *({"run": command} for command in plan.commands)]
    tree = {
        "name": given["name"],
        "on": {"push": {"branches": given["branches"]}, "pull_request": None},
        "permissions": {"contents": "read"},
        "jobs": {given["name"]: job},
    }
    file = f"{_FOLDER}/{given['name']}.yml"
    return Generated(
        (GeneratedFile(file, as_yaml(tree)),),
        source.given,
        findings=plan.findings(file),
        runs=("when the workflow is on GitHub, and a branch is pushed or a pull request is opened or changed",),
    )


def _beginning(source: ProjectSource, plan: PipelinePlan) -> list[dict[str, Any]]:
    """Return the steps before the commands: what is checked out, installed and taken from what was kept."""
    given = source.parameters
    # All of the history, for what a branch is compared with.
    steps: list[dict[str, Any]] = [{"uses": "actions/checkout@v4", "with": {"fetch-depth": 0}}]
    if not plan.realises:
        return steps
    files = ", ".join(f"'{name}'" for name in plan.deciding)
    before = "devkeel-${{ runner.os }}-"
    key = f"{before}${{{{ hashFiles({files}) }}}}" if files else f"{before}all"
    if plan.nix:
        steps.append({"uses": "cachix/install-nix-action@v31"})
        kept = {"primary-key": key, "restore-prefixes-first-match": before}
        steps.append({"uses": "nix-community/cache-nix-action@v7", "with": kept})
    elif source.backend in _CACHES:
        kept = {"path": _CACHES[source.backend], "key": key, "restore-keys": before}
        steps.append({"uses": "actions/cache@v4", "with": kept})
    if given["container"] is None:
        steps.append({"uses": "actions/setup-python@v5", "with": {"python-version": given["python"]}})
    steps.append({"run": f"pip install {' '.join(plan.installs)}"})
    against = 'devkeel check --against "origin/$GITHUB_BASE_REF"'
    steps.append({"run": against, "if": "github.event_name == 'pull_request'"})
    return steps


GITHUB = Generator(
    "github-workflow",
    "A workflow of GitHub that realises the environment and runs its test, with what was fetched kept.",
    (
        Parameter("name", "Of the workflow, its file and its job.", default="environment", pattern=JOB),
        *COMMON,
        Parameter("container", "An image to run in, in place of the runner.", pattern=IMAGE),
        Parameter("minutes", "After how many it is ended.", "number", 60),
    ),
    lambda given: (f"{_FOLDER}/{given['name']}.yml",),
    _generate,
    enters=lambda given: given.get("environment", True),
)
