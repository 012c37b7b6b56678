"""The second build: the same hash, or the file that differs by its name; and nothing of it is left on the disk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import derivation, flake_text

from devkeel.builds.builder_variables import needs_of
from devkeel.errors import CheckFailed, Unavailable
from devkeel.nix_cli.derivation_file import DerivationFile, DerivationOutput

if TYPE_CHECKING:
    from devkeel.api import Environment


def nix(test: Any) -> Any:
    """Mark a test that builds by Nix, in the sandbox."""
    return pytest.mark.nix(pytest.mark.usefixtures("nix_machine")(test))


def proven(environment: Environment, root: Path, script: str, **attributes: str) -> tuple[Any, Any]:
    """Return what came of building a script twice, and the job."""
    (root / "flake.nix").write_text(flake_text({"made": derivation(script, **attributes)}))
    job = environment.prove_reproducibility("#made")
    assert job.wait(120)
    return environment.result(job), job


@nix
def test_a_build_that_gives_the_same_is_proven(environment: Environment, root: Path) -> None:
    result, job = proven(environment, root, "mkdir $out; echo same > $out/a")
    assert result.same
    assert job.state == "succeeded"
    ((path, text),) = result.hashes.items()
    assert (Path(path) / "a").read_text() == "same\n"
    assert text.startswith("sha256:")


@nix
def test_the_file_that_differs_is_named_with_its_cause_and_nothing_is_left(
    environment: Environment, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a place of its own, for other tests build on this machine at the same time
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    result, job = proven(environment, root, "mkdir $out; echo same > $out/a; date +%s%N > $out/stamp")
    assert not result.same
    assert job.state == "failed"
    (found,) = result.files
    assert (found.path, found.kind, result.differing) == ("stamp", "content", 1)
    assert [cause.name for cause in found.causes] == ["time_stamps"]
    assert found.diff is not None
    assert result.output in result.hashes
    assert list(temporary.iterdir()) == []
    assert not Path(f"{result.output}.check").exists()
    assert not [note for note in result.notes if "taken away" in note]


@nix
def test_what_a_builder_prints_does_not_make_a_difference(environment: Environment, root: Path) -> None:
    forged = "error: derivation '/nix/store/x.drv' may not be deterministic: output '/etc' differs from '/etc.check'"
    result, _ = proven(environment, root, f'mkdir $out; echo "{forged}" >&2; echo keeping build directory /etc >&2')
    assert result.same


@nix
def test_what_does_not_build_at_all_is_no_difference(environment: Environment, root: Path) -> None:
    with pytest.raises(CheckFailed) as caught:
        proven(environment, root, "exit 1")
    assert caught.value.code == "build_failed"


@nix
def test_what_nix_would_not_compare_is_refused(
    environment: Environment, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addressed = DerivationFile({"out": DerivationOutput("", "r:sha256", "")}, (), (), "s", "b", (), {})
    monkeypatch.setattr("devkeel.builds.reproduction.read_derivation", lambda _: addressed)
    with pytest.raises(Unavailable) as caught:
        proven(environment, root, "echo x > $out")
    assert caught.value.code == "not_provable"


def made(script: str, **variables: str) -> DerivationFile:
    return DerivationFile({}, (), (), "x86_64-linux", "/bin/sh", ("-c", script), variables)


@pytest.mark.parametrize(
    ("script", "variables", "lacks"),
    [
        ("python3 setup.py bdist_wheel", {}, ("SOURCE_DATE_EPOCH", "PYTHONHASHSEED")),
        ("cd $src\n/usr/bin/python3.11 -m zipapp x", {}, ("SOURCE_DATE_EPOCH", "PYTHONHASHSEED")),
        ("export SOURCE_DATE_EPOCH=1 PYTHONHASHSEED=0; python3 -m build", {}, ()),
        ("python3 -m build", {"SOURCE_DATE_EPOCH": "1", "PYTHONHASHSEED": "0"}, ()),
        ("tar cf $out .", {}, ("SOURCE_DATE_EPOCH",)),
        ("find . | zip -@ $out", {}, ("SOURCE_DATE_EPOCH",)),
        ("cp a.tar $out; cp python.txt tar $out", {}, ()),
        ("echo hello > $out", {}, ()),
    ],
)
def test_a_builder_lacks_the_variables_of_what_it_calls(
    script: str, variables: dict[str, str], lacks: tuple[str, ...]
) -> None:
    assert needs_of(made(script, **variables)).lacks == lacks
