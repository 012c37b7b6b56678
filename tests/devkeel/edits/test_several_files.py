"""Edits of a declaration of several files: the one that holds a definition is edited, and all of them are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, DevkeelError, Refused

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult

MAIN = "{ pkgs, lib, ... }:\n{\n  imports = [ ./nix/db.nix ];\n%s}\n"
DB = "{ pkgs, lib, ... }:\n{\n%s}\n"
LOCAL = "devenv.local.nix"


def lines(*items: str) -> str:
    return "".join(f"  {item}\n" for item in items)


def write(environment: Environment, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = environment.project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def two(main: str = "", other: str = "", **more: str) -> dict[str, str]:
    return {"devenv.nix": MAIN % main, "nix/db.nix": DB % other, **more}


def edit(environment: Environment, *items: dict[str, Any], **options: Any) -> ChangeResult:
    return environment.change(parse_edits(list(items)), level="schema", **options)


def text(environment: Environment, name: str) -> str:
    return (environment.project.root / name).read_text()


ON = lines("services.postgres.enable = true;")
OFF = {"kind": "disable", "name": "postgres"}
# What a project has, what is asked for, and what then stands in which file and nowhere else.
EDITED: dict[str, tuple[dict[str, str], dict[str, Any], dict[str, str]]] = {
    "a service that an imported file enables": (
        two(other=ON),
        OFF,
        {"nix/db.nix": "services.postgres.enable = false;"},
    ),
    "a service that devenv.local.nix enables": (
        two(**{LOCAL: DB % ON}),
        OFF,
        {LOCAL: "services.postgres.enable = false;"},
    ),
    "a service that two files enable": (
        two(ON, ON),
        OFF,
        {"devenv.nix": "services.postgres.enable = false;", "nix/db.nix": "services.postgres.enable = false;"},
    ),
    "a service that an imported file enables by default": (
        two(other=lines("services.postgres.enable = lib.mkDefault true;")),
        OFF,
        {"nix/db.nix": "services.postgres.enable = lib.mkDefault false;"},
    ),
    "a service that an imported file enables in a set": (
        two(other=lines("services = { postgres = { enable = true; port = 1; }; };")),
        OFF,
        {"nix/db.nix": "postgres = { enable = false; port = 1; };"},
    ),
    "a service that a file of a folder enables": (
        {"devenv.nix": "{ imports = [ ./nix ]; }", "nix/default.nix": DB % ON},
        OFF,
        {"nix/default.nix": "services.postgres.enable = false;"},
    ),
    "a service that a file enables which an imported one imports": (
        {
            "devenv.nix": "{ imports = [ ./a.nix ]; }",
            "a.nix": "{ imports = [ ./nix/b.nix ]; }",
            "nix/b.nix": DB % ON,
        },
        OFF,
        {"nix/b.nix": "services.postgres.enable = false;"},
    ),
    "a service that a file enables which devenv.yaml imports": (
        {"devenv.nix": "{ }", "devenv.yaml": "imports:\n- ./db\n", "db/devenv.nix": DB % ON},
        OFF,
        {"db/devenv.nix": "services.postgres.enable = false;"},
    ),
    "a service of a file that is imported beside computed ones": (
        {
            "devenv.nix": "{ lib, ... }: { imports = [ ./nix/db.nix ] ++ lib.optional true ./other.nix; }",
            "nix/db.nix": DB % ON,
        },
        OFF,
        {"nix/db.nix": "services.postgres.enable = false;"},
    ),
    "a service that is off in an imported file": (
        two(other=lines("services.redis.enable = false;")),
        {"kind": "enable", "name": "redis"},
        {"nix/db.nix": "services.redis.enable = true;"},
    ),
    "settings of a service, each where it stands": (
        two(lines("services.redis.enable = true;"), lines("services.redis.port = 1;")),
        {"kind": "enable", "name": "redis", "settings": {"port": 2, "bind": "::1"}},
        {"nix/db.nix": "services.redis.port = 2;", "devenv.nix": 'services.redis.bind = "::1";'},
    ),
    "a value of an imported file": (
        two(other=lines('env.A = "1";')),
        {"kind": "set", "path": "env.A", "value": "2"},
        {"nix/db.nix": 'env.A = "2";'},
    ),
    "a language of an imported file": (
        two(other=lines('languages.python = { enable = true; version = "3.11"; };')),
        {"kind": "set", "path": "languages.python.version", "value": "3.12"},
        {"nix/db.nix": 'version = "3.12";'},
    ),
    "a script of an imported file": (
        two(other=lines('scripts.x.exec = "a";')),
        {"kind": "set", "path": "scripts.x.exec", "value": "b"},
        {"nix/db.nix": 'scripts.x.exec = "b";'},
    ),
    "a process of an imported file": (
        two(other=lines('processes.web.exec = "a";')),
        {"kind": "unset", "path": "processes.web"},
        {"nix/db.nix": "{\n}"},
    ),
    "a new value": (
        two(other=lines('env.A = "1";')),
        {"kind": "set", "path": "env.B", "value": "2"},
        {"devenv.nix": 'env.B = "2";'},
    ),
    "a variable to be unset": (
        two(other=lines('env.A = "1";', 'env.B = "2";')),
        {"kind": "unset", "path": "env.A"},
        {"nix/db.nix": '{\n  env.B = "2";\n}'},
    ),
    "a variable to be unset in the file that was named": (
        two(lines('env.A = lib.mkForce "0";'), lines('env.A = "1";', 'env.B = "2";')),
        {"kind": "unset", "path": "env.A", "file": "nix/db.nix"},
        {"nix/db.nix": '{\n  env.B = "2";\n}'},
    ),
    "a package of an imported file": (
        two(lines("packages = [ pkgs.git ];"), lines("packages = with pkgs; [ jq fd ];")),
        {"kind": "remove_packages", "names": ["jq"]},
        {"nix/db.nix": "packages = with pkgs; [ fd ];"},
    ),
    "a package of two files": (
        two(lines("packages = [ pkgs.git pkgs.jq ];"), lines("packages = with pkgs; [ jq fd ];")),
        {"kind": "remove_packages", "names": ["jq", "git"]},
        {"devenv.nix": "packages = [ ];", "nix/db.nix": "packages = with pkgs; [ fd ];"},
    ),
    "a package where an imported file has the list": (
        two(other=lines("packages = with pkgs; [ fd ];")),
        {"kind": "add_packages", "names": ["jq"]},
        {"nix/db.nix": "packages = with pkgs; [ fd jq ];"},
    ),
    "a package where an imported file has a list that would give way": (
        two(other=lines("packages = lib.mkDefault [ pkgs.fd ];")),
        {"kind": "add_packages", "names": ["jq"]},
        {"nix/db.nix": "packages = lib.mkDefault [ pkgs.fd pkgs.jq ];"},
    ),
    "a package that an imported file has in a list that gives way": (
        two(lines("packages = [ pkgs.git ];"), lines("packages = lib.mkDefault [ pkgs.jq ];")),
        {"kind": "add_packages", "names": ["jq"]},
        {"devenv.nix": "packages = [ pkgs.git pkgs.jq ];"},
    ),
    "a package beside a list that is forced": (
        two(lines("packages = [ pkgs.git ];"), lines("packages = lib.mkForce [ pkgs.fd ];")),
        {"kind": "add_packages", "names": ["git"]},
        {"nix/db.nix": "packages = lib.mkForce [ pkgs.fd pkgs.git ];"},
    ),
    "packages of which an imported file has one": (
        two(lines("packages = [ pkgs.git ];"), lines("packages = [ pkgs.fd ];")),
        {"kind": "add_packages", "names": ["fd", "jq"]},
        {"devenv.nix": "packages = [ pkgs.git pkgs.jq ];"},
    ),
    "a value of a list of an imported file": (
        two(other=lines('cachix.pull = [ "a" "b" ];')),
        {"kind": "remove", "path": "cachix.pull", "value": "a"},
        {"nix/db.nix": 'cachix.pull = [ "b" ];'},
    ),
    "a further value of a list of an imported file": (
        two(other=lines('cachix.pull = [ "a" ];')),
        {"kind": "append", "path": "cachix.pull", "value": "b"},
        {"nix/db.nix": 'cachix.pull = [ "a" "b" ];'},
    ),
    "a further line of a text of an imported file": (
        two(other=lines("enterShell = ''", "  echo a", "'';")),
        {"kind": "append", "path": "enterShell", "value": "echo b"},
        {"nix/db.nix": "    echo a\n    echo b\n"},
    ),
    "a name of an imported file": (
        two(other=lines('env.A = "1";')),
        {"kind": "rename", "path": "env.A", "to": "env.B"},
        {"nix/db.nix": 'env.B = "1";'},
    ),
    "a comment of an imported file": (
        two(other=lines('# env.A = "1";')),
        {"kind": "uncomment", "path": "env.A"},
        {"nix/db.nix": '  env.A = "1";'},
    ),
    "a definition that becomes a comment": (
        two(other=lines('env.A = "1";')),
        {"kind": "comment_out", "path": "env.A"},
        {"nix/db.nix": '  # env.A = "1";'},
    ),
    "what is on unless it is switched off": (
        two(),
        {"kind": "disable", "name": "cachix"},
        {"devenv.nix": "cachix.enable = false;"},
    ),
}


@pytest.mark.parametrize("name", EDITED)
def test_what_stands_in_another_file_is_edited_there(environment: Environment, name: str) -> None:
    files, change, expected = EDITED[name]
    write(environment, files)
    result = edit(environment, change)
    assert set(result.files) == {*expected}
    for file, wanted in expected.items():
        assert wanted in text(environment, file)
    again = edit(environment, change) if change["kind"] not in {"rename", "uncomment"} else None
    assert again is None or not again.changed


REFUSED: dict[str, tuple[dict[str, str], dict[str, Any], str, tuple[str, int]]] = {
    "a service that stays on elsewhere": (
        two(other=ON),
        {**OFF, "file": "devenv.nix"},
        "defined_elsewhere",
        ("nix/db.nix", 3),
    ),
    "a variable that two files define": (
        two(lines('env.A = lib.mkForce "0";'), lines('env.A = "1";')),
        {"kind": "unset", "path": "env.A"},
        "ambiguous",
        ("nix/db.nix", 3),
    ),
    "a value that two other files define": (
        two(other=lines('env.A = "1";'), **{LOCAL: DB % lines('env.A = lib.mkForce "2";')}),
        {"kind": "set", "path": "env.A", "value": "3"},
        "ambiguous",
        (LOCAL, 3),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_clear_is_refused_with_the_place_and_the_file_to_name(environment: Environment, name: str) -> None:
    files, change, code, (file, line) = REFUSED[name]
    write(environment, files)
    with pytest.raises(Refused) as caught:
        edit(environment, change)
    assert caught.value.code == code
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == (file, line)
    assert file in (caught.value.remedy or "")
    assert edit(environment, {**change, "file": file}).files == (file,)


# What an answer says is not there, or is there already, and what must be in its list.
NOTHING: dict[str, tuple[dict[str, str], dict[str, Any], list[str]]] = {
    "a service that no file enables": (two(), OFF, []),
    "a package that an imported file has": (
        two(lines("packages = [ pkgs.git ];"), lines("packages = [ pkgs.jq ];")),
        {"kind": "add_packages", "names": ["jq"]},
        [],
    ),
    "a value that an imported file has": (
        two(lines('cachix.pull = [ "a" ];'), lines('cachix.pull = [ "b" ];')),
        {"kind": "append", "path": "cachix.pull", "value": "b"},
        [],
    ),
    "an import that is computed": (
        {"devenv.nix": "{ inputs, ... }: { imports = [ inputs.x.devenvModules.default ]; }"},
        OFF,
        ["inputs.x.devenvModules.default (devenv.nix:1)"],
    ),
    "imports that are computed": (
        {"devenv.nix": "{ lib, ... }: { imports = map (n: ./. + n) [ ]; }"},
        {"kind": "unset", "path": "env.A"},
        ["map (n: ./. + n) [ ] (devenv.nix:1)"],
    ),
    "a file that is not there": (
        {"devenv.nix": "{ imports = [ ./gone.nix ]; }"},
        OFF,
        ["./gone.nix (devenv.nix:1)"],
    ),
    "a file outside of the project": (
        {"devenv.nix": "{ imports = [ ../gone.nix ]; }"},
        OFF,
        ["../gone.nix (devenv.nix:1)"],
    ),
    "the module of an input": (
        {"devenv.nix": "{ }", "devenv.yaml": "inputs:\n  x:\n    url: github:a/b\nimports:\n- x/modules\n"},
        {"kind": "remove_packages", "names": ["jq"]},
        ["x/modules of devenv.yaml"],
    ),
    "a file that does not parse": (
        {"devenv.nix": "{ imports = [ ./a.nix ]; }", "a.nix": "{ services.postgres.enable = "},
        OFF,
        ["a.nix"],
    ),
    "a module that is no set": (
        {"devenv.nix": "{ imports = [ ./a.nix ]; }", "a.nix": "import ./b.nix"},
        OFF,
        ["a.nix"],
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_not_there_or_there_already_is_said_with_what_was_read(environment: Environment, name: str) -> None:
    files, change, unread = NOTHING[name]
    write(environment, files)
    result = edit(environment, change)
    assert not result.changed
    assert result.looked_at is not None
    assert {item for item in files if item != "a.nix" or not unread} <= {*result.looked_at.files}
    assert len(result.looked_at.unread) == len(unread)
    for phrase in unread:
        assert phrase in result.looked_at.unread[0]
        assert any(result.looked_at.unread[0] in note for note in result.notes)


# What a module says of services, so that whether one is on does not show; and the same of packages and variables.
HIDES = {
    "inherited": "let services = { postgres.enable = true; }; in { inherit services; }",
    "inherited from a set": "let x.services.postgres.enable = true; in { inherit (x) services; }",
    "inherited below": "let postgres.enable = true; in { services = { inherit postgres; }; }",
    "under config": "let services = { }; in { options = { }; config = { inherit services; }; }",
    "selected": "let x.y = { }; in { services = x.y; }",
    "imported": "{ services = import ./s.nix; }",
    "a call": '{ services = lib.genAttrs [ "postgres" ] (_: { enable = true; }); }',
    "recursively updated": "{ services = lib.recursiveUpdate { postgres.enable = true; } { }; }",
    "updated by what is known": "{ services = import ./s.nix // { mysql.enable = true; }; }",
    "merged": "{ services = lib.mkMerge [ (import ./s.nix) { mysql.enable = true; } ]; }",
    "merged under a condition": "{ services = lib.mkMerge [ (lib.mkIf true (import ./s.nix)) { } ]; }",
    "merged at the top": "lib.mkMerge [ (import ./s.nix) { services.mysql.enable = true; } ]",
    "all of config": "let c = import ./s.nix; in { config = c; }",
}
GONE = [
    OFF,
    {"kind": "unset", "path": "services.postgres.enable"},
    {"kind": "comment_out", "path": "services.postgres.enable"},
    {"kind": "remove", "path": "services.postgres.extensions", "value": "a"},
    {"kind": "rename", "path": "services.postgres.enable", "to": "services.redis.enable"},
]


@pytest.mark.parametrize("where", ["devenv.nix", "nix/a.nix"])
@pytest.mark.parametrize("text", HIDES.values(), ids=HIDES)
def test_nothing_is_said_to_be_off_or_gone_of_what_a_file_of_the_declaration_hides(
    environment: Environment, text: str, where: str
) -> None:
    write(environment, {"devenv.nix": "{ imports = [ ./nix/a.nix ]; }", where: f"{{ lib, ... }}:\n{text}"})
    for change in GONE:
        with pytest.raises(Refused) as caught:
            edit(environment, change)
        assert caught.value.code in {"inherited", "opaque_value"}
        assert caught.value.place is not None
        assert (caught.value.place.file, caught.value.place.line) == (where, 2)


SEEN = {
    "updated by the same": "{ services = import ./s.nix // { postgres.enable = false; }; }",
    "merged with it": "{ services = lib.mkMerge [ (import ./s.nix) { postgres.enable = false; } ]; }",
    "of a name that is bound": "let s = { mysql.enable = true; }; in { services = s; }",
    "merged of what is known": "{ services = lib.mkMerge [ { mysql.enable = true; } (lib.mkIf true { }) ]; }",
    "other options": "let env = { }; in { inherit env; languages = import ./l.nix; }",
}


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_what_hides_other_options_is_in_the_way_of_none(environment: Environment, text: str) -> None:
    write(environment, {"devenv.nix": f"{{ lib, ... }}:\n{text}"})
    assert not edit(environment, OFF).changed


LISTS = {
    "inherited": "let packages = [ pkgs.git ]; in { inherit packages; }",
    "inherited from a set": "let x.packages = [ ]; in { inherit (x) packages; }",
    "imported": "{ packages = import ./s.nix; }",
    "merged at the top": "lib.mkMerge [ (import ./s.nix) { packages = [ pkgs.jq ]; } ]",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_a_package_is_not_said_to_be_missing_in_a_list_that_does_not_show(environment: Environment, text: str) -> None:
    write(environment, {"devenv.nix": "{ imports = [ ./a.nix ]; }", "a.nix": f"{{ pkgs, lib, ... }}:\n{text}"})
    package = {"kind": "remove", "path": "packages", "expression": "pkgs.git"}
    for change in (package, {"kind": "remove_packages", "names": ["git"]}):
        with pytest.raises(Refused) as caught:
            edit(environment, change)
        assert caught.value.place is not None
        assert (caught.value.place.file, caught.value.place.line) == ("a.nix", 2)


IN_PROFILE = {
    "a set": "{ %s }",
    "a function": "{ pkgs, ... }: { %s }",
}
OF_PROFILE = 'services.postgres.enable = true; packages = with pkgs; [ git ]; env.A = "1"; cachix.pull = [ "a" ];'
ELSEWHERE: list[dict[str, Any]] = [
    OFF,
    {"kind": "unset", "path": "env.A"},
    {"kind": "set", "path": "env.A", "value": "2"},
    {"kind": "comment_out", "path": "env.A"},
    {"kind": "rename", "path": "env.A", "to": "env.B"},
    {"kind": "remove_packages", "names": ["git"]},
    {"kind": "remove", "path": "packages", "expression": "pkgs.git"},
    {"kind": "remove", "path": "cachix.pull", "value": "a"},
]


@pytest.mark.parametrize("beside", ["", f"{OF_PROFILE} "], ids=["alone", "beside the same"])
@pytest.mark.parametrize("module", IN_PROFILE.values(), ids=IN_PROFILE)
@pytest.mark.parametrize("settings", ["devenv.yaml", "devenv.local.yaml"])
def test_every_edit_is_refused_of_what_the_chosen_profile_has(
    environment: Environment, settings: str, module: str, beside: str
) -> None:
    text = f"{{ pkgs, ... }}:\n{{ {beside}\nprofiles.db.module = {module % OF_PROFILE}; }}"
    write(environment, {"devenv.nix": text, settings: "profile: db\n"})
    for change in ELSEWHERE:
        with pytest.raises(Refused) as caught:
            edit(environment, change)
        assert caught.value.code == "defined_elsewhere"
        assert caught.value.place is not None
        assert (caught.value.place.file, caught.value.place.line) == ("devenv.nix", 3)
    assert not edit(environment, {"kind": "remove_packages", "names": ["jq"]}).changed
    assert edit(environment, {"kind": "set", "path": "env.A", "value": "3", "file": "devenv.nix"}).changed


@pytest.mark.parametrize("text", ["{ profiles.db.module = ./db.nix; }", "{ profiles = import ./p.nix; }"])
def test_a_chosen_profile_that_does_not_show_is_in_the_way(environment: Environment, text: str) -> None:
    write(environment, {"devenv.nix": text, "devenv.yaml": "profile: db\n"})
    for change in (OFF, {"kind": "unset", "path": "env.A"}, {"kind": "remove_packages", "names": ["git"]}):
        with pytest.raises(Refused) as caught:
            edit(environment, change)
        assert caught.value.place is not None
        assert (caught.value.place.file, caught.value.place.line) == ("devenv.nix", 1)


def test_a_profile_that_has_a_service_off_says_nothing_against_it(environment: Environment) -> None:
    write(environment, {"devenv.nix": "{ profiles.db.module.services.postgres.enable = false; }"})
    assert not any("profile" in note for note in edit(environment, OFF).notes)


def test_a_profile_is_named_where_only_it_has_what_is_looked_for(environment: Environment) -> None:
    write(environment, {"devenv.nix": "{ profiles.db.module.services.postgres.enable = true; }"})
    assert any(
        "profiles.db.module.services.postgres.enable (devenv.nix:1)" in note for note in edit(environment, OFF).notes
    )


# What a devenv.nix has in profiles, and what the answer to a disabled service, a language and a package then names.
PROFILES = {
    "a function": ("{ profiles.db.module = { config, ... }: {\n services.postgres.enable = true; }; }", "devenv.nix:2"),
    "in a set": ("{ profiles = { db.module = ({ ... }: { services.postgres.enable = true; }); }; }", "devenv.nix:1"),
    "of a host": ('{ profiles.hostname."h".module.services.postgres.enable = true; }', "devenv.nix:1"),
    "a file": ("{ profiles.db.module = ./db.nix; }", "Not read: what devenv.nix:1 gives profiles.db.module"),
    "a call": ("{ profiles.db = import ./db.nix; }", "Not read: what devenv.nix:1 gives profiles.db"),
}


@pytest.mark.parametrize(("text", "named"), PROFILES.values(), ids=PROFILES)
def test_what_a_profile_has_or_hides_is_named(environment: Environment, text: str, named: str) -> None:
    write(environment, {"devenv.nix": text})
    notes = " ".join(edit(environment, OFF).notes)
    assert named in notes
    assert "it is off already" not in notes


@pytest.mark.parametrize("settings", ["profile: db\n", "inputs: {}\nprofile: db\n"])
def test_a_service_of_the_profile_that_is_chosen_is_not_off(environment: Environment, settings: str) -> None:
    text = "{ profiles.db.module.services.postgres.enable = true; }"
    write(environment, {"devenv.nix": text, "devenv.yaml": settings})
    with pytest.raises(Refused) as caught:
        edit(environment, OFF)
    assert caught.value.code == "defined_elsewhere"
    path = "profiles.db.module.services.postgres.enable"
    assert edit(environment, {"kind": "set", "path": path, "value": False}).changed
    assert not edit(environment, OFF).changed


@pytest.mark.parametrize(
    "text",
    [
        "{ services.postgres.enable = true; profiles.db.module.services.postgres.enable = true; }",
        '{ profiles = { a.module.services.postgres.enable = true; db.extends = [ "b" ]; b.extends = [ "a" ]; }; }',
    ],
    ids=["beside one that is not in a profile", "by what it extends"],
)
def test_a_profile_that_is_chosen_prevails_and_brings_what_it_extends(environment: Environment, text: str) -> None:
    write(environment, {"devenv.nix": text, "devenv.yaml": "profile: db\n"})
    with pytest.raises(Refused, match="is set in the profile"):
        edit(environment, OFF)


def test_a_profile_that_is_not_chosen_is_named_beside_the_change(environment: Environment) -> None:
    text = "{ services.postgres.enable = true; profiles.db.module.services.postgres.enable = true; }"
    write(environment, {"devenv.nix": text})
    result = edit(environment, OFF)
    assert result.changed
    assert any("the profile db defines" in note for note in result.notes)


def test_a_list_of_a_profile_is_not_said_to_have_what_is_looked_for(environment: Environment) -> None:
    write(environment, {"devenv.nix": "{ pkgs, ... }: { profiles.db.module.packages = [ pkgs.git ]; }"})
    notes = edit(environment, {"kind": "remove_packages", "names": ["jq"]}).notes
    assert any("the profile db defines profiles.db.module.packages (devenv.nix:1)" in note for note in notes)


def test_a_link_is_the_file_behind_it_and_no_second_one(environment: Environment) -> None:
    write(environment, {"devenv.nix": "{ }", "real/devenv.nix": "{ pkgs, ... }: { packages = [ pkgs.git ]; }"})
    (environment.project.root / "devenv.nix").unlink()
    (environment.project.root / "devenv.nix").symlink_to("real/devenv.nix")
    assert not edit(environment, {"kind": "add_packages", "names": ["jq"]}).notes
    assert edit(environment, {"kind": "remove_packages", "names": ["jq"]}).changed


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("name", ["devenv.nix", LOCAL])
def test_what_a_link_imports_is_beside_the_file_that_it_leads_to(
    environment: Environment, name: str, absolute: bool
) -> None:
    root = environment.project.root
    files = {"devenv.nix": "{ }\n", "nix/real.nix": "{ imports = [ ./x.nix ]; }\n"}
    write(environment, files | {"x.nix": '{ env.A = "wrong"; }\n', "nix/x.nix": '{ env.A = "1"; }\n'})
    (root / name).unlink(missing_ok=True)
    (root / name).symlink_to(root / "nix/real.nix" if absolute else "nix/real.nix")
    assert [item.file for item in environment.inspect(prefix="env.A").definitions] == ["nix/x.nix"]
    assert edit(environment, {"kind": "set", "path": "env.A", "value": "2"}).files == ("nix/x.nix",)
    assert not edit(environment, {"kind": "set", "path": "env.A", "value": "2"}).changed
    (root / "x.nix").unlink()
    assert not environment.check(level="schema").diagnostics
    environment.undo()
    assert text(environment, "nix/x.nix") == '{ env.A = "1"; }\n'
    assert (root / name).is_symlink()


# What a project has beside x.nix, and whether an edit of x.nix says that nothing imports it.
IMPORTERS: dict[str, tuple[dict[str, str], bool]] = {
    "nothing": ({"devenv.nix": "{ }"}, True),
    "another file": ({"devenv.nix": "{ imports = [ ./y.nix ]; }", "y.nix": "{ }"}, True),
    "a file that nothing imports": ({"devenv.nix": "{ }", "y.nix": "{ imports = [ ./x.nix ]; }"}, True),
    "devenv.nix": ({"devenv.nix": "{ imports = [ ./x.nix ]; }"}, False),
    "under a condition": ({"devenv.nix": "{ lib, ... }: { imports = lib.optional false ./x.nix; }"}, False),
    "an imported file": (
        {"devenv.nix": "{ imports = [ ./a ]; }", "a/default.nix": "{ imports = [ ../x.nix ]; }"},
        False,
    ),
    "devenv.local.nix": ({"devenv.nix": "{ }", LOCAL: "{ imports = [ ./x.nix ]; }"}, False),
    "devenv.yaml": ({"devenv.nix": "{ }", "devenv.yaml": "imports:\n- ./x.nix\n"}, False),
    "a call": ({"devenv.nix": "{ imports = [ (import ./x.nix { }) ]; }"}, False),
    "a computed path": ({"devenv.nix": "{ imports = map (n: ./${n}.nix) [ ]; }"}, False),
    "a folder that is read": ({"devenv.nix": "let f = builtins.readDir ./.; in { env.A = f; }"}, False),
    "a text with its name": ({"devenv.nix": '{ env.A = "x.nix"; }'}, False),
    "a module of an input": ({"devenv.nix": "{ inputs, ... }: { imports = [ inputs.a.b ]; }"}, False),
    "a profile": ({"devenv.nix": "{ profiles.a.module = ./x.nix; }"}, False),
    "the imports of a profile": ({"devenv.nix": "{ profiles.a.module.imports = [ ./x.nix ]; }"}, False),
    "a flake": ({"devenv.nix": "{ }", "flake.nix": "{ outputs = _: { m = ./x.nix; }; }"}, False),
    "no devenv.nix": ({"flake.nix": "{ outputs = _: { }; }"}, False),
}


@pytest.mark.parametrize("name", IMPORTERS)
def test_that_nothing_imports_a_file_is_said_where_it_is_certain(environment: Environment, name: str) -> None:
    files, alone = IMPORTERS[name]
    (environment.project.root / "devenv.nix").unlink(missing_ok=True)
    write(environment, files | {"x.nix": "{ }\n"})
    change = {"kind": "set", "path": "env.A", "value": "1", "file": "x.nix"}
    assert any("imports" in note for note in edit(environment, change, dry_run=True).notes) is alone
    if alone:
        follow = {"kind": "append", "path": "imports", "expression": "./x.nix"}
        assert not edit(environment, change, follow).notes


def test_a_link_out_of_the_project_is_refused_with_where_it_leads(environment: Environment) -> None:
    root = environment.project.root
    (root.parent / "real.nix").write_text("{ }\n")
    (root / "devenv.nix").unlink(missing_ok=True)
    (root / "devenv.nix").symlink_to("../real.nix")
    with pytest.raises(DevkeelError, match="leads to") as caught:
        edit(environment, {"kind": "set", "path": "env.A", "value": "2"})
    assert caught.value.code == "outside_root"


@pytest.mark.parametrize("value", ["''\n  echo a\n''", '"echo a"', 'lib.mkAfter "echo a"', "{ a = 1; }", "3"])
def test_that_something_is_not_in_what_is_no_list_is_no_answer(environment: Environment, value: str) -> None:
    write(environment, {"devenv.nix": f"{{ lib, ... }}: {{ enterShell = {value}; }}"})
    with pytest.raises(Refused, match="is no list to remove from"):
        edit(environment, {"kind": "remove", "path": "enterShell", "value": "echo a"})


USES = {
    "a module": ("{ inputs, ... }: {\n  imports = [ inputs.foo.devenvModules.x ];\n}\n", True),
    "a package": ('{ inputs, ... }: {\n  packages = [ inputs."foo".packages.x ];\n}\n', True),
    "another": ("{ inputs, ... }: {\n  packages = [ inputs.foo-bar.x my.inputs.foo ];\n}\n", False),
    "a comment": ('{ inputs, ... }: {\n  # inputs.foo.x\n  env.A = "inputs.foo";\n}\n', False),
}


@pytest.mark.parametrize(("text", "used"), USES.values(), ids=USES)
def test_where_an_input_is_used_is_said_when_it_is_removed(environment: Environment, text: str, used: bool) -> None:
    write(environment, {"devenv.nix": text, "devenv.yaml": "inputs:\n  foo:\n    url: github:a/b\n"})
    notes = edit(environment, {"kind": "remove_input", "name": "foo"}).notes
    assert ("inputs.foo is used in devenv.nix:2 still." in notes) is used


def test_a_name_is_not_suggested_for_what_has_it_already(environment: Environment) -> None:
    write(environment, {"devenv.nix": "{ services.redis.enable = true; }"})
    with pytest.raises(CheckFailed) as caught:
        edit(environment, {"kind": "rename", "path": "services.redis.enable", "to": "services.valkey.enable"})
    assert all(not item.suggestions for item in caught.value.diagnostics)


def test_a_named_file_is_edited_and_others_are_said(environment: Environment) -> None:
    write(environment, two(other=lines('env.A = "1";')))
    result = edit(environment, {"kind": "unset", "path": "env.A", "file": "devenv.nix"})
    assert not result.changed
    assert any("nix/db.nix:3" in note for note in result.notes)


# What devenv.nix says of env.FOO under a condition, what is set, and what it is then: None for a refusal.
CONDITIONAL: dict[str, tuple[str, str, str | None]] = {
    "never, the same": (
        'lib.mkMerge [ (lib.mkIf false { env.FOO = "a"; }) { env.B = "1"; } ]',
        "a",
        '{ env.B = "1"; env.FOO',
    ),
    "never, another": (
        'lib.mkMerge [ (lib.mkIf false { env.FOO = "b"; }) { env.B = "1"; } ]',
        "a",
        '{ env.B = "1"; env.FOO',
    ),
    "never, at the value": ('{\n  env.FOO = lib.mkIf false "b";\n}', "a", None),
    "sometimes, the same": (
        'lib.mkMerge [ (lib.mkIf c { env.FOO = "a"; }) { env.B = "1"; } ]',
        "a",
        '{ env.B = "1"; env.FOO',
    ),
    "sometimes, the same, nowhere else": ('lib.mkIf c { env.FOO = "a"; }', "a", None),
    "always": ('lib.mkIf true { env.FOO = "b"; }', "a", '{ env.FOO = "a"; }'),
}


@pytest.mark.parametrize("name", CONDITIONAL)
def test_a_value_under_a_condition_is_set_for_every_case_or_refused(environment: Environment, name: str) -> None:
    body, value, expected = CONDITIONAL[name]
    write(environment, {"devenv.nix": f"{{ lib, c, ... }}:\n{body}\n"})
    change = {"kind": "set", "path": "env.FOO", "value": value}
    if expected is None:
        try:
            result = edit(environment, change)
        except Refused as error:
            assert error.code == "conditional"
            return
        assert any("condition" in note for note in result.notes)
    else:
        assert edit(environment, change).changed
        assert expected in text(environment, "devenv.nix")


INPUT = "inputs:\n  x:\n    url: github:a/b\n"
YAML_EDITED: dict[str, tuple[dict[str, str], dict[str, Any], dict[str, str]]] = {
    "an input of devenv.local.yaml, to be removed": (
        {"devenv.yaml": "allowUnfree: true\n", "devenv.local.yaml": INPUT + "allowUnfree: true\n"},
        {"kind": "remove_input", "name": "x"},
        {"devenv.local.yaml": "allowUnfree: true\n"},
    ),
    "an input of both": (
        {"devenv.yaml": INPUT + "allowUnfree: true\n", "devenv.local.yaml": INPUT + "allowUnfree: true\n"},
        {"kind": "remove_input", "name": "x"},
        {"devenv.yaml": "allowUnfree: true\n", "devenv.local.yaml": "allowUnfree: true\n"},
    ),
    "an input of what is imported, to be changed": (
        {"devenv.yaml": "imports:\n- ./c\n", "c/devenv.yaml": INPUT},
        {"kind": "set_input", "name": "x", "url": "github:c/d"},
        {"c/devenv.yaml": "    url: github:c/d\n"},
    ),
    "a new input": (
        {"devenv.yaml": "allowUnfree: true\n", "devenv.local.yaml": INPUT},
        {"kind": "set_input", "name": "w", "url": "github:c/d"},
        {"devenv.yaml": "  w:\n    url: github:c/d\n"},
    ),
}


@pytest.mark.parametrize("name", YAML_EDITED)
def test_an_input_is_edited_where_it_stands(environment: Environment, name: str) -> None:
    files, change, expected = YAML_EDITED[name]
    write(environment, files)
    assert {*edit(environment, change).files} == {*expected}
    for file, wanted in expected.items():
        assert wanted in text(environment, file)
    again = edit(environment, change)
    assert not again.changed
    assert again.looked_at is not None
    assert {*files} <= {*again.looked_at.files}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "set", "path": "allowUnfree", "value": False},
        {"kind": "unset", "path": "allowUnfree"},
    ],
)
def test_what_another_yaml_file_says_of_a_key_is_said(environment: Environment, change: dict[str, Any]) -> None:
    write(environment, {"devenv.yaml": "allowUnfree: true\n", "devenv.local.yaml": "a: 1\nallowUnfree: true\n"})
    result = edit(environment, {**change, "file": "devenv.yaml"})
    assert result.changed
    assert any("devenv.local.yaml:2" in note for note in result.notes)


def test_a_module_of_an_input_is_named_where_an_input_is_not_found(environment: Environment) -> None:
    write(environment, {"devenv.yaml": INPUT + "imports:\n- x/modules\n"})
    result = edit(environment, {"kind": "remove_input", "name": "y"})
    assert result.looked_at is not None
    assert ["x/modules" in phrase for phrase in result.looked_at.unread] == [True]


def test_a_stronger_definition_elsewhere_is_said(environment: Environment) -> None:
    write(environment, two(lines('env.A = "1";'), lines('env.A = lib.mkForce "2";')))
    result = edit(environment, {"kind": "set", "path": "env.A", "value": "3"})
    assert result.files == ("devenv.nix",)
    assert any("nix/db.nix:3 (mkForce)" in note for note in result.notes)


def test_what_another_file_has_is_said_where_the_named_one_has_it_not(environment: Environment) -> None:
    write(environment, two(lines("packages = [ pkgs.git ];"), lines("packages = [ pkgs.jq ];")))
    result = edit(environment, {"kind": "remove_packages", "names": ["jq"], "file": "devenv.nix"})
    assert not result.changed
    assert any("nix/db.nix" in note for note in result.notes)
