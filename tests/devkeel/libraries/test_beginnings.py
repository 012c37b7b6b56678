"""What a manifest begins as: what the tool of its language takes, with the library that was asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from devkeel.errors import DevkeelError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def begun(language: str, *names: str, files: Mapping[str, str] | None = None, **more: object) -> LibraryPlan:
    there = files or {}
    request = Request(language, names, create=True, **more)  # type: ignore[arg-type]
    return plan(request, lambda name: there[name].encode() if name in there else None)


@pytest.mark.parametrize("project", ["Demo", "my project_2", "3d", "ümlaut", "", "idna"])
def test_a_project_of_python_begins_with_a_name_that_is_one(project: str) -> None:
    [(name, data)] = begun("python", "idna>=3", project=project).files.items()
    model = tomllib.loads(data.decode())
    assert name == "pyproject.toml"
    assert model["project"]["dependencies"] == ["idna>=3"]
    assert model["project"]["name"] != "idna"
    assert model["project"]["name"].replace("-", "").isalnum()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_with_settings_of_tools_alone_begins_to_declare(newline: str) -> None:
    text = f"# style{newline}[tool.black]{newline}line-length = 100{newline}"
    found = begun("python", "idna", files={"pyproject.toml": text}).files["pyproject.toml"].decode()
    assert found.startswith(text)
    assert found.count("\n") == found.count(newline)
    assert tomllib.loads(found)["project"]["dependencies"] == ["idna"]
    with pytest.raises(DevkeelError) as caught:
        plan(Request("python", ("idna",)), lambda name: text.encode() if name == "pyproject.toml" else None)
    assert caught.value.code == "no_manifest"


def test_conda_begins_with_a_channel() -> None:
    for more in ({"file": "environment.yml"}, {"manifests": ("environment.yml", "environment.yaml")}):
        [(name, data)] = begun("python", "numpy>=2", **more).files.items()
        assert name == "environment.yml"
        model = YAML(typ="safe", pure=True).load(data.decode())
        assert model == {"name": "project", "channels": ["conda-forge"], "dependencies": ["numpy>=2"]}


def test_a_requirements_file_that_is_named_begins_empty() -> None:
    assert begun("python", "idna", file="requirements-dev.txt").files == {"requirements-dev.txt": b"idna\n"}


def test_node_begins_with_a_package_that_npm_reads(tmp_path: Path) -> None:
    [(name, data)] = begun("javascript", "lodash@^4", project="My App").files.items()
    assert json.loads(data)["dependencies"] == {"lodash": "^4"}
    npm = shutil.which("npm")
    if npm is not None:
        (tmp_path / name).write_bytes(data)
        argv = [npm, "pkg", "get", "name", "private", "dependencies", "--json"]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=True, timeout=60)
        assert json.loads(done.stdout) == {"name": "my-app", "private": True, "dependencies": {"lodash": "^4"}}


def test_rust_begins_with_a_package_that_cargo_reads(tmp_path: Path) -> None:
    found = begun("rust", "serde@1.0", project="3d")
    assert any("src/lib.rs" in note for note in found.notes)
    assert not begun("rust", "serde@1.0", files={"src/lib.rs": ""}).notes
    cargo = shutil.which("cargo")
    if cargo is not None:
        (tmp_path / "Cargo.toml").write_bytes(found.files["Cargo.toml"])
        argv = [cargo, "metadata", "--no-deps", "--offline", "--format-version", "1"]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=True, timeout=60)
        [package] = json.loads(done.stdout)["packages"]
        assert [(item["name"], item["req"]) for item in package["dependencies"]] == [("serde", "^1.0")]


def test_go_begins_with_a_module() -> None:
    data = begun("go", "github.com/google/uuid@v1.6.0").files["go.mod"].decode()
    assert data.splitlines()[0] == "module project"
    assert "require github.com/google/uuid v1.6.0" in data


def test_what_cannot_begin_is_not_promised() -> None:
    with pytest.raises(DevkeelError) as caught:
        begun("ruby", "rack")
    assert caught.value.code == "no_manifest"
    assert "create" not in (caught.value.remedy or "")


def test_what_begins_stands_in_the_directory_that_devenv_is_given() -> None:
    text = '{ ... }:\n{\n  languages.javascript.directory = "./web";\n}\n'
    found = begun("javascript", "lodash@4", files={"devenv.nix": text}, declaration={"devenv.nix": text.encode()})
    assert [*found.files] == ["web/package.json"]
    assert json.loads(found.files["web/package.json"])["name"] == "web"
