"""Workflows of GitHub Actions: on what a project is tested is what it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.detection.images import image_meanings, read_reference
from devkeel.detection.setups import setup_of
from devkeel.detection.shell_text import ShellText, of_shell
from devkeel.detection.variables import variable_clue
from devkeel.detection.versions import newest
from devkeel.detection.written import Written, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile
    from devkeel.detection.setups import Setup

__all__ = ["GitHubActions", "steps_of_workflow"]

_NAME = re.compile(r"\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml")
# Workflows and jobs that are about something else than the project's own code: what they set up need not be wanted.
_BESIDE = re.compile(
    r"docs?|pages|website|site|release|publish|deploy\w*|codeql|labell?er|label|stale|lock|sync|notify|changelog|bump"
    r"|dependabot|renovate|triage|greet\w*|scorecards?|semgrep|security|audit|benchmark|gh-pages|update|nightly|cron"
    r"|lint|linkcheck|links|spell\w*|backport|cleanup|preview|docker|image|homebrew|winget|assign"
)
# GitHub, "Contexts": a value of the matrix of a job.
_OF_MATRIX = re.compile(r"\$\{\{\s*matrix\.(?P<path>[\w.-]+)\s*\}\}")
_OF_ENV = re.compile(r"\$\{\{\s*env\.(?P<name>\w+)\s*\}\}")
_PORT = re.compile(r"(?P<host>\d+):(?P<container>\d+)(?:/tcp)?")
_NUMBER = re.compile(r"v?\d")
_STEP = 16  # what a step costs of a budget
_CACHES = ("npm", "yarn", "pnpm")


class GitHubActions:
    """Reads workflows."""

    def matches(self, name: str) -> bool:
        """Return whether a file is a workflow by its place."""
        return _NAME.fullmatch(name) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield what each job is set up with: languages, services, packages, variables, and the tests that it runs."""
        workflow = read_yaml(file)
        title = f"{file.name.rpartition('/')[2].rpartition('.')[0]} {workflow.get('name').text or ''}"
        beside = _is_beside(file.name.rpartition("/")[2].rpartition(".")[0])
        for name, job in workflow.get("jobs").members.items():
            file.spend(len(job.get("steps").items) * _STEP)
            tests = _runs_tests(job)
            aside = not tests and (beside or _is_beside(name) or _is_beside(title))
            yield from _Job(file, workflow, name, job, aside=aside).clues()


def steps_of_workflow(file: RepositoryFile) -> Iterator[ShellText]:
    """Yield the shell text of each step of a job that tests. Raises ValueError for what does not parse."""
    for name, job in read_yaml(file).get("jobs").members.items():
        for step in job.get("steps").items if _runs_tests(job) else ():
            run = step.get("run")
            if run.text is not None and _is_shell(step.get("shell").text):
                yield ShellText(file, run.text, run.first, f"the job {name}", exact=run.exact)


def _is_beside(name: str) -> bool:
    return any(_BESIDE.fullmatch(word) for word in re.split(r"[^a-z]+", name.lower()))


def _runs_tests(job: Written) -> bool:
    return any(re.search(r"\btests?\b|\bcheck\b", step.get("run").text or "") for step in job.get("steps").items)


class _Job:
    """A job of a workflow. aside: whether it is about something else than the project's code."""

    def __init__(self, file: RepositoryFile, workflow: Written, name: str, job: Written, *, aside: bool) -> None:
        self._file, self._workflow, self._name, self._job, self._aside = file, workflow, name, job, aside
        self._what = f"the job {name}"

    def clues(self) -> Iterator[Clue]:
        """Yield what it says."""
        yield from self._images()
        yield from self._variables()
        for step in self._job.get("steps").items:
            uses, run = step.get("uses"), step.get("run")
            if uses.text is not None:
                found = setup_of(uses.text)
                if found is not None:
                    yield from self._set_up(*found, step)
            if run.text is not None and _is_shell(step.get("shell").text):
                sure = self._sure("likely")
                text = ShellText(self._file, run.text, run.first, self._what, exact=run.exact, certainty=sure)
                yield from of_shell(text, tests=not self._aside)

    def _sure(self, certainty: Certainty) -> Certainty:
        return "possible" if self._aside else certainty

    def _images(self) -> Iterator[Clue]:
        for name, service in self._job.get("services").members.items():
            image = service.get("image")
            for meaning in image_meanings(read_reference(self._known(image.text) or "")):
                why = f"{self._what} runs beside a service {name}"
                sure = self._sure("certain")
                yield self._file.clue("service", meaning.name, image.line, sure, why, version=meaning.version)
        container = self._job.get("container")
        image = container.get("image") if container.members else container
        for meaning in image_meanings(read_reference(self._known(image.text) or "")):
            if meaning.about == "language":
                why = f"{self._what} runs in {image.text}"
                sure, options = self._sure("certain"), dict(meaning.options)
                yield self._file.clue(
                    "language", meaning.name, image.line, sure, why, version=meaning.version, options=options
                )

    def _variables(self) -> Iterator[Clue]:
        for holder in (self._workflow, self._job):
            for name, item in holder.get("env").members.items():
                if item.text is not None and "${{" not in item.text:
                    yield from variable_clue(
                        self._file, name, item.text, item.line, f"{self._what} has it", self._sure("possible")
                    )

    def _set_up(self, setup: Setup, reference: str, step: Written) -> Iterator[Clue]:
        given, options = step.get("with"), dict(setup.options)
        if setup.name == "javascript" and given.get("cache").text in _CACHES:
            options[f"{given.get('cache').text}.enable"] = True
        why = f"{self._what} sets it up"
        versions = self._versions(setup, reference, given)
        best = _newest([version for version, _ in versions])
        for version, line in versions:
            many = f"{why}, in one of {len(versions)} versions" if len(versions) > 1 else why
            sure: Certainty = "certain" if len(versions) == 1 else "likely" if version == best else "possible"
            yield self._file.clue(
                setup.about, setup.name, line, self._sure(sure), many, version=version, options=options
            )
        if not versions:
            line = step.get("uses").line
            yield self._file.clue(setup.about, setup.name, line, self._sure("certain"), why, options=options)

    def _versions(self, setup: Setup, reference: str, given: Written) -> list[tuple[str, int]]:
        """Return the versions that a step may set up, each with its line."""
        item = next((given.get(name) for name in setup.version if given.get(name).text is not None), None)
        if item is None:
            return [(reference, given.line)] if setup.of_reference and _NUMBER.match(reference) else []
        found = [(value.text.strip(), value.line) for value in self._values(item) if value.text is not None]
        return [*{version: (version, line) for version, line in found if version and "$" not in version}.values()]

    def _values(self, item: Written) -> list[Written]:
        """Return what an input is: itself, its lines, or what the matrix has in its place."""
        text = (item.text or "").strip()
        matrix, variable = _OF_MATRIX.fullmatch(text), _OF_ENV.fullmatch(text)
        if matrix is not None:
            return self._of_matrix(matrix["path"].split("."))
        if variable is not None:
            holders = (self._job.get("env", variable["name"]), self._workflow.get("env", variable["name"]))
            return [found for found in holders if found.text is not None][:1]
        return [
            type(item)(item.first + at if item.exact else item.line, line) for at, line in enumerate(text.splitlines())
        ]

    def _of_matrix(self, path: list[str]) -> list[Written]:
        matrix = self._job.get("strategy", "matrix")
        rows = [matrix.get(path[0]), *(row.get(path[0]) for row in matrix.get("include").items)]
        found = list[Written]()
        for row in rows:
            items = row.items or (row,)
            found += [item.get(*path[1:]) for item in items]
        self._file.spend(len(found) * _STEP)  # a matrix is looked up by each step again
        return [item for item in found if item.text is not None]

    def _known(self, text: str | None) -> str | None:
        """Return a text whose one expression is what the matrix has newest there, None where that is not known."""
        if text is None or "${{" not in text:
            return text
        found = [*_OF_MATRIX.finditer(text)]
        if len(found) == 1 and text.count("${{") == 1:
            values = [item.text for item in self._of_matrix(found[0]["path"].split(".")) if item.text]
            best = _newest(values)
            if best is not None:
                return text.replace(found[0][0], best)
        return text.partition("${{")[0].rstrip(":")


def _newest(versions: list[str]) -> str | None:
    """Return the newest version, the first text where none is one; None where there is none."""
    numbered = [version for version in versions if _NUMBER.match(version)]
    return newest(numbered) if numbered else next(iter(versions), None)


def _is_shell(shell: str | None) -> bool:
    return shell is None or shell.split()[0] in ("bash", "sh")
