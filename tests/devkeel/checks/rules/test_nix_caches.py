"""What a Nix file has Nix take built paths from is a matter of the rule of registries, in every spelling."""

from __future__ import annotations

import pytest

from devkeel.checks.rules.named import broken_by
from devkeel.checks.rules.nix_caches import caches_in
from devkeel.project.rules import NameRule

EVIL = "https://evil.example.com"
KEY = "evil.example.com-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
FLAKES = {
    "a list": '{{ nixConfig = {{ {setting} = [ "{value}" ]; }}; outputs = _: {{ }}; }}',
    "a text": '{{ nixConfig = {{ {setting} = "https://a.example.org {value}"; }}; outputs = _: {{ }}; }}',
    "a path": '{{ nixConfig.{setting} = [ "{value}" ]; outputs = _: {{ }}; }}',
    "quoted": '{{ "nixConfig"."{setting}" = [ "{value}" ]; outputs = _: {{ }}; }}',
    "lines": "{{ nixConfig.{setting} = ''\n    https://a.example.org\n    {value}\n  ''; outputs = _: {{ }}; }}",
    "in parentheses": '{{ nixConfig = ({{ {setting} = ([ ("{value}") ]); }}); outputs = _: {{ }}; }}',
}
SETTINGS = ("substituters", "trusted-substituters", "binary-caches", "flake-registry", "builders")


@pytest.mark.parametrize("prefix", ["", "extra-"])
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("text", FLAKES.values(), ids=FLAKES)
def test_a_place_to_take_paths_from_is_of_its_host(text: str, setting: str, prefix: str) -> None:
    data = text.format(setting=prefix + setting, value=EVIL).encode()
    found = {item.names[0]: item for item in caches_in("flake.nix", data)}
    assert "evil.example.com" in found[EVIL].names
    assert broken_by(NameRule(allow=("a.example.org",)), found[EVIL]) == "allow"
    assert broken_by(NameRule(forbid=("evil.*",)), found[EVIL]) == "forbid"
    assert broken_by(NameRule(allow=("evil.example.com",)), found[EVIL]) is None


@pytest.mark.parametrize("setting", ["trusted-public-keys", "extra-trusted-public-keys", "binary-cache-public-keys"])
@pytest.mark.parametrize("text", FLAKES.values(), ids=FLAKES)
def test_a_key_is_allowed_by_all_of_it_alone(text: str, setting: str) -> None:
    data = text.format(setting=setting, value=KEY).encode()
    (found,) = [item for item in caches_in("flake.nix", data) if item.names[0] == KEY]
    for allowed, part in ((KEY, None), ("evil.example.com-1:*", None), ("evil.example.com", "allow"), ("x", "allow")):
        assert broken_by(NameRule(allow=(allowed,)), found) == part
    for forbidden in ("evil.example.com", "evil.example.com-1", KEY):
        assert broken_by(NameRule(forbid=(forbidden,)), found) == "forbid"


def test_a_query_is_no_part_of_a_host_and_a_port_is() -> None:
    text = '{ nixConfig.substituters = [ "https://a.example.org?priority=10" "http://a.example.org:8080/x" ]; }'
    first, second = caches_in("flake.nix", text.encode())
    assert broken_by(NameRule(allow=("a.example.org",)), first) is None
    assert broken_by(NameRule(allow=("a.example.org",)), second) == "allow"


@pytest.mark.parametrize(
    "text",
    [
        '{ pkgs, ... }: { cachix.pull = [ "evil" ]; }',
        '{ cachix = { enable = true; pull = [ "evil" ]; }; }',
        '{ config = { cachix.pull = [ "evil" ]; }; options = { }; }',
        '{ lib, ... }: { cachix.pull = lib.mkForce [ "evil" ]; }',
    ],
)
def test_a_cache_that_devenv_pulls_from_is_of_its_host(text: str) -> None:
    assert [item.names[0] for item in caches_in("devenv.nix", text.encode())] == ["https://evil.cachix.org"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("flake.nix", '{ nixConfig.sandbox = true; nixConfig.bash-prompt = "https://x "; outputs = _: { }; }'),
        ("flake.nix", '{ outputs = _: { nixConfig.substituters = [ "https://x" ]; }; }'),
        ("flake.nix", '{ nixConfig.substituters = [ ]; description = "https://x"; }'),
        ("flake.nix", "{ nixConfig = "),
        ("flake.nix", ""),
        ("devenv.nix", '{ cachix.push = "mine"; }'),
        ("devenv.nix", '{ nixConfig.substituters = [ "https://x" ]; }'),
        ("devenv.yaml", "inputs: {}"),
        ("default.nix", "a: b: 1"),
    ],
)
def test_everyday_files_name_none(name: str, text: str) -> None:
    assert [*caches_in(name, text.encode())] == []
