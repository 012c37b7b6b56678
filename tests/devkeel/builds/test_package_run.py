"""A command runs with packages of the flake, a file or the pinned nixpkgs; nothing is declared, nothing looked up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import SYSTEM, derivation, flake_text, nix, unique

from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("nix_machine")]
MARK = unique("said")


def program(name: str, text: str, **attributes: str) -> str:
    """Return the source of a package with one program, a script."""
    script = f"mkdir -p $out/bin; printf '#!/bin/sh\\n%s\\n' '{text}' > $out/bin/{name}; chmod +x $out/bin/{name}"
    return derivation(script.replace("''", "'''"), **attributes)


HELLO = program("hello", f"echo {MARK} $1")


@pytest.fixture(scope="session")
def nixpkgs(nix_configuration: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lock that pins a nixpkgs of two packages, which the store has."""
    source = tmp_path_factory.mktemp("nixpkgs") / "source"
    (source / "pkgs" / "top-level").mkdir(parents=True)
    (source / "pkgs" / "top-level" / "all-packages.nix").write_text("{ }\n")
    greeter = program("greet", f"echo {MARK}")
    (source / "default.nix").write_text(
        f"{{ system, config, overlays }}: {{ greeter = {greeter}; nested.none = 1; "
        'bad = throw "it has an unfree licence"; }\n'
    )
    before = os.environ.get("NIX_CONF_DIR")
    os.environ["NIX_CONF_DIR"] = str(nix_configuration)
    try:
        nix("store", "add-path", "--name", "source", str(source))
        digest = nix("hash", "path", "--sri", "--type", "sha256", str(source))
    finally:
        os.environ.pop("NIX_CONF_DIR") if before is None else os.environ.update(NIX_CONF_DIR=before)
    locked = {"type": "github", "owner": "NixOS", "repo": "nixpkgs", "rev": "a" * 40, "narHash": digest}
    nodes = {"nixpkgs": {"locked": locked, "original": {}}, "root": {"inputs": {"nixpkgs": "nixpkgs"}}}
    return json.dumps({"nodes": nodes, "root": "root", "version": 7})


def ran(environment: Environment, *packages: str, argv: tuple[str, ...], **given: Any) -> Any:
    job = environment.run_packages(packages, argv, **given)
    assert job.wait(120)
    return environment.result(job)


def test_a_package_of_the_flake_is_first_on_the_path(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": HELLO}))
    before = sorted(root.iterdir())
    result = ran(environment, "#hello", argv=("hello", "a b; $x"))
    assert (result.exit_code, result.stdout.split()[0], result.origin) == (0, MARK, "packages")
    (package,) = result.packages
    assert (package.name, len(package.paths)) == ("#hello", 1)
    assert sorted(root.iterdir()) == before


def test_an_exit_code_is_passed_on_and_the_host_s_programs_are_named(environment: Environment, root: Path) -> None:
    (root / "default.nix").write_text(f"{{ tools = {{ hello = {HELLO}; }}; }}")
    result = ran(environment, "tools.hello", file="default.nix", argv=("sh", "-c", "hello from; exit 7"))
    assert (result.exit_code, result.stdout, result.origin) == (7, f"{MARK} from\n", "host")
    assert any("from the host" in note for note in result.notes)


def test_pure_leaves_the_host_out(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": HELLO}))
    assert ran(environment, "#hello", argv=("hello",), pure=True).exit_code == 0
    with pytest.raises(DevkeelError) as caught:
        ran(environment, "#hello", argv=("env",), pure=True)
    assert (caught.value.code, caught.value.seen) == ("program_missing", "env")


@pytest.mark.parametrize("lock", ["flake.lock", "devenv.lock"])
def test_a_bare_name_is_of_the_nixpkgs_that_a_lock_pins(
    environment: Environment, root: Path, nixpkgs: str, lock: str
) -> None:
    (root / lock).write_text(nixpkgs)
    for name in ("greeter", "nixpkgs#greeter"):
        result = ran(environment, name, argv=("greet",))
        assert result.stdout == f"{MARK}\n"
        assert lock in result.notes[0]


@pytest.mark.parametrize("hashed", [True, False])
def test_a_directory_of_the_project_may_be_the_nixpkgs(environment: Environment, root: Path, *, hashed: bool) -> None:
    source = root / "np"
    (source / "pkgs" / "top-level").mkdir(parents=True)
    (source / "default.nix").write_text(f"{{ system, config, overlays }}: {{ greeter = {program('greet', MARK)}; }}\n")
    digest = nix("hash", "path", "--sri", "--type", "sha256", str(source))
    locked = {"type": "path", "path": "./np"} | ({"narHash": digest, "lastModified": 1} if hashed else {})
    nodes = {"nixpkgs": {"locked": locked, "original": {}}, "root": {"inputs": {"nixpkgs": "nixpkgs"}}}
    (root / "flake.lock").write_text(json.dumps({"nodes": nodes, "root": "root", "version": 7}))
    result = ran(environment, "greeter", argv=("sh", "-c", "command -v greet"))
    assert result.stdout.endswith("/bin/greet\n")
    assert (digest if hashed else f"{source}, as it is now") in result.notes[0]
    (source / "default.nix").write_text("{ system, config, overlays }: { }\n")
    with pytest.raises(DevkeelError) as caught:
        ran(environment, "other", argv=("true",))
    assert caught.value.code == "unknown_package"


def test_a_nixpkgs_that_is_not_there_is_missed_in_the_job(environment: Environment, root: Path) -> None:
    locked = {"type": "path", "path": "/nonexistent/np", "narHash": f"sha256-{'A' * 43}="}
    nodes = {"nixpkgs": {"locked": locked, "original": {}}, "root": {"inputs": {"nixpkgs": "nixpkgs"}}}
    (root / "flake.lock").write_text(json.dumps({"nodes": nodes, "root": "root", "version": 7}))
    job = environment.run_packages(("jq",), ("jq",))
    assert job.wait(60)
    with pytest.raises(DevkeelError) as caught:
        environment.result(job)
    assert (caught.value.code, "#name" in (caught.value.remedy or "")) == ("not_fetched", True)


def test_what_others_bring_is_there_too(environment: Environment, root: Path) -> None:
    outer = derivation(f"mkdir -p $out/nix-support; echo ${{{HELLO}}} > $out/nix-support/propagated-user-env-packages")
    (root / "flake.nix").write_text(flake_text({"outer": outer}))
    assert ran(environment, "#outer", argv=("hello",)).exit_code == 0


def test_only_the_outputs_that_a_person_gets_are_there(environment: Environment, root: Path) -> None:
    made = derivation(
        "mkdir -p $out/bin $bin/bin $doc; printf '#!/bin/sh\\necho bin\\n' > $bin/bin/tool; chmod +x $bin/bin/tool",
        outputs='[ "out" "bin" "doc" ]',
    )
    (root / "flake.nix").write_text(flake_text({"made": f'{made} // {{ meta.outputsToInstall = [ "bin" "man" ]; }}'}))
    (package,) = ran(environment, "#made", argv=("tool",)).packages
    assert [path.rpartition("-")[2] for path in package.paths] == ["bin"]


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("greeter.none", "unknown_package"),
        ("absent", "unknown_package"),
        ("nested", "not_a_derivation"),
        ("bad", "evaluation_failed"),
        ("other#hello", "reference_refused"),
        ("github:owner/name#hello", "reference_refused"),
        ("a b", "bad_installable"),
        ("", "bad_installable"),
        ("#hello", "missing_file"),
    ],
)
def test_what_has_no_meaning_is_refused(
    environment: Environment, root: Path, nixpkgs: str, package: str, code: str
) -> None:
    (root / "flake.lock").write_text(nixpkgs)
    with pytest.raises(DevkeelError) as caught:
        ran(environment, package, argv=("true",))
    assert caught.value.code == code


def test_without_a_pin_a_bare_name_is_refused(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": HELLO}))
    with pytest.raises(DevkeelError) as caught:
        environment.run_packages(("jq",), ("jq",))
    assert (caught.value.code, caught.value.seen) == ("no_nixpkgs", "jq")


@pytest.mark.parametrize("argv", [(), ("",), ("a\0b",)])
def test_a_command_has_words(environment: Environment, argv: tuple[str, ...]) -> None:
    with pytest.raises(DevkeelError) as caught:
        environment.run_packages(("jq",), argv)
    assert caught.value.code == "bad_command"


def test_the_deadline_ends_the_command_with_all_that_it_started(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": HELLO}))
    ran(environment, "#hello", argv=("hello",))  # it is built
    result = ran(environment, "#hello", argv=("sh", "-c", "echo begun; sleep 60"), timeout=4)
    assert (result.exit_code, result.timed_out) == (None, True)
    assert "begun" in result.stdout


def test_a_secret_is_masked_in_what_a_command_prints_and_says(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": HELLO}))
    token = f"ghp_{'a1B2' * 9}"
    result = ran(environment, "#hello", argv=("hello", f"--token={token}"))
    assert token not in " ".join(result.argv)
    text = f"hello {token}; echo {token} >&2"
    result = ran(environment, "#hello", argv=("sh", "-c", text))
    assert (result.stdout, result.stderr) == (f"{MARK} ***\n", "***\n")


def test_a_program_of_the_host_that_lies_in_the_store_is_no_package(
    environment: Environment, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": HELLO, "other": program("other", "echo other")}))
    (other,) = ran(environment, "#other", argv=("other",)).packages
    monkeypatch.setenv("PATH", f"{other.paths[0]}/bin", prepend=os.pathsep)
    result = ran(environment, "#hello", argv=("other",))
    assert (result.stdout, result.origin) == ("other\n", "host")
    assert ran(environment, "#other", argv=(f"{other.paths[0]}/bin/other",)).origin == "packages"


def test_the_command_becomes_the_program(root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": HELLO}))
    words = ("--root", str(root), "nix", "run", "-p", "#hello", "--", "sh", "-c", "hello $0; cat; exit 3")
    argv = (sys.executable, "-m", "devkeel_cli", *words)
    found = subprocess.run(argv, capture_output=True, text=True, input="typed", check=False, timeout=120)
    assert (found.returncode, found.stdout) == (3, f"{MARK} sh\ntyped"), found.stderr
    assert SYSTEM not in found.stdout
