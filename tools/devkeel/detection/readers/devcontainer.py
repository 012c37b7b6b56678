"""Containers of editors: the image, the features and the settings of a devcontainer.json."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.detection.images import image_meanings, read_reference
from devkeel.detection.shell_text import ShellText, of_shell
from devkeel.detection.tools import tool_named
from devkeel.detection.variables import variable_clue
from devkeel.detection.written import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile
    from devkeel.detection.written import Written

__all__ = ["DevContainers", "commands_of_container"]

# containers.dev, "Development Container Metadata Reference" and its places.
_NAME = re.compile(r"(?:.*/)?(?:\.devcontainer\.json|\.devcontainer/(?:[^/]+/)?devcontainer\.json)")
_COMMANDS = ("onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand")
# Features by their names in the collections of containers.dev that `tool_named` does not know.
_FEATURES = {
    "kubectl-helm-minikube": ("kubectl", "helm", "minikube"),
    "aws-cli": ("awscli",),
    "hatch": ("hatch",),
    "terraform-asdf": ("terraform",),
    "node-asdf": ("node",),
    "go-task": ("task",),
}
_TAG = re.compile(r"(?P<name>.*?)(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?")
_NO_VERSION = frozenset({"", "latest", "none", "os-provided", "lts", "true", "false"})


class DevContainers:
    """Reads devcontainer.json."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its place."""
        return _NAME.fullmatch(name) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language of its image, its features, ports and variables, and what its commands install."""
        root = read_json(file.name, file.data)
        image = root.get("image")
        for meaning in image_meanings(read_reference(image.text or "")):
            why, options = f"the editor's container is made from {image.text}", dict(meaning.options)
            yield file.clue(
                meaning.about, meaning.name, image.line, "certain", why, version=meaning.version, options=options
            )
        for reference, settings in root.get("features").members.items():
            yield from _feature(file, reference, settings)
        for item in root.get("forwardPorts").items:
            if (item.text or "").isdecimal():
                why = "the editor's container hands it on"
                yield file.clue("port", "app", item.line, "possible", why, value=int(item.text or 0))
        for key in ("containerEnv", "remoteEnv"):
            for name, item in root.get(key).members.items():
                if item.text is not None and "${" not in item.text:
                    why = "the editor's container has it"
                    yield from variable_clue(file, name, item.text, item.line, why, "likely")
        for text in commands_of_container(file):
            yield from of_shell(text)


def commands_of_container(file: RepositoryFile) -> Iterator[ShellText]:
    """Yield what the container's commands run. Raises ValueError for what does not parse."""
    root = read_json(file.name, file.data)
    for key in _COMMANDS:
        given = root.get(key)
        for item in (given, *given.members.values()):
            text = item.text if item.text is not None else " ".join(item.texts())
            if text:
                yield ShellText(file, text, item.line, "the editor's container", exact=False)


def _feature(file: RepositoryFile, reference: str, settings: Written) -> Iterator[Clue]:
    found = _TAG.fullmatch(reference)
    name = (found["name"] if found is not None else reference).rpartition("/")[2]
    version = (settings.get("version").text or settings.text or "").strip()
    for tool in filter(None, map(tool_named, _FEATURES.get(name, (name,)))):
        known = tool.versioned and tool.about == "language" and version not in _NO_VERSION
        why, options = f"the editor's container has the feature {name}", dict(tool.options)
        # What has many tools in it is there for one of them.
        yield file.clue(
            tool.about,
            tool.name,
            settings.line,
            "likely" if name in _FEATURES or tool.about == "package" else "certain",
            why,
            seen=reference,
            version=version if known else None,
            options=options,
        )
