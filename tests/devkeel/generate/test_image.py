"""The declaration of an image is evaluated by Nix: the package, what is declared beside it, and nothing secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import Refused, UsageError

from .conftest import evaluated, project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.nix, pytest.mark.xdist_group("generated images")]

DECLARATION = """\
{ pkgs, ... }:
{
  packages = [ pkgs.curl ];
  env.MODE = "a b";
  env.API_TOKEN = "x9K2mQ7vR4tY8wZ1";
  services.redis.enable = true;
}
"""
CARGO = {"Cargo.toml": '[package]\nname = "tool"\nversion = "1"\n', "Cargo.lock": "version = 4\n"}
DEVENV = {"form": "devenv", "name": "web", "command": ["serve", "--at=$HOME ${x}"], "variables": {"ON": True}}
CASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "least": ({}, {}),
    "full": (
        {"devenv.nix": DECLARATION, "package.nix": '{ lib }: { name = "own"; }'},
        {
            "name": "team/web",
            "tag": "v1.2",
            "command": "serve,--fast",
            "ports": "8080,53/udp",
            "variables": {"MODE": "${b}", "N": 1},
            "package": "package.nix",
            "user": "web:web",
        },
    ),
    "devenv": ({"devenv.nix": DECLARATION}, DEVENV),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    folder = tmp_path_factory.mktemp("images")
    return {name: project(folder / name, files, "image", **given) for name, (files, given) in CASES.items()}


@pytest.fixture(scope="module")
def found(made: dict[str, tuple[Path, Any]]) -> dict[str, Any]:
    given = {"least": 'given.package = pkgs.hello // { meta.mainProgram = "hi"; };'}
    cases = " ".join(f"{name} = {{ root = {root}; {given.get(name, '')} }};" for name, (root, _) in made.items())
    told: dict[str, Any] = evaluated("images.nix", f"pkgs: {{ {cases} }}")
    return told


def test_an_image_has_the_package_and_runs_its_main_program(found: dict[str, Any]) -> None:
    least = found["least"]
    assert (least["by"], least["name"], least["tag"]) == ("streamLayeredImage", "least", "latest")
    assert least["contents"] == ["certificates", "hello-1.0"]
    assert least["config"]["Cmd"][0].endswith("/bin/hi")
    assert least["config"]["User"] == "65534:65534"


def test_an_image_has_what_is_declared_beside_it(found: dict[str, Any], made: dict[str, tuple[Path, Any]]) -> None:
    full = found["full"]
    assert (full["name"], full["tag"]) == ("team/web", "v1.2")
    assert full["contents"] == ["certificates", "own", "curl-1.0"]
    assert full["config"] == {
        "Cmd": ["serve", "--fast"],
        "User": "web:web",
        "WorkingDir": "/",
        "Env": ["MODE=${b}", "N=1"],
        "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
    }
    root, answer = made["full"]
    told = " ".join(answer.notes)
    assert "env.API_TOKEN (devenv.nix:5), which looks like a secret" in told
    assert "services.redis.enable (devenv.nix:6)" in told
    assert "x9K2mQ7vR4tY8wZ1" not in (root / "image.nix").read_text() + told


def test_a_container_of_devenv_is_declared_and_imported(
    found: dict[str, Any], made: dict[str, tuple[Path, Any]]
) -> None:
    container = found["devenv"]["containers"]["web"]
    assert container == {"name": "web", "version": "latest", "startupCommand": ["serve", "--at=$HOME ${x}"]}
    assert found["devenv"]["env"]["ON"]["content"] == "1"
    assert "imports = [ ./container.nix ];" in (made["devenv"][0] / "devenv.nix").read_text()


@pytest.mark.parametrize("name", CASES)
def test_an_image_is_made_edited_and_made_again(tmp_path: Path, name: str) -> None:
    files, given = CASES[name]
    root, _ = project(tmp_path / "p", files, "image", **given)
    file = root / ("container.nix" if name == "devenv" else "image.nix")
    mine = f"# mine\n{file.read_text()}# mine too\n"
    file.write_text(mine)
    environment = Environment(root, actor="test")
    assert not environment.generate("image", level="schema").changed
    file.write_text(
        mine.replace('version = "latest"', 'version = "x"').replace('WorkingDir = "/"', 'WorkingDir = "/x"')
    )
    with pytest.raises(Refused) as caught:
        environment.generate("image", level="schema")
    assert caught.value.code == "generated_part_edited"
    assert environment.generate("image", level="schema", replace=True).published
    assert file.read_text() == mine
    environment.close()


def test_a_flake_that_devkeel_makes_has_the_image(tmp_path: Path) -> None:
    root, _ = project(tmp_path / "p", CARGO, "image")
    project(root, {}, "flake")
    packages = evaluated("flakes.nix", f"{{ it = {root}; }}")["it"]["package"]
    assert packages["image"]["by"] == "streamLayeredImage"
    assert packages["image"]["given"]["contents"][1]["given"]["pname"] == "tool"


@pytest.mark.parametrize(
    "given",
    [
        {"form": "devenv", "command": ["x"]},
        {"ports": "eighty"},
        {"ports": "8080/tcp/x"},
        {"name": "Web"},
        {"variables": {"A=B": "c"}},
        {"variables": {"A": ["c"]}},
        {"tag": "a b"},
    ],
)
def test_an_image_that_could_not_be_is_refused(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        project(tmp_path / "p", {}, "image", **given)
    assert caught.value.code == "bad_parameter"


@pytest.mark.parametrize("missing", ["command", "ports", "package"])
def test_a_container_of_devenv_takes_what_devenv_has(tmp_path: Path, missing: str) -> None:
    given = {"command": None} if missing == "command" else {missing: "8080" if missing == "ports" else "x.nix"}
    with pytest.raises(UsageError):
        project(tmp_path / "p", {"devenv.nix": DECLARATION}, "image", **(DEVENV | given))
