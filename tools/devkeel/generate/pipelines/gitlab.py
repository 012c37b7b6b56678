"""A job of GitLab's pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel.generate.kind import Generated, GeneratedFile, Generator
from devkeel.generate.parameters import Parameter
from devkeel.generate.pipelines.plan import COMMON, IMAGE, JOB, PipelinePlan, as_yaml, plan_of

if TYPE_CHECKING:
    from devkeel.generate.kind import ProjectSource

__all__ = ["GITLAB"]

_FILE = ".gitlab-ci.yml"
# Keys of the file that are no jobs, and one that is a job with a meaning of its own (docs.gitlab.com, ci/jobs, "Job
# names", and ci/yaml).
_RESERVED = (
    "image|services|stages|types|before_script|after_script|variables|cache|include|true|false|nil|null|default|"
    "workflow|spec|pages"
)
# What is kept has to lie in the project's directory.
_KEPT = ".cache/devkeel"
_HOMES = {"venv": "UV_CACHE_DIR"}
_STORE = f"file://$CI_PROJECT_DIR/{_KEPT}"


def _generate(source: ProjectSource) -> Generated:
    given, plan = source.parameters, plan_of(source)
    if not plan.commands:
        raise UsageError("bad_parameter", "There is nothing to run.", remedy="Give a script, or let it realise.")
    listed = " || ".join(f'$CI_COMMIT_BRANCH == "{branch}"' for branch in given["branches"])
    job: dict[str, Any] = {
        "image": given["image"] or f"python:{given['python']}",
        "rules": [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}, {"if": listed}],
        "variables": {"GIT_DEPTH": "0", **_variables(source.backend, plan)},
    }
    if plan.realises:
        if plan.nix or source.backend in _HOMES:
            # GitLab takes two files at most (ci/yaml, `cache:key:files`).
            key = {"files": [*plan.deciding[:2]], "prefix": "devkeel"} if plan.deciding else "devkeel"
            job["cache"] = {"key": key, "paths": [_KEPT]}
        job["before_script"] = _installing(plan)
        against = 'devkeel check --against "${CI_MERGE_REQUEST_DIFF_BASE_SHA:-HEAD}"'
        job["script"] = [against, *plan.commands]
        if plan.nix:
            job["after_script"] = [f'nix --extra-experimental-features nix-command copy --all --to "{_STORE}"']
    else:
        job["script"] = [*plan.commands]
    return Generated(
        (GeneratedFile(_FILE, as_yaml({given["name"]: job})),),
        source.given,
        findings=plan.findings(_FILE),
        runs=("when the pipeline is on GitLab, and a branch is pushed or a merge request is opened or changed",),
    )


def _variables(backend: str, plan: PipelinePlan) -> dict[str, str]:
    if plan.nix:
        # A store in a directory, which is believed without a signature since this pipeline filled it.
        return {"NIX_CONFIG": f"extra-substituters = {_STORE}?trusted=true"}
    return {_HOMES[backend]: f"$CI_PROJECT_DIR/{_KEPT}"} if plan.realises and backend in _HOMES else {}


def _installing(plan: PipelinePlan) -> list[str]:
    debian = ["apt-get update --quiet", "apt-get install --quiet --yes --no-install-recommends nix-bin"]
    return [*(debian if plan.nix else ()), f"pip install {' '.join(plan.installs)}"]


GITLAB = Generator(
    "gitlab-ci",
    "A job for GitLab that realises the environment and runs its test, with what was fetched kept.",
    (
        Parameter(
            "name", "Of the job; no keyword of GitLab's.", default="environment", pattern=rf"(?!(?:{_RESERVED})$){JOB}"
        ),
        *COMMON,
        Parameter("image", "The image to run in; one with Debian where Nix is needed.", pattern=IMAGE),
    ),
    lambda _given: (_FILE,),
    _generate,
    enters=lambda given: given.get("environment", True),
)
