"""Pipelines of GitLab and CircleCI: the images that jobs run in, the services beside them, what they run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.detection.images import image_meanings, read_reference
from devkeel.detection.interpolation import KnownVariables
from devkeel.detection.shell_text import ShellText, of_shell
from devkeel.detection.variables import variable_clue
from devkeel.detection.written import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile
    from devkeel.detection.written import Written

__all__ = ["CirclePipelines", "GitLabPipelines", "scripts_of_pipeline"]

_GITLAB = re.compile(r"\.gitlab-ci\.ya?ml|\.gitlab/(?:ci/)?[\w./-]+\.ya?ml")
_CIRCLE = re.compile(r"\.circleci/config\.ya?ml")
# GitLab, "CI/CD YAML syntax reference", "Keywords": what stands at the top beside jobs.
_KEYWORDS = frozenset({"stages", "variables", "include", "workflow", "cache", "spec", "image", "services", "default"})
_SCRIPTS = ("before_script", "script", "after_script")
_BESIDE = re.compile(
    r"(?:^|[^a-z])(?:pages|deploy\w*|release|publish|docs?|sast|secret|dast|review|notify|docker|image|lint|renovate)"
    r"(?:[^a-z]|$)"
)
_TESTS = re.compile(r"(?:^|[^a-z])tests?(?:[^a-z]|$)")


class GitLabPipelines:
    """Reads pipelines of GitLab. What they include or extend elsewhere is not followed."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its place."""
        return _GITLAB.fullmatch(name) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield what the pipeline and each job say."""
        root = read_yaml(file)
        given = {name: item.text or item.get("value").text for name, item in root.get("variables").members.items()}
        known = KnownVariables({name: text for name, text in given.items() if text is not None})
        for holder in (root, root.get("default")):
            yield from _images(file, holder.get("image"), holder.get("services"), known, "the pipeline", "certain")
        for name, item in root.get("variables").members.items():
            if item.text is not None and known.of(item.text) is not None:
                yield from variable_clue(file, name, item.text, item.line, "the pipeline has it", "possible")
        for name, job in root.members.items():
            if name in _KEYWORDS or name in _SCRIPTS or not job.members:
                continue
            tests = any(_TESTS.search(text) for key in _SCRIPTS for text in job.get(key).texts())
            aside = not tests and _BESIDE.search(name.lower()) is not None
            sure: Certainty = "possible" if aside else "certain"
            yield from _images(file, job.get("image"), job.get("services"), known, f"the job {name}", sure)
        for text in scripts_of_pipeline(file):
            yield from of_shell(text, tests=True)


class CirclePipelines:
    """Reads pipelines of CircleCI; what its orbs do is not known."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its place."""
        return _CIRCLE.fullmatch(name) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield what each job and executor says: the first image is the job's own, others run beside it."""
        root, known = read_yaml(file), KnownVariables({})
        for group in ("executors", "jobs"):
            for name, job in root.get(group).members.items():
                images = [item.get("image") for item in job.get("docker").items]
                sure: Certainty = "possible" if _BESIDE.search(name.lower()) else "certain"
                for image in images[:1]:
                    yield from _image(file, image, known, f"the job {name}", sure, services=False)
                for image in images[1:]:
                    yield from _image(file, image, known, f"the job {name}", sure, services=True)
        for text in scripts_of_pipeline(file):
            yield from of_shell(text, tests=True)


def scripts_of_pipeline(file: RepositoryFile, *, tests: bool = False) -> Iterator[ShellText]:
    """Yield the shell text of each job. tests: of those alone that test. Raises ValueError for what does not parse."""
    root = read_yaml(file)
    jobs = root.get("jobs").members if _CIRCLE.fullmatch(file.name) else {"": root, **root.members}
    for name, job in jobs.items():
        if name in _KEYWORDS - {"default"}:
            continue
        what = f"the job {name}" if name else "the pipeline"
        sure: Certainty = "possible" if _BESIDE.search(name.lower()) else "likely"
        found = [item for key in _SCRIPTS for item in _lines(job.get(key))]
        file.spend(len(found))
        for step in job.get("steps").items:
            run = step.get("run")
            found += [run.get("command") if run.members else run]
        if tests and not any(_TESTS.search(item.text or "") for item in found):
            continue
        for item in found:
            if item.text is not None:
                yield ShellText(file, item.text, item.first, what, exact=item.exact, certainty=sure)


def _lines(script: Written) -> Iterator[Written]:
    """Yield the texts of a script; lists in it, as anchors make them, are taken apart."""
    if script.text is not None:
        yield script
    for item in script.items:
        yield from _lines(item)


def _images(
    file: RepositoryFile, image: Written, services: Written, known: KnownVariables, what: str, sure: Certainty
) -> Iterator[Clue]:
    yield from _image(file, image.get("name") if image.members else image, known, what, sure, services=False)
    for item in services.items:
        yield from _image(file, item.get("name") if item.members else item, known, what, sure, services=True)


def _image(
    file: RepositoryFile, image: Written, known: KnownVariables, what: str, sure: Certainty, *, services: bool
) -> Iterator[Clue]:
    # What is not known of a reference is its tag, mostly.
    text = known.of(image.text) or (image.text or "").partition("$")[0].rstrip(":")
    for meaning in image_meanings(read_reference(text)):
        if (meaning.about == "service") is services:
            why = f"{what} runs {'beside' if services else 'in'} {image.text}"
            options = dict(meaning.options)
            yield file.clue(
                meaning.about, meaning.name, image.line, sure, why, version=meaning.version, options=options
            )
