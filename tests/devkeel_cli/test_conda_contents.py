"""Conda as its users expect it: channels, the pip section, scripts that enter, quoted names."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.packages import make_conda_package

from devkeel.libraries.resolve import micromamba

from .test_contents import devkeel, there

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = {
    "etc/conda/activate.d/10-own.sh": 'export OWN_DATA="$CONDA_PREFIX/share/own"\nexport PATH="/opt/own:$PATH"\n',
    "etc/conda/activate.d/15-own.sh": '[ -z "${OWN_DATA:-}" ] && export OWN_DATA=elsewhere\n',
    "etc/conda/activate.d/20-own.sh": 'export OWN_SECOND="${OWN_DATA##*/}"\n',
}

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def own_channel(tmp_path: Path) -> Path:
    """A second channel, whose package is entered by scripts."""
    rattler = pytest.importorskip("rattler.index")
    folder = tmp_path / "own"
    make_conda_package(folder, "own", "1.0", (), SCRIPTS)
    asyncio.run(rattler.index_fs(folder))
    return folder


@pytest.fixture
def root(tmp_path: Path, channel: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(micromamba, "find_micromamba", lambda _: None)
    place = tmp_path / "project"
    place.mkdir()
    text = f"name: demo\nchannels:\n  - file://{channel}\ndependencies:\n  - python\n  - plain=1\n"
    (place / "environment.yml").write_text(text)
    monkeypatch.chdir(place)
    return place


def declare(root: Path, more: str) -> None:
    path = root / "environment.yml"
    path.write_text(path.read_text() + more)


def run_in(capsys: pytest.CaptureFixture[str], text: str) -> str:
    answer: dict[str, Any] = devkeel(capsys, "run", "--", "sh", "-c", text)
    return str(answer["stdout"]).strip()


@pytest.mark.rule("guardrail: pip section")
def test_guardrail_the_pip_section_is_installed_where_it_is_allowed_and_refused_else(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(root, "  - pip:\n    - frames<2\n")
    error = devkeel(capsys, "apply", code=5)["error"]
    assert error["code"] == "backend_cannot"
    assert "--pip" in error["remedy"]
    devkeel(capsys, "apply", "--pip")
    assert there(root, "demo") == {"plain", "frames", "numbers-lib"}
    installed = devkeel(capsys, "apply", "--pip")["installed"]
    assert {"plain": "1.0.0", "frames": "1.5.3"}.items() <= installed["versions"].items()
    assert installed["others"] == installed["packages"] - len(installed["versions"])
    found = devkeel(capsys, "doctor")
    assert not [item for item in found["findings"] if "by pip" in item["message"]]


def test_guardrail_the_pip_section_is_allowed_by_the_settings(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declare(root, "  - pip:\n    - frames<2\n")
    (root / "devkeel.toml").write_text("[environments.demo]\npip = true\n")
    devkeel(capsys, "apply")
    assert there(root, "demo") == {"plain", "frames", "numbers-lib"}


def test_guardrail_the_pip_section_reads_nothing_outside(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declare(root, "  - pip:\n    - -r ../../secret.txt\n")
    assert devkeel(capsys, "apply", "--pip", code=1)["error"]["code"] == "outside_root"


@pytest.mark.rule("channel: of the call", "channel: described")
def test_channel_of_the_call_or_of_the_settings_takes_the_place_of_the_declared_ones(
    root: Path, channel: Path, own_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(root, "  - own\n")
    assert devkeel(capsys, "apply", code=3)["error"]["code"] == "unresolvable"
    given = ("--channel", f"file://{own_channel}", "--channel", f"file://{channel}")
    assert devkeel(capsys, "apply", *given)["installed"]["packages"] > 2
    (root / "devkeel.toml").write_text(
        f'[environments.other]\nchannels = ["file://{own_channel}", "file://{channel}"]\n'
    )
    devkeel(capsys, "apply", "--env", "other")
    assert there(root, "other") == {"plain"}


def test_scripts_of_packages_run_to_enter_and_what_they_export_is_of_the_environment(
    root: Path, channel: Path, own_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(root, "  - own\n")
    answer = devkeel(capsys, "apply", "--channel", f"file://{own_channel}", "--channel", f"file://{channel}")
    assert any("10-own.sh" in note and "OWN_DATA" in note for note in answer["notes"])
    assert run_in(capsys, "echo $OWN_DATA").endswith("share/own")
    assert run_in(capsys, "echo $OWN_SECOND $PATH").startswith("own /opt/own:")


def test_groups_mean_nothing_to_conda(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert devkeel(capsys, "apply", "--group", "dev", code=5)["error"]["code"] == "backend_cannot"


@pytest.mark.parametrize("said", ['"My Demo"', "'My Demo'", "My Demo  # ours", "my-demo"])
@pytest.mark.rule("naming: letters")
def test_naming_a_quoted_name_becomes_lower_case_with_hyphens(
    root: Path, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "environment.yml"
    path.write_text(path.read_text().replace("name: demo", f"name: {said}"))
    assert devkeel(capsys, "env", "current")["name"] == "my-demo"
