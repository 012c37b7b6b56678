"""A fault of the machine is told as the machine's: what real Nix says in each, and what Nix 2.8 and 2.34 have said.

The machine is broken for Nix alone: by its settings, in a mount namespace, in a user namespace, or as another user.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks import run_checks
from devkeel.diagnosis.nix_messages import Translation
from devkeel.diagnosis.obstacles import obstacle_in
from devkeel.errors import Unavailable
from devkeel.nix_cli import build_log, derivations
from devkeel.nix_cli.settings import run_nix
from devkeel.runtime import Completed, find_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REAL_NIX = pytest.mark.nix
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can break the machine for Nix alone")

# What Nix said, word for word: of 2.8 before 2.34.
SAID = {
    "error: the group 'nixbld' specified in 'build-users-group' does not exist": "nix_build_users",
    "error: the build users group 'nixempty' has no members": "nix_build_users",
    "error: the user 'nosuchuser' in the group 'nixghost' does not exist": "nix_build_users",
    "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': No such file or directory": "nix_daemon",
    "error: cannot connect to socket at '/run/sock': Connection refused": "nix_daemon",
    "error: cannot open connection to remote store 'unix:///s': error: reading from file: Connection reset by peer": (
        "nix_daemon"
    ),
    "error: cannot open connection to remote store 'ssh-ng://host': error: unexpected end-of-file": "nix_daemon",
    "error:\n       … while evaluating derivation 'a'\n         whose name attribute is located at /p/x.nix:1:14\n\n"
    "       error: failed to start SSH connection to 'nosuchhost.invalid'": "nix_daemon",
    "error: don't know how to open Nix store 'foo://x'": "nix_daemon",
    "error: don't know how to open Nix store with scheme 'foo'": "nix_daemon",
    "error: remounting /nix/store writable: Invalid argument": "nix_store_not_writable",
    'error: remounting "/nix/store" writable: Invalid argument': "nix_store_not_writable",
    "error: could not set permissions on '/nix/var/nix/profiles/per-user' to 755: Read-only file system": (
        "nix_store_not_writable"
    ),
    "error: could not set permissions on '/nix/var/nix/profiles/per-user' to 755: Operation not permitted": (
        "nix_store_not_writable"
    ),
    "error:\n       … This command may have been run as non-root in a single-user Nix installation,\n"
    '       or the Nix daemon may have crashed.\n\n       error: opening lock file "/nix/var/nix/db/big-lock": '
    "Permission denied": "nix_store_not_writable",
    'error: creating directory "/nix/store": Permission denied': "nix_store_not_writable",
    "error: creating directory '/nix/store': Permission denied": "nix_store_not_writable",
    "error: opening file '/tmp/s/nix/var/nix/db/schema': No space left on device": "check_disk_full",
    "error: setting journal mode: database or disk is full, database or disk is full (in '/n/db.sqlite')": (
        "check_disk_full"
    ),
    "error: this system does not support the kernel namespaces that are required for sandboxing; use '--no-sandbox' to "
    "disable sandboxing": "nix_sandbox",
    "error: cannot perform a sandboxed build because user namespaces are not enabled; check "
    "/proc/sys/user/max_user_namespaces": "nix_sandbox",
    "error: setgroups failed: Operation not permitted\nerror: unable to start build process": "nix_sandbox",
    "error:\n       … while setting up the build environment\n       error: setgroups failed. Set the "
    "require-drop-supplementary-groups option to false to skip this step.": "nix_sandbox",
    "error: opening pseudoterminal master: No such device": "nix_sandbox",
    "error: illegal configuration line 'foo' in 'NIX_CONFIG'\nTry 'nix-build --help' for more information.": (
        "nix_settings"
    ),
    "error: syntax error in configuration line 'foo' in \"NIX_CONFIG\"\nTry 'nix-build --help' for more information.": (
        "nix_settings"
    ),
    "error: configuration setting 'max-jobs' should be 'auto' or an integer\nTry 'nix-build --help' for more "
    "information.": "nix_settings",
    "error: option 'sandbox' has invalid value 'foo'\nTry 'nix-build --help' for more information.": "nix_settings",
    "error: file '/nonexistent' included from '/etc/nix/nix.conf' not found": "nix_settings",
    'error: file "/nonexistent" included from "/etc/nix/nix.conf" not found': "nix_settings",
    "error: unable to start any build; either increase '--max-jobs' or enable remote builds.": "nix_cannot_build_here",
    "error: a 'x86_64-darwin' with features {} is required to build '/nix/store/0a4890ksdb75zbaakhg9ndkmjwpql189-a.drv'"
    ", but I am a 'x86_64-linux' with features {benchmark, kvm}": "nix_cannot_build_here",
    "error: creating directory '/nonexistent/nix-build-25388-0': No such file or directory": "temporary_directory",
    'error: creating directory "/proc/nix-build-434-397": No such file or directory': "temporary_directory",
    'error: creating directory "/proc/nix-38592-2373418625": No such file or directory': "temporary_directory",
    "error: opening directory '/nix/store/w860jr279ia3jm742lrpwra9zpgwgmjh-a.drv': Too many open files": (
        "machine_limit"
    ),
    "error: Resource temporarily unavailable": "machine_limit",
    "error: executing SQLite statement 'pragma synchronous = normal': file is not a database (in '/n/db.sqlite')": (
        "nix_store_damaged"
    ),
    "error: '/nix/var/nix/db/schema' is corrupt": "nix_store_damaged",
    'error: "/nix/var/nix/db/schema" is corrupt': "nix_store_damaged",
    "error: the path '/nix/store' is a symlink; this is not allowed for the Nix store and its parent directories": (
        "nix_store_damaged"
    ),
    "error: experimental Nix feature 'nix-command' is disabled; use '--extra-experimental-features nix-command' to "
    "override": "nix_feature_disabled",
    "error: experimental Nix feature 'ca-derivations' is disabled; add '--extra-experimental-features ca-derivations' "
    "to enable it": "nix_feature_disabled",
}


@pytest.mark.parametrize("said", SAID, ids=lambda said: said.removeprefix("error:").strip()[:60])
def test_what_nix_says_of_the_machine_has_a_code_and_a_remedy_of_its_own(said: str) -> None:
    with pytest.raises(Unavailable) as caught:
        build_log.failures({}, "/p", Completed(("nix-store",), 1, b"", f"building…\n{said}\n".encode()))
    assert caught.value.code == SAID[said]
    assert caught.value.remedy
    assert caught.value.seen


@pytest.mark.parametrize(
    "said",
    [
        "error: opening file '/srv/secret': Permission denied",
        "error: attribute 'the group' missing",
        "error: option 'sandbox' has invalid value 'foo'",
        "error: the user 'x' may not be set",
        "error: getting status of '/nonexistent': No such file or directory",
    ],
)
def test_what_the_text_is_to_blame_for_is_none_of_it(said: str) -> None:
    assert obstacle_in(said.removeprefix("error: ")) is None


def test_an_evaluation_without_a_network_says_nothing_of_the_machines() -> None:
    translation = Translation("/p", {}, "evaluation", confined=True)
    found = translation.failure("error: unable to download 'https://example.org': Couldn't resolve host name (6)", 1)
    assert (found.code, found.severity) == ("evaluation_restricted", "warning")
    with pytest.raises(Unavailable) as caught:
        translation.failure("error: cannot connect to socket at '/s': Connection refused", 1)
    assert caught.value.code == "nix_daemon"


# Provoked


@pytest.fixture
def derivation(tmp_path: Path) -> str:
    """A derivation of this test alone, which nothing but a shell builds."""
    return made(tmp_path, 'builder = "/bin/sh"; system = builtins.currentSystem;')


def made(tmp_path: Path, attributes: str) -> str:
    text = f'derivation {{ name = "probe"; args = [ "-c" "echo > $out" ]; t = "{tmp_path}"; {attributes} }}'
    found = subprocess.run(["nix-instantiate", "-E", text], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def refused(derivation: str) -> Unavailable:
    found = derivations.realise(derivation, 120)
    assert found.returncode
    with pytest.raises(Unavailable) as caught:
        build_log.failures({}, "/project", found)
    assert caught.value.remedy
    return caught.value


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def put(text: str) -> None:
        folder = tmp_path / "settings"
        folder.mkdir()
        (folder / "nix.conf").write_text(f"substitute = false\n{text}\n")
        monkeypatch.setenv("NIX_CONF_DIR", str(folder))

    return put


@REAL_NIX
def test_it_builds_on_a_machine_whose_nix_came_without_users_and_without_a_shell(
    settings: Callable[[str], None], derivation: str
) -> None:
    settings("")
    assert derivations.realise(derivation, 120).returncode == 0


@REAL_NIX
@AS_ROOT
def test_a_group_without_members_is_none(settings: Callable[[str], None], derivation: str) -> None:
    settings("build-users-group = daemon")
    assert derivations.realise(derivation, 120).returncode == 0


@REAL_NIX
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no setting at all", "nix_settings"),
        ("max-jobs = many", "nix_settings"),
        ("sandbox = perhaps", "nix_settings"),
        ("include /nonexistent", "nix_settings"),
        ("max-jobs = 0", "nix_cannot_build_here"),
        ("store = unix:///nonexistent", "nix_daemon"),
        ("store = nonsense://x", "nix_daemon"),
        ("sandbox = true\nsandbox-paths = /bin/sh=/nonexistent?", "nix_sandbox"),
    ],
)
def test_a_setting_that_is_in_the_way_is_the_machines(
    settings: Callable[[str], None], derivation: str, text: str, code: str
) -> None:
    settings(text)
    if "include" in text and not subprocess.run(["nix-instantiate", "--eval", "-E", "1"], check=False).returncode:
        pytest.skip("this Nix goes on without a file that is to be included and is not there")
    error = refused(derivation)
    assert error.code == code


@REAL_NIX
@pytest.mark.parametrize("text", ["no setting at all", "sandbox = perhaps"])
def test_a_second_opinion_does_not_take_a_wrong_setting_for_a_wrong_file(
    settings: Callable[[str], None], text: str
) -> None:
    settings(text)
    with pytest.raises(Unavailable) as caught:
        run_checks(Candidate.of({"devenv.nix": b"{ }\n"}, {}), level="syntax", second_opinion=True)
    assert caught.value.code == "nix_settings"


@REAL_NIX
@pytest.mark.parametrize("system", ["x86_64-plan9", "riscv128-linux"])
def test_what_is_for_another_system_is_built_elsewhere(
    settings: Callable[[str], None], tmp_path: Path, system: str
) -> None:
    settings("")
    derivation = made(tmp_path, f'builder = "/bin/sh"; system = "{system}";')
    assert refused(derivation).code == "nix_cannot_build_here"


@REAL_NIX
@pytest.mark.parametrize("way", ["is not there", "nobody listens", "hangs up"])
def test_a_daemon_that_does_not_answer(derivation: str, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    # A socket's path may have 107 bytes, and a test's own folder has most of them already.
    with tempfile.TemporaryDirectory(prefix="dk-") as folder, socket.socket(socket.AF_UNIX) as daemon:
        monkeypatch.setenv("NIX_REMOTE", f"unix://{folder}/socket")
        if way != "is not there":
            daemon.bind(f"{folder}/socket")
        if way == "hangs up":
            daemon.listen()
            threading.Thread(target=hang_up, args=[daemon]).start()
        assert refused(derivation).code == "nix_daemon"


def hang_up(daemon: socket.socket) -> None:
    daemon.accept()[0].close()


def in_mounts(*lines: str) -> tuple[str, ...]:
    """Return what runs a command where these lines of a shell have changed the mounts, for it alone."""
    script = "\n".join((*lines, 'exec "$@"'))
    return ("unshare", "--mount", "--propagation", "private", "sh", "-euc", script, "sh")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that lets each call of Nix run behind a command that breaks the machine for it."""

    def behind(*prefix: str) -> None:
        real = run_nix

        def run_broken(argv: tuple[str, ...], **arguments: object) -> Completed:
            program = find_program(argv[0])
            assert program is not None
            return real((*prefix, program, *argv[1:]), **arguments)  # type: ignore[arg-type]

        for module in (build_log, derivations):
            monkeypatch.setattr(module, "run_nix", run_broken)

    return behind


@REAL_NIX
@AS_ROOT
@pytest.mark.parametrize("place", ["/nix", "/nix/var"])
def test_a_store_that_is_mounted_read_only(broken: Callable[..., None], derivation: str, place: str) -> None:
    broken(*in_mounts(f"mount --bind {place} {place}", f"mount -o remount,bind,ro {place}"))
    assert refused(derivation).code == "nix_store_not_writable"


@REAL_NIX
@AS_ROOT
def test_a_user_whom_the_store_does_not_belong_to(broken: Callable[..., None], derivation: str) -> None:
    broken("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/nonexistent")
    assert refused(derivation).code == "nix_store_not_writable"


@REAL_NIX
@AS_ROOT
def test_a_full_disk_under_the_store(
    broken: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "small"
    place.mkdir()
    monkeypatch.setenv("NIX_REMOTE", f"local?root={place}")
    broken(*in_mounts(f"mount -t tmpfs -o size=3M,nr_inodes=9 devkeel {place}"))
    assert refused(f"/nix/store/{'0' * 32}-x.drv").code == "check_disk_full"


@REAL_NIX
@AS_ROOT
def test_user_namespaces_that_are_forbidden(
    broken: Callable[..., None], settings: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The limit of a namespace of its own, where no further one may be made."""
    settings("sandbox = true\nsandbox-fallback = false")
    place = tmp_path / "store"
    monkeypatch.setenv("NIX_REMOTE", f"local?root={place}")
    text = f'derivation {{ name = "probe"; builder = "/bin/sh"; system = builtins.currentSystem; t = "{place}"; }}'
    found = subprocess.run(["nix-instantiate", "-E", text], capture_output=True, text=True, check=True)
    forbid = 'for kind in user mnt pid; do echo 0 > /proc/sys/user/max_${kind}_namespaces; done\nexec "$@"'
    broken("unshare", "--map-root-user", "sh", "-euc", forbid, "sh")
    assert refused(found.stdout.strip()).code == "nix_sandbox"


@REAL_NIX
def test_too_few_open_files(broken: Callable[..., None], derivation: str) -> None:
    broken("sh", "-c", 'ulimit -n 12; exec "$@"', "sh")
    assert refused(derivation).code == "machine_limit"


@REAL_NIX
def test_a_directory_for_temporary_files_that_is_not_there(derivation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/proc")
    monkeypatch.setenv(
        "NIX_CONFIG", "build-dir = /proc"
    )  # of Nix 2.30 and later, which make a directory that is not there
    assert refused(derivation).code == "temporary_directory"


@REAL_NIX
@AS_ROOT
def test_records_of_the_store_that_are_damaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "damaged"
    subprocess.run(["nix-store", "--store", str(place), "--init"], check=True, capture_output=True)
    (place / "nix/var/nix/db/db.sqlite").write_bytes(b"no database" * 4000)
    monkeypatch.setenv("NIX_REMOTE", f"local?root={place}")
    assert refused(f"/nix/store/{'0' * 32}-x.drv").code == "nix_store_damaged"
