"""What a lock file pins, and what devenv.yaml says to the evaluation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import Unavailable
from devkeel.nix_cli.devenv_yaml import read_inputs_file
from devkeel.nix_cli.locked_inputs import locate_inputs

if TYPE_CHECKING:
    from pathlib import Path


def lock(**nodes: Any) -> bytes:
    inputs = {"devenv": "devenv", "nixpkgs": "nixpkgs"}
    return json.dumps({"version": 7, "root": "root", "nodes": {"root": {"inputs": inputs}, **nodes}}).encode()


def inside(path: str, **more: Any) -> dict[str, Any]:
    return {"locked": {"type": "path", "path": path}, **more}


def test_directories_of_the_project_are_inputs_as_they_are(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "a").mkdir()
    found = locate_inputs(
        lock(devenv=inside("./a"), nixpkgs=inside(str(root / "a"), inputs={"devenv": ["devenv"]})), root
    )
    assert found.trees["devenv"]["live"]
    assert found.trees["nixpkgs"]["inputs"] == {"devenv": "devenv"}
    assert found.paths == (str(root / "a"),)


@pytest.mark.parametrize("path", ["/etc", "../other", "./link"])
def test_directories_outside_of_the_project_are_not(tmp_path: Path, path: str) -> None:
    root = tmp_path.resolve() / "project"
    root.mkdir()
    (root / "link").symlink_to("/etc")
    with pytest.raises(Unavailable) as caught:
        locate_inputs(lock(devenv=inside(path), nixpkgs=inside(".")), root)
    assert caught.value.code == "check_unavailable"


def test_inputs_that_follow_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    nodes = {"version": 7, "root": "root", "nodes": {"root": {"inputs": {"a": ["b"], "b": ["a"]}}}}
    with pytest.raises(Unavailable):
        locate_inputs(json.dumps(nodes).encode(), tmp_path)


def test_the_inputs_file_is_read_with_the_local_one_and_those_of_imports() -> None:
    files = {
        "devenv.yaml": b"imports: [./part, other/x]\nallowUnfree: true\n"
        b"inputs: {o: {url: x, overlays: [default]}}\n"
        b"nixpkgs: {permitted_unfree_packages: [a], cuda_support: true}\n",
        "devenv.local.yaml": b"nixpkgs: {permitted_unfree_packages: [b], allow_broken: true}\n",
        "part/devenv.yaml": b"imports: [../deep]\n",
    }
    found = read_inputs_file(files)
    assert found.imports == ["./deep", "./part", "other/x"]
    assert found.overlays == {"o": ["default"]}
    assert found.nixpkgs == {"allowUnfree": True, "cudaSupport": True, "allowBroken": True}
    assert found.permitted == ["a", "b"]


@pytest.mark.parametrize("data", [b"", b"[", b"- a", b"\xff", b"imports: 3\nnixpkgs: []\ninputs: [a]\n"])
def test_an_inputs_file_that_cannot_be_read_says_nothing(data: bytes) -> None:
    assert read_inputs_file({"devenv.yaml": data}).imports == []
