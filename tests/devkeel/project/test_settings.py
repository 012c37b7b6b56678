"""What devkeel.toml describes: environments by their names, and where it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.backends.registry import BACKENDS
from devkeel.errors import ProjectError
from devkeel.project import settings
from devkeel.project.contents import Contents, DescribedEnvironment
from devkeel.project.root import Project
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

DESCRIBED = """\
environment = "dev"

[environments.dev]
python = "3.11"
extras = ["gpu"]

[environments.prod]
groups = []
project = false

[environments.torch-gpu]
backend = "conda"
manifest = "environment-gpu.yml"
channels = ["conda-forge", "https://conda.example.org/own"]
pip = true
"""


def test_environments_are_described_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "devkeel.toml").write_text(DESCRIBED)
    found = read_settings(Project(tmp_path)).environments
    assert found["dev"] == DescribedEnvironment("dev", None, "3.11", Contents(extras=("gpu",)))
    assert found["prod"].contents == Contents(default_groups=False, project=False)
    assert found["torch-gpu"] == DescribedEnvironment(
        "torch-gpu",
        "conda",
        None,
        Contents("environment-gpu.yml", channels=("conda-forge", "https://conda.example.org/own"), pip=True),
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("level = 'syntax'\n[environments.Dev]\npython = '3.12'\n", 2),
        ("[environments.base]\n", 1),
        ("[environments.gpu--12]\n", 1),
        ("[environments.gpu-]\n", 1),
        ("[environments.dev]\npython = 3.12\n", 2),
        ("[environments.dev]\npython = '--upgrade'\n", 2),
        ("[environments.dev]\nbackend = 'pip'\n", 2),
        ("[environments.dev]\npackages = ['jq']\n", 2),
        ("[environments.dev]\n\ngroups = 'dev'\n", 3),
        ("[environments.dev]\nextras = ['--all-extras']\n", 2),
        ("[environments.dev]\nmanifest = '../other/requirements.txt'\n", 2),
        ("[environments.dev]\nmanifest = '/etc/requirements.txt'\n", 2),
        ("[environments.dev]\nmanifest = 'Makefile'\n", 2),
        ("[environments.dev]\nbackend = 'venv'\nchannels = ['conda-forge']\n", 3),
        ("[environments.dev]\nbackend = 'conda'\nextras = ['gpu']\n", 3),
        ("[environments.dev]\nbackend = 'flake'\npython = '3.12'\n", 3),
        ("[environments.dev]\nchannels = ['-c evil']\n", 2),
        ("[environments]\ndev.pip = 'yes'\n", 2),
        ("environments = []\n", 1),
        ("references = 'no-path'\n", 1),
        ("\nreferences = ['no-paths']\n", 2),
        ("\nreferences = ['no-path', 1]\n", 2),
        ("\nprotected = ['']\n", 2),
        ("\nprotected = ['services.redis', 3]\n", 2),
        ("\nprotected = ['services.[redis']\n", 2),
        ("\nprotected = ['services..redis']\n", 2),
        ("\nprotected = ['**']\n", 2),
        ("[rules]\nprotected_files = ['*.lock', '!uv.lock']\n", 2),
        ("[rules]\nprotected_files = ['']\n", 2),
        ("level = 'syntax'\n\nb = = 1\n", 3),
        ("\n\ncolour = 'red'\n", 3),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "devkeel.toml").write_text(text)
    with pytest.raises(ProjectError) as caught:
        read_settings(Project(tmp_path))
    assert caught.value.code == "bad_settings"
    assert caught.value.place is not None
    assert caught.value.place.line == line, caught.value.message


def test_what_a_call_asks_for_is_beside_what_is_described() -> None:
    described = Contents(groups=("docs",), default_groups=False, extras=("gpu",), channels=("a",))
    asked = Contents(groups=("lint",), channels=("b",), project=False)
    assert described.with_more(asked) == Contents(
        None, project=False, groups=("docs", "lint"), default_groups=False, extras=("gpu",), channels=("b",)
    )


def test_the_backends_that_can_be_described_are_those_that_there_are() -> None:
    assert settings.BACKENDS == BACKENDS
