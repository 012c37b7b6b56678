"""What brings a program, a header or a library that a run did not find, in a project that has Nix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.text.actions import do

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.remedies.diagnose import DiagnosedCause

GONE = "cannot open shared object file: No such file or directory"
FLAKE = """{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";
  outputs = { self, nixpkgs }: {
    devShells.x86_64-linux.default = nixpkgs.legacyPackages.x86_64-linux.mkShell {
      packages = with nixpkgs.legacyPackages.x86_64-linux; [ git ];
    };
  };
}
"""


def devenv(*lines: str) -> str:
    return "{ pkgs, lib, ... }:\n\n{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def causes(folder: Path, text: str, **files: str) -> tuple[DiagnosedCause, ...]:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return Environment(folder, actor="test").diagnose(text).causes


def edits(cause: DiagnosedCause) -> list[dict[str, object]]:
    return [*cause.fixes[0].edits] if cause.fixes else []


ADDED = [
    ("sh: 1: convert: not found", "imagemagick"),
    ("a.c:1:10: fatal error: zlib.h: No such file or directory", "zlib"),
    ("/usr/bin/ld: cannot find -lssl: No such file or directory", "openssl"),
    ("No package 'gtk+-3.0' found", "gtk3"),
    ("CMake Error at X.cmake:1 (message):\n  Could NOT find CURL (missing: CURL_LIBRARY)", "curl"),
    ("meson.build:1:0: ERROR: C shared or static library 'seccomp' not found", "libseccomp"),
    ("configure: error: Could not find readline", "readline"),
    ("Error: pg_config executable not found.", "libpq.pg_config"),
]


@pytest.mark.parametrize(("text", "package"), ADDED)
@pytest.mark.parametrize("declaration", ["devenv", "flake"])
def test_a_package_is_added(tmp_path: Path, text: str, package: str, declaration: str) -> None:
    files = {"devenv_nix": devenv("packages = [ pkgs.git ];")} if declaration == "devenv" else {"flake_nix": FLAKE}
    (cause, *_) = causes(tmp_path, f"{text}\n", **files)
    assert edits(cause) == [{"kind": "add_packages", "names": [package]}]
    assert cause.fixes[0].level == "schema"
    assert package.split(".", maxsplit=1)[0] in (cause.fixes[0].diff or "")


def test_what_has_a_header_by_accident_is_not_offered(tmp_path: Path) -> None:
    text = "a.c:1:10: fatal error: {}: No such file or directory\n"
    (cause,) = causes(tmp_path, text.format("zlib.h"), devenv_nix=devenv("packages = [ ];"))
    assert len(cause.fixes) == 1
    for name in ("nvml.h", "d3d11.h", "windows.h"):
        (cause,) = causes(tmp_path, text.format(name), devenv_nix=devenv("packages = [ ];"))
        assert not cause.fixes


def test_a_project_without_nix_gets_no_package(tmp_path: Path) -> None:
    found = causes(tmp_path, "sh: 1: convert: not found\n", requirements_txt="httpx\n")
    assert all(edit["kind"] != "add_packages" for cause in found for fix in cause.fixes for edit in fix.edits)


def test_an_option_of_devenv_comes_before_a_package(tmp_path: Path) -> None:
    (cause,) = causes(tmp_path, "env: 'node': No such file or directory\n", devenv_nix=devenv("packages = [ ];"))
    assert edits(cause) == [{"kind": "enable", "name": "languages.javascript"}]
    (cause,) = causes(tmp_path, "sh: 1: mvn: not found\n", devenv_nix=devenv("languages.java.enable = true;"))
    assert edits(cause) == [{"kind": "set", "path": "languages.java.maven.enable", "value": True}]


def test_what_is_declared_already_is_to_be_applied(tmp_path: Path) -> None:
    for declared in ("packages = [ pkgs.ripgrep ];", "languages.go.enable = true; packages = [ pkgs.ripgrep ];"):
        (cause,) = causes(tmp_path, "bash: rg: command not found\n", devenv_nix=devenv(declared))
        assert [(fix.edits, fix.call) for fix in cause.fixes] == [((), do("apply"))]
    (cause,) = causes(tmp_path, "sh: 1: go: not found\n", devenv_nix=devenv("languages.go.enable = true;"))
    assert [(fix.edits, fix.call) for fix in cause.fixes] == [((), do("apply"))]


def test_what_every_shell_has_was_looked_for_outside_of_it(tmp_path: Path) -> None:
    (cause,) = causes(
        tmp_path, "make: gcc: No such file or directory\nError 127\n", devenv_nix=devenv("packages = [ ];")
    )
    assert cause.fixes[0].call == do("run")
    (cause,) = causes(tmp_path, "sh: 1: cc: not found\n", devenv_nix=devenv("stdenv = pkgs.stdenvNoCC;"))
    assert edits(cause) == [{"kind": "add_packages", "names": ["gcc"]}]


def test_the_version_in_use_is_the_one_that_provides(tmp_path: Path) -> None:
    declared = devenv("services.postgres.enable = true;", "services.postgres.package = pkgs.postgresql_16;")
    (cause,) = causes(tmp_path, "Error: pg_config executable not found.\n", devenv_nix=declared)
    assert edits(cause) == [{"kind": "add_packages", "names": ["postgresql_16.pg_config"]}]


def test_a_package_that_is_named_as_a_system_does_is_found(tmp_path: Path) -> None:
    text = "hint: you may need to install it, for example: sudo apt-get install libsdl2-dev\n"
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("packages = [ ];"))
    assert edits(cause) == [{"kind": "add_packages", "names": ["SDL2"]}]


def test_a_service_brings_its_own_programs(tmp_path: Path) -> None:
    (cause,) = causes(
        tmp_path, "bash: psql: command not found\n", devenv_nix=devenv("services.postgres.enable = true;")
    )
    assert [(fix.edits, fix.call) for fix in cause.fixes] == [((), do("apply"))]


def test_a_version_that_is_too_old_is_renewed(tmp_path: Path) -> None:
    text = "Package 'libdrm' has version '2.4.101', required version is '>= 2.4.109'\n"
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("packages = [ pkgs.libdrm ];"))
    assert [(fix.edits, fix.call) for fix in cause.fixes] == [((), do("lock", action="renew"))]


def test_a_part_of_a_language_is_enabled_with_it(tmp_path: Path) -> None:
    (cause,) = causes(tmp_path, "sh: 1: npm: not found\n", devenv_nix=devenv("packages = [ ];"))
    assert edits(cause) == [{"kind": "enable", "name": "languages.javascript", "settings": {"npm.enable": True}}]
    assert "npm.enable = true" in (cause.fixes[0].diff or "")


def test_python_finds_libraries_in_the_profile_unless_others_are_set(tmp_path: Path) -> None:
    text = f"Traceback (most recent call last):\nImportError: libGL.so.1: {GONE}\n"
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("languages.python.enable = true;"))
    assert edits(cause) == [{"kind": "add_packages", "names": ["libGL"]}]
    declared = devenv("languages.python.enable = true;", "languages.python.libraries = [ pkgs.zlib ];")
    (cause,) = causes(tmp_path, text, devenv_nix=declared)
    assert edits(cause) == [{"kind": "append", "path": "languages.python.libraries", "expression": "pkgs.libGL"}]


def test_another_program_is_told_where_a_library_lies(tmp_path: Path) -> None:
    text = f"./app: error while loading shared libraries: libz.so.1: {GONE}\n"
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("packages = [ pkgs.zlib ];"))
    (edit,) = edits(cause)
    assert (edit["path"], edit["expression"]) == ("env.LD_LIBRARY_PATH", "pkgs.lib.makeLibraryPath [ pkgs.zlib ]")
    declared = devenv("env.LD_LIBRARY_PATH = lib.makeLibraryPath [ pkgs.openssl ];")
    (cause,) = causes(tmp_path, text, devenv_nix=declared)
    (edit,) = edits(cause)
    assert edit["expression"] == "lib.makeLibraryPath [ pkgs.openssl pkgs.zlib ]"


@pytest.mark.parametrize(
    ("listed", "then"),
    [
        ("pkgs.lib.makeLibraryPath [ pkgs.zlib ]", "pkgs.lib.makeLibraryPath [ pkgs.zlib pkgs.libGL ]"),
        ("pkgs.lib.makeLibraryPath (with pkgs; [ zlib ])", "pkgs.lib.makeLibraryPath (with pkgs; [ zlib libGL ])"),
        ("pkgs.lib.makeLibraryPath [\n  pkgs.zlib\n]", "pkgs.lib.makeLibraryPath [\n  pkgs.zlib\n  pkgs.libGL\n]"),
    ],
)
def test_a_flake_that_makes_a_path_of_libraries_gets_another_one(tmp_path: Path, listed: str, then: str) -> None:
    flake = FLAKE.replace("packages = with", f"LD_LIBRARY_PATH = {listed};\n      packages = with")
    (cause,) = causes(tmp_path, f"ImportError: libGL.so.1: {GONE}\n", flake_nix=flake)
    (edit,) = edits(cause)
    assert edit["kind"] == "replace_text"
    assert flake.replace(str(edit["old"]), str(edit["new"])) == flake.replace(listed, then)


def test_several_things_of_one_step_are_mended_together(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text(devenv("packages = [ pkgs.git ];"))
    text = "Error: Please make sure the libxml2 and libxslt development packages are installed.\n"
    together = Environment(tmp_path, actor="test").diagnose(text).together
    assert together is not None
    assert {name for edit in together.edits for name in edit["names"]} == {"libxml2", "libxslt"}


@pytest.mark.parametrize(
    "text",
    [
        "a.c:1:10: fatal error: helpers_of_ours.h: No such file or directory",
        f"ImportError: libcuda.so.1: {GONE}",
        "src/net.c:3:10: fatal error: server.h: No such file or directory",
        "./run.sh: line 3: deploy: command not found",
        "/usr/bin/ld: cannot find -lcommon: No such file or directory",
        "bash: our-own-tool-of-this-project: command not found",
    ],
)
def test_what_nobody_provides_has_no_fix(tmp_path: Path, text: str) -> None:
    (cause,) = causes(tmp_path, f"{text}\n", devenv_nix=devenv("packages = [ ];"))
    assert cause.fixes == ()


def test_an_archive_is_an_output_of_its_own(tmp_path: Path) -> None:
    said = "ld: have you installed the static version of the c library ?"
    text = f"gcc -static a.c\nld: cannot find -lc: No such file\n{said}\n"
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("packages = [ ];"))
    assert edits(cause) == [{"kind": "add_packages", "names": ["glibc.static"]}]
    text = text.replace(" c library", " z library").replace("-lc:", "-lz:")
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("packages = [ pkgs.zlib ];"))
    assert edits(cause) == [{"kind": "add_packages", "names": ["zlib.static"]}]


def test_pip_comes_with_a_virtual_environment(tmp_path: Path) -> None:
    (cause,) = causes(tmp_path, "bash: pip: command not found\n", devenv_nix=devenv("languages.python.enable = true;"))
    assert edits(cause) == [{"kind": "set", "path": "languages.python.venv.enable", "value": True}]


def test_a_shell_without_a_compiler_gets_one(tmp_path: Path) -> None:
    bare = FLAKE.replace("mkShell", "mkShellNoCC")
    (cause,) = causes(tmp_path, "make: gcc: No such file or directory\nError 127\n", flake_nix=bare)
    assert edits(cause) == [{"kind": "replace_text", "file": "flake.nix", "old": "mkShellNoCC", "new": "mkShell"}]


def test_what_somebody_has_set_is_theirs(tmp_path: Path) -> None:
    text = "Error: error:0308010C:digital envelope routines::unsupported\n"
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("languages.javascript.enable = true;"))
    assert edits(cause) == [{"kind": "set", "path": "env.NODE_OPTIONS", "value": "--openssl-legacy-provider"}]
    declared = devenv('env.NODE_OPTIONS = "--max-old-space-size=4096";')
    (cause,) = causes(tmp_path, text, devenv_nix=declared)
    assert cause.fixes == ()


def test_a_program_of_tex_comes_with_its_packages(tmp_path: Path) -> None:
    declared = devenv("languages.texlive.enable = true;", 'languages.texlive.packages = [ "scheme-small" ];')
    (cause,) = causes(tmp_path, "sh: line 1: biber: command not found\n", devenv_nix=declared)
    assert edits(cause) == [{"kind": "append", "path": "languages.texlive.packages", "value": "biber"}]


def test_what_a_build_asks_for_by_a_setting_is_set(tmp_path: Path) -> None:
    text = 'Unable to find libclang: "couldn\'t find any valid shared libraries"\n'
    (cause,) = causes(tmp_path, text, devenv_nix=devenv("languages.rust.enable = true;"))
    assert [edit["path"] for edit in edits(cause)] == ["env.LIBCLANG_PATH"]


def test_what_is_declared_comes_before_an_option(tmp_path: Path) -> None:
    declared = devenv("packages = [ pkgs.nodejs_20 pkgs.python311 ];")
    for program in ("node", "python3"):
        (cause,) = causes(tmp_path, f"sh: 1: {program}: not found\n", devenv_nix=declared)
        assert [(fix.edits, fix.call) for fix in cause.fixes] == [((), do("apply"))]


@pytest.mark.parametrize(
    "text",
    [
        "sh: 1: rm: not found",
        "sh: 1: mkdir: not found",
        "a.c:1:10: fatal error: stdio.h: No such file or directory",
        "a.c:1:10: fatal error: sys/types.h: No such file or directory",
        "a.c:1:10: fatal error: linux/bpf.h: No such file or directory",
    ],
)
def test_what_comes_with_every_shell_is_no_package_of_its_own(tmp_path: Path, text: str) -> None:
    (cause,) = causes(tmp_path, f"{text}\n", devenv_nix=devenv("packages = [ pkgs.git ];"))
    assert [(fix.edits, fix.call) for fix in cause.fixes] == [((), do("run"))]


@pytest.mark.parametrize("program", ["sudo", "systemctl", "passwd", "apt-get", "dnf"])
def test_what_belongs_to_a_machine_is_no_package_of_a_project(tmp_path: Path, program: str) -> None:
    assert causes(tmp_path, f"sh: 1: {program}: not found\n", devenv_nix=devenv("packages = [ ];")) == ()


def test_a_certain_package_has_none_beside_it(tmp_path: Path) -> None:
    (cause,) = causes(
        tmp_path, "a.c:1:10: fatal error: zlib.h: No such file or directory\n", devenv_nix=devenv("packages = [ ];")
    )
    assert [[edit["names"] for edit in fix.edits] for fix in cause.fixes] == [[["zlib"]]]


FIND = "CMake Error at /x/FindPackageHandleStandardArgs.cmake:230 (message):\n  Could NOT find "
KINDS = [
    (
        "a.build:9:0: ERROR: Pkg-config for machine host machine not found. Giving up.",
        "flake",
        {"kind": "add_packages", "names": ["pkg-config"]},
    ),
    (f'{FIND}Doxygen (missing: dot) (found version "1.9.8")', "flake", {"kind": "add_packages", "names": ["graphviz"]}),
    (
        "[__1] rejecting: foo-0.1 (conflict: pkg-config package openssl>=1.1, not found in the\npkg-config database)",
        "flake",
        {"kind": "add_packages", "names": ["openssl"]},
    ),
    (
        "Binary was compiled with 'CGO_ENABLED=0', go-sqlite3 requires cgo to work. This is a stub",
        "devenv",
        {"kind": "set", "path": "env.CGO_ENABLED", "value": "1"},
    ),
    (
        "opensearchpy.exceptions.ConnectionError: ConnectionError(Failed to establish a new connection: [Errno 111])",
        "devenv",
        {"kind": "enable", "name": "services.opensearch"},
    ),
    (
        'A definition for option `packages."[definition 1-entry 2]"\' is not of type `package\'.\n- In `/a.nix\': "jq"',
        "text",
        {"kind": "set", "path": "packages", "expression": "[ pkgs.git pkgs.jq ]", "file": "devenv.nix"},
    ),
]


@pytest.mark.parametrize(("text", "project", "edit"), KINDS)
def test_a_part_of_a_build_or_of_a_client_that_is_not_there(
    tmp_path: Path, text: str, project: str, edit: dict[str, object]
) -> None:
    files = {
        "flake": {"flake_nix": FLAKE},
        "devenv": {"devenv_nix": devenv("packages = [ pkgs.git ];")},
        "text": {"devenv_nix": devenv('packages = [ pkgs.git "jq" ];')},
    }[project]
    (cause,) = causes(tmp_path, f"{text}\n", **files)
    assert edits(cause) == [edit]


def test_a_client_of_another_machine_has_no_service_here(tmp_path: Path) -> None:
    text = "redis.exceptions.ConnectionError: Error 111 connecting to cache.example.org:6379. Connection refused.\n"
    assert not any(cause.fixes for cause in causes(tmp_path, text, devenv_nix=devenv("packages = [ ];")))


def test_a_query_macro_asks_for_a_variable(tmp_path: Path) -> None:
    text = "error: set `DATABASE_URL` to use query macros online, or run `cargo sqlx prepare` to update the cache\n"
    declared = devenv("services.postgres.enable = true;")
    (cause,) = causes(tmp_path, text, devenv_nix=declared)
    assert [edit["path"] for edit in edits(cause)] == ["env.DATABASE_URL"]


def test_a_path_of_another_shape_is_left_to_who_wrote_it(tmp_path: Path) -> None:
    text = f"./app: error while loading shared libraries: libz.so.1: {GONE}\n"
    for value in ('"/opt/x/lib"', 'pkgs.lib.makeLibraryPath [ pkgs.openssl ] + ":/x"'):
        (cause,) = causes(tmp_path, text, devenv_nix=devenv(f"env.LD_LIBRARY_PATH = {value};"))
        assert cause.fixes == ()
        assert cause.advice is not None
        assert "devenv.nix" in cause.advice
