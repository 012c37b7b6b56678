"""What `devkeel check` says of whole projects: nothing of what devenv takes, and a fix for what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def found(devkeel: Shell, *arguments: str) -> list[dict[str, Any]]:
    diagnostics: list[dict[str, Any]] = devkeel("check", "--level", "schema", "--json", *arguments).data["diagnostics"]
    return diagnostics


def codes(devkeel: Shell) -> list[str]:
    return [item["code"] for item in found(devkeel)]


MODULE = '{ ... }: { env.A = "1"; }\n'


@pytest.mark.parametrize(
    ("imports", "expected"),
    [
        ("/shared", []),
        ("/shared/devenv.nix", []),
        ("/app", []),
        ("../shared", []),
        ("./inner", []),
        ("/inner", ["missing_import"]),
        ("/shard", ["missing_import"]),
        ("../shard", ["missing_import"]),
        ("../../elsewhere", []),
        ("path:/anywhere", []),
    ],
)
def test_an_import_that_begins_with_a_slash_begins_at_the_root_of_the_work_tree(
    imports: str, expected: list[str], devkeel: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (devkeel.root / ".git").mkdir()
    devkeel.declaration.unlink()
    write(devkeel.root, {"shared/devenv.nix": MODULE, "app/devenv.nix": MODULE, "app/inner/devenv.nix": MODULE})
    write(devkeel.root, {"app/devenv.yaml": f"imports:\n  - {imports}\n"})
    monkeypatch.chdir(devkeel.root / "app")
    assert codes(devkeel) == expected


def test_an_import_from_the_root_of_the_work_tree_is_a_part_of_the_declaration(devkeel: Shell) -> None:
    (devkeel.root / ".git").mkdir()
    write(
        devkeel.root, {"shared/devenv.nix": "{ services.reddis.enable = true; }", "devenv.yaml": "imports: [/shared]\n"}
    )
    assert [(item["code"], item["place"]["file"]) for item in found(devkeel)] == [
        ("unknown_option", "shared/devenv.nix")
    ]


def test_a_reference_to_a_part_of_the_project_is_one(devkeel: Shell) -> None:
    write(devkeel.root, {"devenv.yaml": "inputs:\n  devenv:\n    url: .?dir=src/modules\n"})
    assert codes(devkeel) == []


MARKED = b"\xef\xbb\xbf"


@pytest.mark.parametrize("name", ["devenv.nix", "devenv.local.nix", "part.nix"])
def test_a_byte_order_mark_is_found_and_its_fix_takes_it_away(name: str, devkeel: Shell) -> None:
    devkeel.declaration.write_text("{ pkgs, ... }:\n{\n  imports = [ ./part.nix ];\n}\n")
    write(devkeel.root, {"part.nix": MODULE})
    text = (devkeel.root / name).read_bytes() if (devkeel.root / name).exists() else MODULE.encode()
    (devkeel.root / name).write_bytes(MARKED + text)
    (item,) = found(devkeel)
    assert (item["code"], item["severity"], item["place"]) == (
        "byte_order_mark",
        "error",
        {"file": name, "line": 1, "column": 1},
    )
    edit = item["suggestions"][0]
    assert devkeel("patch", edit["file"], "--old", edit["old"], "--new", edit["new"]).code == 0
    assert (devkeel.root / name).read_bytes() == text
    assert codes(devkeel) == []


def test_an_edit_leaves_no_byte_order_mark(devkeel: Shell) -> None:
    text = devkeel.declaration.read_bytes()
    devkeel.declaration.write_bytes(MARKED + text)
    outcome = devkeel("set", "env.B", "2", "--level", "schema")
    assert outcome.code == 0
    assert devkeel.declaration.read_bytes().startswith(text[:40])


def test_a_mark_in_devenv_yaml_is_read(devkeel: Shell) -> None:
    (devkeel.root / "devenv.yaml").write_bytes(MARKED + b"inputs:\n  nixpkgs:\n    url: github:a/b\n")
    assert codes(devkeel) == []


@pytest.mark.parametrize(
    ("head", "opened"),
    [
        ("{ pkgs }:", "{ pkgs, ... }:"),
        ("{pkgs}:", "{pkgs, ...}:"),
        ("{ pkgs, lib }:", "{ pkgs, lib, ... }:"),
        ("{ pkgs, lib, }:", "{ pkgs, lib, ... }:"),
        ("{ pkgs ? null }:", "{ pkgs ? null, ... }:"),
        ("{ }:", "{ ... }:"),
        ("{}:", "{ ... }:"),
        ("args@{ pkgs }:", "args@{ pkgs, ... }:"),
        ("{ pkgs }@args:", "{ pkgs, ... }@args:"),
        ("{ pkgs\n, lib\n}:", "{ pkgs\n, lib\n, ...\n}:"),
        ("{\n  pkgs,\n  lib,\n}:", "{\n  pkgs,\n  lib,\n  ...\n}:"),
        ("{\n  pkgs,\n  lib # why\n}:", "{\n  pkgs,\n  lib,\n  ... # why\n}:"),
        ("{\n  pkgs,\n}:", "{\n  pkgs,\n  ...\n}:"),
        ("let a = 1; in { pkgs }:", "let a = 1; in { pkgs, ... }:"),
    ],
)
def test_a_head_that_takes_too_little_is_found_and_its_fix_opens_it(head: str, opened: str, devkeel: Shell) -> None:
    body = '\n{\n  env.A = "1";\n}\n'
    devkeel.declaration.write_text(head + body)
    (item,) = found(devkeel)
    assert (item["code"], item["severity"]) == ("closed_head", "error")
    assert devkeel("set", "env.B", "2", "--level", "schema").code == 0  # it was there before
    devkeel.declaration.write_text(head + body)
    edit = item["suggestions"][0]
    assert devkeel("patch", edit["file"], "--old", edit["old"], "--new", edit["new"], "--level", "schema").code == 0
    assert devkeel.read() == opened + body
    assert codes(devkeel) == []


@pytest.mark.parametrize(
    "text",
    [
        "{ pkgs, ... }@args: { }",
        "args@{ ... }: { }",
        "args: { }",
        "_: { }",
        '{ env.A = "1"; }',
        '{ pkgs, ... }: let f = { a }: a; in { env.A = f { a = "1"; }; }',
        "{ pkgs, ... }: { env = pkgs.callPackage ({ lib }: { }) { }; }",
        "{ pkgs, ... }: { overlays = [ (final: prev: { a = { b }: b; }) ]; }",
        "{ ... }: { imports = [ ({ pkgs, ... }: { }) (import ./f.nix { a = 1; }) ]; }",
        "{ ... }: { profiles.a.module = { ... }: { }; }",
    ],
)
def test_a_head_that_takes_all_and_a_function_that_is_no_module_are_right(text: str, devkeel: Shell) -> None:
    devkeel.declaration.write_text(text + "\n")
    write(devkeel.root, {"f.nix": "{ a }: { env.A = a; }\n"})
    assert codes(devkeel) == []


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("{ ... }: { imports = [ ./f.nix ]; }", "f.nix"),
        ("{ ... }: { imports = [ ({ pkgs }: { }) ]; }", "devenv.nix"),
        ("{ ... }: { profiles.a.module = { pkgs }: { }; }", "devenv.nix"),
    ],
)
def test_modules_elsewhere_are_called_with_more_too(text: str, file: str, devkeel: Shell) -> None:
    devkeel.declaration.write_text(text + "\n")
    write(devkeel.root, {"f.nix": "{ a }: { env.A = a; }\n"})
    assert [(item["code"], item["place"]["file"]) for item in found(devkeel)] == [("closed_head", file)]


def taken(devkeel: Shell, item: dict[str, Any]) -> bool:
    """Make the first suggestion of a finding by the command."""
    edit = item["suggestions"][0]
    assert edit["kind"] == "rename"
    return devkeel("rename", edit["path"], edit["to"], "--level", "schema").code == 0


@pytest.mark.parametrize(
    ("body", "becomes"),
    [
        ('scripts.hello = "echo hi";', 'scripts.hello.exec = "echo hi";'),
        ("scripts.hello = ''\n    echo hi\n  '';", "scripts.hello.exec = ''\n    echo hi\n  '';"),
        ('scripts.hello = "${pkgs.hello}/bin/hello";', 'scripts.hello.exec = "${pkgs.hello}/bin/hello";'),
        ('scripts = { hello = "echo hi"; };', 'scripts = { hello.exec = "echo hi"; };'),
        ('processes.web = "npm start";', 'processes.web.exec = "npm start";'),
        ('tasks."app:build" = "make";', 'tasks."app:build".exec = "make";'),
        ('files."a.txt" = "text";', 'files."a.txt".text = "text";'),
        ("services.redis = true;", "services.redis.enable = true;"),
    ],
)
def test_a_value_in_place_of_a_group_moves_to_what_the_group_is_about(body: str, becomes: str, devkeel: Shell) -> None:
    devkeel.declaration.write_text(f"{{ pkgs, ... }}:\n{{\n  {body}\n}}\n")
    (item,) = found(devkeel)
    assert item["code"] == "wrong_nesting"
    assert taken(devkeel, item)
    assert devkeel.read() == f"{{ pkgs, ... }}:\n{{\n  {becomes}\n}}\n"
    assert codes(devkeel) == []


@pytest.mark.parametrize("body", ['services.redis = "yes";', "scripts.hello = true;", "scripts.hello = [ 1 ];"])
def test_a_value_that_no_part_of_the_group_takes_has_no_suggestion(body: str, devkeel: Shell) -> None:
    devkeel.declaration.write_text(f"{{ ... }}:\n{{\n  {body}\n}}\n")
    (item,) = found(devkeel)
    assert item["suggestions"] == []


@pytest.mark.parametrize(
    "body",
    [
        "enableShell = true;",  # enterShell is a text
        "services.cockroachdb = {\n    enabre = true;\n  };",  # what is in a set stays in it
        'services.redis.prot = "6380";',  # a port is a number
        "services.redis.port = 1;\n  services.redis.prot = 2;",  # it is there already
        "languages.python.venv.enable = true;\n  languages.python.vnv = { enable = true; };",
        'languages.go.versoin = "1.22";',  # it needs an input that is not there
        "services.postgres = { enable = true; };\n  postgres = { enable = true; };",
    ],
)
def test_nothing_is_suggested_that_is_refused(body: str, devkeel: Shell) -> None:
    text = f"{{ ... }}:\n{{\n  {body}\n}}\n"
    devkeel.declaration.write_text(text)
    for item in found(devkeel):
        for edit in item["suggestions"]:
            assert devkeel("rename", edit["path"], edit["to"], "--level", "schema").code == 0, edit
            devkeel.declaration.write_text(text)


def test_a_file_that_does_not_parse_has_no_suggestion_but_for_that(devkeel: Shell) -> None:
    devkeel.declaration.write_text("{ ... }:\n{\n  services.reddis.enable = true;\n  env.A = nowhere;\n}\n")
    assert {item["code"]: bool(item["suggestions"]) for item in found(devkeel)} == {
        "undefined_variable": False,
        "unknown_option": False,
    }


@pytest.mark.parametrize(
    "names", ["deploy-rs k0sctl", "libthai jetbrains-mono noto-fonts-cjk-sans", "gdk-pixbuf xapp semver"]
)
def test_a_package_that_the_built_in_list_lacks_is_not_called_wrong(names: str, devkeel: Shell) -> None:
    devkeel.declaration.write_text(f"{{ pkgs, ... }}:\n{{\n  packages = with pkgs; [ {names} ];\n}}\n")
    assert codes(devkeel) == []


def test_a_key_that_no_other_is_like_has_no_suggestion(devkeel: Shell) -> None:
    write(devkeel.root, {"devenv.yaml": "languages:\n  go: 1\nnixpkgs:\n  per-platofrm: {}\nallowunfree: true\n"})
    items = found(devkeel)
    assert [item["subject"] for item in items] == ["languages", "nixpkgs.per-platofrm", "allowunfree"]
    assert [bool(item["suggestions"]) for item in items] == [False, True, True]
