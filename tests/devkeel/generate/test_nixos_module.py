"""The module system takes a generated NixOS module: its options are typed, its unit hardened, its command quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import Refused, UsageError

from .conftest import evaluated, project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.nix, pytest.mark.xdist_group("generated modules")]

GIVEN: dict[str, Any] = {
    "name": "web",
    "description": 'Serves "it"',
    "command": ["serve", "--port", "{port}", "--key-file={key}", '100% of $HOME "it"', "{more}", "--in={data}/{mode}"],
    "options": {
        "port": {"type": "port", "default": 8080, "description": "Where it ${listens}.", "variable": "PORT"},
        "key": {"type": "secret", "variable": "KEY_FILE"},
        "more": {"default": ["a b"], "variable": "MORE"},
        "data": {"type": "path"},
        "debug": {"default": False, "variable": "DEBUG"},
        "mode": {"type": "choice", "choices": ["slow", "fast"], "default": "slow"},
        "limit": {"type": "number", "default": None},
        "rate": {"default": "50%n", "variable": "RATE"},
    },
    "writable": ["data"],
    "loosened": ["MemoryDenyWriteExecute"],
}
SET = 'services.web = { enable = true; package = pkgs.hello; data = "/srv/web"; '
# What a machine says, by name; None where the module system is to refuse it.
MACHINES = {
    "plain": f"{SET} }};",
    "full": f'{SET} key = "/etc/key"; debug = true; mode = "fast"; more = [ ]; openFirewall = true; port = 81;'
    ' user = "me"; environment.OWN = "1"; }; systemd.services.web.serviceConfig.ProtectHome = "tmpfs";',
    "odd": SET.replace("/srv/web", "/srv/my data%h") + 'key = "/etc/%n"; };',
    "off": 'services.web = { package = pkgs.hello; data = "/srv"; };',
    "wrong_port": f"{SET} port = 70000; }};",
    "wrong_type": f'{SET} debug = "yes"; }};',
    "wrong_choice": f'{SET} mode = "medium"; }};',
    "unset": "services.web = { enable = true; package = pkgs.hello; };",
    "unknown": f"{SET} color = 1; }};",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Nix makes of the module on each machine, in one evaluation."""
    folder = tmp_path_factory.mktemp("modules")
    root, _ = project(folder / "web", {}, "nixos-module", **GIVEN)
    least, _ = project(folder / "least-one", {"package.nix": "{ lib }: { }"}, "nixos-module", package="package.nix")
    said = {name: f"{{ pkgs, ... }}: {{ {text} }}" for name, text in MACHINES.items()}
    cases = [f"{name} = {{ module = {root}/nixos-module.nix; config = {text}; }};" for name, text in said.items()]
    own = "{ services.least-one = { enable = true; package = pkgs.hello; }; }"
    cases.append(f"least = {{ module = {least}/nixos-module.nix; config = {{ pkgs, ... }}: {own}; }};")
    told: dict[str, Any] = evaluated("modules.nix", f"{{ {' '.join(cases)} }}")
    return told


def test_the_unit_runs_the_command_with_the_options(found: dict[str, Any]) -> None:
    unit = found["plain"]["services"]["web"]
    program = unit["serviceConfig"]["ExecStart"].split()[0].strip('"')
    assert program.endswith("/bin/serve")
    assert unit["serviceConfig"]["ExecStart"] == (
        f'"{program}" "--port" "8080" "100%% of $$HOME \\"it\\"" "a b" "--in=/srv/web/slow"'
    )
    assert unit["description"] == 'Serves "it"'
    assert unit["environment"] == {"PORT": "8080", "MORE": "a b", "DEBUG": "false", "RATE": "50%%n"}
    assert found["plain"]["ports"] == []


def test_the_unit_may_do_little_until_the_machine_says_otherwise(found: dict[str, Any]) -> None:
    plain = found["plain"]["services"]["web"]["serviceConfig"]
    assert plain["DynamicUser"] is True
    assert (plain["ProtectSystem"], plain["CapabilityBoundingSet"], plain["NoNewPrivileges"]) == ("strict", "", True)
    assert plain["ReadWritePaths"] == ['"/srv/web"']
    assert "MemoryDenyWriteExecute" not in plain
    assert plain["LoadCredential"] == []
    full = found["full"]["services"]["web"]["serviceConfig"]
    assert (full["ProtectHome"], full["User"], "DynamicUser" in full) == ("tmpfs", "me", False)


def test_what_a_machine_sets_reaches_the_unit(found: dict[str, Any]) -> None:
    unit = found["full"]["services"]["web"]
    place = "/run/credentials/web.service/key"
    assert unit["serviceConfig"]["LoadCredential"] == ["key:/etc/key"]
    assert unit["serviceConfig"]["ExecStart"].endswith(
        f'"--port" "81" "--key-file={place}" "100%% of $$HOME \\"it\\"" "--in=/srv/web/fast"'
    )
    assert unit["environment"] == {
        "PORT": "81",
        "MORE": "",
        "DEBUG": "true",
        "KEY_FILE": place,
        "OWN": "1",
        "RATE": "50%%n",
    }
    assert found["full"]["ports"] == [81]


def test_what_systemd_would_read_otherwise_reaches_it_as_it_is(found: dict[str, Any]) -> None:
    service = found["odd"]["services"]["web"]["serviceConfig"]
    assert service["ReadWritePaths"] == ['"/srv/my data%%h"']
    assert service["LoadCredential"] == ["key:/etc/%%n"]


def test_a_service_that_is_off_is_none(found: dict[str, Any]) -> None:
    assert found["off"]["services"] == {}


@pytest.mark.parametrize("machine", ["wrong_port", "wrong_type", "wrong_choice", "unset", "unknown"])
def test_the_module_system_refuses_what_does_not_fit_the_types(found: dict[str, Any], machine: str) -> None:
    assert found[machine] is None


def test_without_parameters_the_main_program_runs_under_the_projects_name(found: dict[str, Any]) -> None:
    unit = found["least"]["services"]["least-one"]
    assert unit["serviceConfig"]["ExecStart"].strip('"').endswith("/bin/hello")
    assert found["least"]["options"] == ["enable", "environment", "package", "user"]


def test_a_module_is_made_edited_and_made_again(tmp_path: Path) -> None:
    root, answer = project(tmp_path / "p", {}, "nixos-module", **GIVEN)
    assert not any("secret" in note for note in answer.notes)
    file = root / "nixos-module.nix"
    mine = file.read_text().replace("{\n", "{\n  imports = [ ];\n", 1) + "# mine\n"
    file.write_text(mine)
    environment = Environment(root, actor="test")
    assert not environment.generate("nixos-module", level="schema").changed
    file.write_text(mine.replace("UMask", "Umask"))
    with pytest.raises(Refused) as caught:
        environment.generate("nixos-module", level="schema")
    assert caught.value.code == "generated_part_edited"
    assert environment.generate("nixos-module", replace=True, level="schema").published
    assert file.read_text() == mine
    environment.close()


@pytest.mark.parametrize(
    "given",
    [
        {"options": {"enable": True}},
        {"options": {"a-b": 1}},
        {"options": {"a": {"type": "color"}}},
        {"options": {"a": {"type": "port", "default": 70_000}}},
        {"options": {"a": {"type": "choice"}}},
        {"options": {"a": {"type": "choice", "choices": ["x"], "default": "y"}}},
        {"options": {"a": {"type": "path", "default": "relative"}}},
        {"options": {"a": {"typ": "port"}}},
        {"options": {"a": {"variable": "A B"}}},
        {"options": {"a": {"type": "secret", "default": "/etc/key"}}},
        {"options": {"a": {"type": ["port"]}}},
        {"options": {"a": 2**64}},
        {"options": {"a": {"type": "texts", "default": None}}},
        {"command": ["x", "{a}"]},
        {"command": ["x", "-{a}"], "options": {"a": ["b"]}},
        {"writable": ["a"], "options": {"a": 1}},
        {"loosened": ["UMASK"]},
        {"name": "A"},
        {"file": "../x.nix"},
        {"file": "/x.nix"},
        {"file": "a/./x.nix"},
        {"file": "devenv.nix"},
        {"file": "a/flake.nix"},
    ],
)
def test_a_module_that_could_not_be_is_refused(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        project(tmp_path / "p", {}, "nixos-module", **given)
    assert caught.value.code == "bad_parameter"
    assert not list((tmp_path / "p").glob("*.nix"))
