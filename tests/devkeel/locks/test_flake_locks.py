"""devenv.lock and flake.lock: made, renewed by name, undone, by Nix from repositories of the test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import CheckFailed, DevkeelError

from .conftest import Place, Repository
from .moving import lock, moved

if TYPE_CHECKING:
    from devkeel.api import Environment

pytestmark = pytest.mark.nix


def test_a_missing_devenv_lock_is_made_and_undone(devenv_place: Place, environment: Environment) -> None:
    assert [item.state for item in environment.check_locks().locks] == ["missing"]
    result = lock(environment)
    assert result.published
    assert [name for name, *_ in moved(result)] == ["devenv", "nixpkgs"]
    assert result.diff == ""
    assert "evaluation" in result.checks.ran
    assert environment.check_locks().ok
    nodes = json.loads(devenv_place.read("devenv.lock"))["nodes"]
    assert nodes["root"]["inputs"] == {"devenv": "devenv", "nixpkgs": "nixpkgs"}
    assert environment.undo().published
    assert not (devenv_place.root / "devenv.lock").exists()


def test_one_input_is_renewed_by_name_and_the_others_stay(devenv_place: Place, environment: Environment) -> None:
    lock(environment)
    before = devenv_place.read("devenv.lock")
    for name in ("nixpkgs", "devenv"):
        newer = Repository(devenv_place.top / "inputs" / name).commit("more", "more")
    assert not lock(environment).changed, "what is locked stays until it is renewed"
    result = lock(environment, "renew", "devenv")
    assert [(name, after) for name, _, after in moved(result)] == [("devenv", newer)]
    shown = environment.operation(result.operation or 0)
    assert (shown.diff, moved(shown)) == ("", moved(result))
    environment.undo()
    assert devenv_place.read("devenv.lock") == before
    assert [name for name, *_ in moved(lock(environment, "renew"))] == ["devenv", "nixpkgs"]


def test_a_dry_run_says_what_would_move(devenv_place: Place, environment: Environment) -> None:
    result = lock(environment, dry_run=True)
    assert len(moved(result)) == 2
    assert not (devenv_place.root / "devenv.lock").exists()


def test_the_lock_has_follows_inner_inputs_and_what_is_no_flake(devenv_place: Place, environment: Environment) -> None:
    overlay = devenv_place.repository("overlay")
    overlay.commit("flake.nix", '{ inputs.nixpkgs.url = "path:/nowhere"; outputs = _: { }; }')
    data = devenv_place.repository("data")
    data.commit("data.txt", "data")
    more = f"""  overlay:
    url: {overlay.url}
    inputs:
      nixpkgs:
        follows: nixpkgs
    overlays:
      - default
  data:
    url: {data.url}
    flake: false
  same:
    follows: nixpkgs
"""
    devenv_place.write("devenv.yaml", (devenv_place.root / "devenv.yaml").read_text() + more)
    lock(environment)
    nodes = json.loads(devenv_place.read("devenv.lock"))["nodes"]
    assert nodes["overlay"]["inputs"] == {"nixpkgs": ["nixpkgs"]}
    assert nodes["data"]["flake"] is False
    assert nodes["root"]["inputs"]["same"] == ["nixpkgs"]


def test_a_flake_lock_is_made_renewed_and_undone(place: Place, environment: Environment) -> None:
    inner = place.repository("inner")
    first = inner.commit("flake.nix", "{ outputs = _: { x = 1; }; }")
    place.write("flake.nix", f'{{\n  inputs.inner.url = "{inner.url}";\n  outputs = _: {{ }};\n}}\n')
    with pytest.raises(DevkeelError) as caught:
        lock(environment, "renew", "inner")
    assert "flake.lock is not there yet" in (caught.value.remedy or "")
    assert moved(lock(environment)) == [("inner", None, first)]
    second = inner.commit("flake.nix", "{ outputs = _: { x = 2; }; }")
    assert moved(lock(environment, "renew", "inner")) == [("inner", first, second)]
    environment.undo()
    assert moved(lock(environment, "renew", "flake.lock")) == [("inner", first, second)]


def test_a_name_that_no_lock_holds_is_refused_with_the_nearest(devenv_place: Place, environment: Environment) -> None:
    with pytest.raises(DevkeelError) as caught:
        lock(environment, "renew", "nixpgks")
    assert caught.value.code == "unknown_lock"
    assert caught.value.alternatives[0] == "nixpkgs"
    with pytest.raises(DevkeelError) as caught:
        lock(environment, "renew", "Flake.lock")
    assert caught.value.seen == "Flake.lock"
    assert not (devenv_place.root / "devenv.lock").exists()


def test_an_input_that_is_not_there_is_named_and_nothing_is_written(
    devenv_place: Place, environment: Environment
) -> None:
    text = (devenv_place.root / "devenv.yaml").read_text()
    devenv_place.write("devenv.yaml", f"{text}  gone:\n    url: git+file://{devenv_place.top}/inputs/gone\n")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "lock_failed"
    assert not (devenv_place.root / "devenv.lock").exists()


def test_a_host_that_is_not_reached_is_said_as_such(devenv_place: Place, environment: Environment) -> None:
    text = (devenv_place.root / "devenv.yaml").read_text()
    devenv_place.write("devenv.yaml", f"{text}  far:\n    url: https://127.0.0.1:9/far.tar.gz\n")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "check_network_failed"


def test_what_is_outside_of_the_work_tree_is_not_taken_into_the_store(
    devenv_place: Place, environment: Environment
) -> None:
    outside = devenv_place.top.parent / "outside"
    outside.mkdir()
    text = (devenv_place.root / "devenv.yaml").read_text()
    devenv_place.write("devenv.yaml", f"{text}  outside:\n    url: path:{outside}\n    flake: false\n")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "outside_root"


def test_a_project_without_a_lock_says_so(place: Place, environment: Environment) -> None:
    place.write("requirements.txt", "six==1.16.0\n")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "no_locks"


def test_a_directory_of_the_project_is_locked_as_what_stands_there(
    devenv_place: Place, environment: Environment
) -> None:
    (devenv_place.root / "own").mkdir()
    devenv_place.write("own/flake.nix", "{ outputs = _: { word = 1; }; }")
    text = (devenv_place.root / "devenv.yaml").read_text()
    devenv_place.write("devenv.yaml", f"{text}  own:\n    url: path:./own\n  bare:\n    url: ./own\n    flake: false\n")
    lock(environment)
    nodes = json.loads(devenv_place.read("devenv.lock"))["nodes"]
    wanted = {"locked": {"path": "./own", "type": "path"}, "original": {"path": "./own", "type": "path"}, "parent": []}
    assert nodes["own"] == wanted
    assert nodes["bare"] == wanted | {"flake": False}
    devenv_place.write("own/flake.nix", "{ outputs = _: { word = 2; }; }")
    Repository(devenv_place.top / "inputs" / "nixpkgs").commit("more", "more")
    assert [name for name, *_ in moved(lock(environment, "renew", "nixpkgs"))] == ["nixpkgs"]
    devenv_place.write("devenv.nix", "{ inputs, ... }:\n{\n  env.WORD = toString inputs.own.word;\n}\n")
    assert environment.check(level="evaluation").ok


@pytest.mark.parametrize("url", ["path:./gone", "path:../project"])
def test_a_directory_that_is_not_in_the_project_is_refused(
    devenv_place: Place, environment: Environment, url: str
) -> None:
    text = (devenv_place.root / "devenv.yaml").read_text()
    devenv_place.write("devenv.yaml", f"{text}  own:\n    url: {url}\n")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "lock_failed"


def test_a_renewal_that_breaks_the_declaration_is_refused(devenv_place: Place, environment: Environment) -> None:
    lock(environment)
    before = devenv_place.read("devenv.lock")
    nixpkgs = Repository(devenv_place.top / "inputs" / "nixpkgs")
    text = (nixpkgs.path / "default.nix").read_text()
    assert "jq = " in text
    nixpkgs.commit("default.nix", text.replace("jq = ", "jaq = "))
    with pytest.raises(CheckFailed) as caught:
        lock(environment, "renew", "nixpkgs")
    assert caught.value.diagnostics[0].subject == "jq"
    assert devenv_place.read("devenv.lock") == before


def test_a_directory_of_a_flake_is_locked(place: Place, environment: Environment) -> None:
    (place.root / "own").mkdir()
    place.write("own/flake.nix", "{ outputs = _: { word = 1; }; }")
    place.write("flake.nix", '{\n  inputs.own.url = "path:./own";\n  outputs = _: { };\n}\n')
    lock(environment)
    assert json.loads(place.read("flake.lock"))["nodes"]["own"]["locked"]["path"] == "./own"
    assert environment.check_locks().ok


def test_an_undo_beneath_a_later_renewal_says_what_moved_since(devenv_place: Place, environment: Environment) -> None:
    lock(environment)
    nixpkgs = Repository(devenv_place.top / "inputs" / "nixpkgs")
    nixpkgs.commit("more", "1")
    first = lock(environment, "renew", "nixpkgs")
    later = nixpkgs.commit("more", "2")
    lock(environment, "renew", "nixpkgs")
    with pytest.raises(DevkeelError) as caught:
        environment.undo(first.operation)
    assert caught.value.code == "undo_conflict"
    assert [(item["name"], item["to"]) for item in caught.value.details["locks"][0]["moves"]] == [("nixpkgs", later)]
    assert "narHash" not in json.dumps(caught.value.as_data())
