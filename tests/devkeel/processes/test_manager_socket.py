"""The manager's socket: dead, silent, mad, somebody else's, older."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError
from devkeel.nix_cli.devenv import runtime_directory
from devkeel.processes.manager_socket import ManagerSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagerSocket]:
    # A socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dv-") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        found = ManagerSocket(tmp_path)
        found.folder.mkdir(parents=True)
        yield found


@contextmanager
def answering(manager: ManagerSocket, answer: Callable[[dict[str, Any]], bytes | None]) -> Iterator[None]:
    """Listen and answer each request with bytes; None holds the connection without a word."""
    held = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(manager.path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection.makefile("rb") as lines:
                    data = answer(json.loads(lines.readline()))
                if data is None:
                    held.append(connection)
                else:
                    with connection, suppress(OSError):  # the other side need not take it all
                        connection.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()
            manager.path.unlink()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(DevkeelError) as caught:
        call()
    return caught.value.code


def test_the_directory_is_where_devenv_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # printf /srv/app/.devenv | sha256sum
    root = Path("/srv/app")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert runtime_directory(root) == Path("/run/user/7/devenv-ddca6e4")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert runtime_directory(root).parent == Path("/tmp")  # noqa: S108  (devenv's own rule)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert runtime_directory(tmp_path / "link") == runtime_directory(tmp_path / "real")


def test_without_a_socket_nothing_runs(manager: ManagerSocket) -> None:
    assert manager.pid() is None
    assert code_of(manager.list) == "processes_not_running"


def test_a_socket_that_nobody_listens_on_is_none(manager: ManagerSocket) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(manager.path))
    assert manager.path.exists()
    assert manager.pid() is None
    assert code_of(manager.list) == "processes_not_running"


def test_the_kernel_says_who_listens_and_no_file(manager: ManagerSocket) -> None:
    (manager.folder / "native-manager.pid").write_text("1")
    with answering(manager, lambda _: b'{"status":"mode","mode":"daemon"}\n'):
        assert manager.pid() == os.getpid()


def test_silence_ends(manager: ManagerSocket) -> None:
    with answering(manager, lambda _: None):
        assert code_of(lambda: manager.ask("list", seconds=0.2)) == "manager_unresponsive"


@pytest.mark.parametrize(
    "answer",
    [b"", b"no json\n", b"[]\n", b'{"processes":[]}\n', b'{"status":7}\n', b"[" * 100_000 + b"\n", b"x" * 5_000_000],
)
def test_an_answer_without_sense_is_told_as_such(manager: ManagerSocket, answer: bytes) -> None:
    with answering(manager, lambda _: answer):
        assert code_of(manager.list) == "manager_protocol"


@pytest.mark.parametrize("processes", ["null", "7", '["a"]', '[{"phase":"ready"}]', '[{"name":7}]'])
def test_a_list_without_sense_is_told_as_such(manager: ManagerSocket, processes: str) -> None:
    with answering(manager, lambda _: f'{{"status":"process_list","processes":{processes}}}\n'.encode()):
        assert code_of(manager.list) == "manager_protocol"


def test_what_another_version_adds_or_leaves_out_is_taken(manager: ManagerSocket) -> None:
    items = [{"name": "b", "phase": "napping", "new": {}}, {"name": "a"}]
    with answering(manager, lambda _: json.dumps({"status": "process_list", "processes": items}).encode() + b"\n"):
        found = manager.list()
    assert [(item.name, item.phase, item.restart_count, item.ports) for item in found] == [
        ("a", "unknown", 0, ()),
        ("b", "napping", 0, ()),
    ]


def test_a_manager_that_does_not_know_modes_is_a_daemon(manager: ManagerSocket) -> None:
    with answering(manager, lambda _: b'{"status":"error","message":"unknown variant"}\n'):
        assert manager.mode() == "daemon"
        assert manager.pid() == os.getpid()
        assert code_of(lambda: manager.stop("a")) == "process_refused"


def test_a_directory_that_is_a_link_is_not_believed(manager: ManagerSocket, tmp_path: Path) -> None:
    folder = manager.folder.parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert code_of(manager.list) == "runtime_directory_foreign"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_not_believed(manager: ManagerSocket) -> None:
    os.chown(manager.folder.parent, 65534, 65534)
    with answering(manager, lambda _: b'{"status":"process_list","processes":[]}\n'):
        assert code_of(manager.list) == "runtime_directory_foreign"
