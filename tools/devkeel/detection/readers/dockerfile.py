"""Dockerfiles: what an image is made from is what the project runs on."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.detection.images import image_meanings, read_reference
from devkeel.detection.shell_text import ShellText, of_shell
from devkeel.detection.variables import variable_clue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile
    from devkeel.source import dockerfile
    from devkeel.source.dockerfile import DockerInstruction
else:
    dockerfile = Deferred("devkeel.source.dockerfile")

__all__ = ["Dockerfiles"]

# Any name may be given to a build; these are what such files are called.
_NAME = re.compile(r"(?:Dockerfile|Containerfile)(?:[.-][\w-]+)*|[\w.-]+\.(?:dockerfile|Dockerfile|containerfile)")
_TEMPLATE = re.compile(r"\.(?:j2|jinja2?|tmpl|tpl|template|erb|in|dockerignore|md|sh|py|txt|ya?ml|json)$")
_PORT = re.compile(r"(\d{1,5})(?:/tcp)?")


class Dockerfiles:
    """Reads Dockerfiles and Containerfiles."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its name."""
        base = posixpath.basename(name)
        return _NAME.fullmatch(base) is not None and _TEMPLATE.search(base) is None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language of each stage, what it installs, its variables and ports, and what it runs."""
        # An image of a part of the repository, as for its own CI, may be a box of tools.
        stages, languages = set[str](), not file.nested
        last: DockerInstruction | None = None
        for item in dockerfile.instructions(file.text):
            if item.kind == "FROM":
                found = [*_from(file, item, stages)]
                languages = not file.nested and all(clue.about != "language" for clue in found)
                stages |= {item.alias.lower()} - {""}
                last = None
                yield from found
            elif item.kind in ("CMD", "ENTRYPOINT"):
                last = item if last is None or item.kind == "ENTRYPOINT" else last
            else:
                yield from _said(file, item, stages, languages=languages)
        if last is not None:
            yield from _run(file, last)


def _said(file: RepositoryFile, item: DockerInstruction, stages: set[str], *, languages: bool) -> Iterator[Clue]:
    """Yield what an instruction of a stage says. languages: whether one that it installs is the stage's first."""
    if item.kind == "COPY":
        yield from _from(file, item, stages)
    elif item.kind == "ENV":
        for one in item.variables:
            if one.value is not None and dockerfile.UNKNOWN not in one.value:
                yield from variable_clue(file, one.name, one.value, one.line, "the image sets it", "likely")
    elif item.kind == "EXPOSE":
        yield from _exposed(file, item)
    elif item.kind == "RUN" and item.shell is not None:
        yield from of_shell(ShellText(file, item.shell, item.first, "the image", languages=languages))


def _from(file: RepositoryFile, item: DockerInstruction, stages: set[str]) -> Iterator[Clue]:
    """Yield what an image that a stage begins with, or takes files from, stands for."""
    for image in item.words:
        if image.lower() in stages or image.isdigit() or dockerfile.UNKNOWN in image.partition(":")[0]:
            continue
        for meaning in image_meanings(read_reference(image)):
            version = meaning.version if meaning.version and dockerfile.UNKNOWN not in meaning.version else None
            why = f"the image is made from {image.replace(dockerfile.UNKNOWN, '…')}"
            # An image that is built on a server of a database is another one of that, for whoever runs it.
            certainty: Certainty = (
                "certain" if meaning.about == "language" else "likely" if meaning.sure else "possible"
            )
            yield file.clue(
                meaning.about, meaning.name, item.line, certainty, why, version=version, options=dict(meaning.options)
            )


def _exposed(file: RepositoryFile, item: DockerInstruction) -> Iterator[Clue]:
    for port in item.words:
        found = _PORT.fullmatch(port)
        if found is not None:
            yield file.clue("port", "app", item.line, "possible", "the image listens there", value=int(found[1]))


def _run(file: RepositoryFile, item: DockerInstruction) -> Iterator[Clue]:
    command = shlex.join(item.words) if item.words else (item.shell or "").strip()
    if not command or dockerfile.UNKNOWN in command or "\n" in command:
        return
    # A path of the image is none of the project.
    own: Certainty = (
        "possible" if "/" in command.split()[0] or re.search(r"(?:^|[\s=])/(?!dev/)", command) else "likely"
    )
    yield file.clue("process", "app", item.line, own, "the image runs it", value=command)
