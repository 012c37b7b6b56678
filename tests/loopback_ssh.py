"""A machine that is reached by ssh: this one, by an sshd on loopback, with a Nix store of its own.

`loopback_machine` starts it once a session. Nix there has a copy of `nix_configuration`; how ssh here reaches it
is in NIX_SSHOPTS, which `reached` sets for a test; `vanish` ends its sessions. Nothing of the user's own ssh is read or
written.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from tests.derivations import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator

_SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_CONFIGURATION = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
LogLevel ERROR
SetEnv NIX_CONF_DIR={folder}/nix
"""
_SECONDS = 10.0


class LoopbackMachine(Struct, frozen=True):
    """A machine. options: of ssh, to reach it. key: of the user there, a file. host_key: as known_hosts has it.

    store: where Nix there keeps its store, apart from this machine's. configuration: of Nix there, a directory.
    """

    options: str
    key: Path
    host_key: str
    store: Path
    configuration: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def uri(self) -> str:
        """How Nix names it."""
        return f"ssh-ng://root@127.0.0.1?remote-store={self.store}"

    def toml(self) -> str:
        """Return what devkeel.toml says of it as a builder."""
        return f'[[builders]]\nuri = "{self.uri}"\nsystems = ["{SYSTEM}"]\nssh_key_file = "{self.key}"\n'

    def vanish(self) -> None:
        """End all that it does for others at once, as a machine does that loses power; it answers again afterwards."""
        for pid in _descendants(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextmanager
    def trusting(self, public_key: str) -> Iterator[None]:
        """Let Nix there believe what a key has signed, meanwhile."""
        file = self.configuration / "nix.conf"
        before = file.read_text()
        file.write_text(f"{before}trusted-public-keys = {public_key}\n")
        try:
            yield
        finally:
            file.write_text(before)


@pytest.fixture(scope="session")
def loopback_machine(nix_configuration: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackMachine]:
    """Start an sshd for root, who alone may start one without the system's own keys."""
    if _SSHD is None or shutil.which("ssh") is None:
        pytest.skip("openssh-server is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root can start an sshd without the system's own keys")
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, timeout=60)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = _CONFIGURATION.format(port=port, folder=folder)
    (folder / "sshd_config").write_text(text)
    shutil.copytree(nix_configuration, folder / "nix")
    with suppress(FileExistsError):
        Path("/run/sshd").mkdir(mode=0o755)  # sshd(8): where the part without rights is locked up
    process = subprocess.Popen([_SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.DEVNULL)
    host_key = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    words = {"Port": port, "UserKnownHostsFile": folder / "known_hosts", "IdentityFile": folder / "user"}
    options = " ".join(["-F /dev/null", *(f"-o {name}={value}" for name, value in words.items())])
    (folder / "store").mkdir()
    try:
        _await(port, process)
        yield LoopbackMachine(options, folder / "user", host_key, folder / "store", folder / "nix", port, process)
    finally:
        process.terminate()
        process.wait(_SECONDS)


@pytest.fixture
def reached(loopback_machine: LoopbackMachine, nix_machine: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackMachine:
    """The machine, where Nix of this test reaches it."""
    assert nix_machine
    monkeypatch.setenv("NIX_SSHOPTS", loopback_machine.options)
    return loopback_machine


def _descendants(pid: int) -> list[int]:
    found, waiting = list[int](), [pid]
    while waiting:
        for path in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            waiting += (more := [int(word) for word in path.read_text().split()])
            found += more
    return found


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert process.poll() is None, "sshd ended"
        assert time.monotonic() < deadline, "sshd does not answer"
        time.sleep(0.02)
