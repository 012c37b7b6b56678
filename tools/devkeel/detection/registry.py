"""The readers, a row each: a new format is a module of `readers/` and its row here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from devkeel.detection.readers.compose import ComposeFiles
from devkeel.detection.readers.devcontainer import DevContainers
from devkeel.detection.readers.dockerfile import Dockerfiles
from devkeel.detection.readers.dotnet import DotnetProjects
from devkeel.detection.readers.github_actions import GitHubActions
from devkeel.detection.readers.gitlab_ci import CirclePipelines, GitLabPipelines
from devkeel.detection.readers.javascript import JavaScriptManifests
from devkeel.detection.readers.jvm import JvmBuilds
from devkeel.detection.readers.nix_shells import NixShells
from devkeel.detection.readers.other_languages import OtherLanguages
from devkeel.detection.readers.procfile import Procfiles
from devkeel.detection.readers.python import PythonManifests
from devkeel.detection.readers.scripting import ScriptingManifests
from devkeel.detection.readers.scripts import EnvExamples, Scripts
from devkeel.detection.readers.systems import SystemsManifests
from devkeel.detection.readers.task_files import TaskFiles
from devkeel.detection.readers.version_files import VersionFiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["READERS", "EvidenceReader"]


class EvidenceReader(Protocol):
    """Reads one format. Nothing that it is given runs, and nothing that it raises ends the detection."""

    def matches(self, name: str) -> bool:
        """Return whether a file is of this format, by its path relative to the root."""

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield what a file says. Raises ValueError for what it cannot read, with a clause that says why.

        The bytes are read when they are first asked for: a lock file may say all by its name.
        """


READERS: tuple[EvidenceReader, ...] = (
    VersionFiles(),
    PythonManifests(),
    JavaScriptManifests(),
    SystemsManifests(),
    JvmBuilds(),
    ScriptingManifests(),
    DotnetProjects(),
    OtherLanguages(),
    Dockerfiles(),
    ComposeFiles(),
    GitHubActions(),
    GitLabPipelines(),
    CirclePipelines(),
    DevContainers(),
    NixShells(),
    TaskFiles(),
    Scripts(),
    EnvExamples(),
    Procfiles(),
)
