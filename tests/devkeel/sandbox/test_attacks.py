"""A sandboxed program reads, writes, reaches and ends nothing that is not the project's."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.project.root import SETTINGS
from devkeel.runtime import process, process_tree
from devkeel.sandbox import ways
from devkeel.sandbox.sandbox import Sandbox
from devkeel.sandbox.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from devkeel.sandbox.account import SandboxAccount

    Without = Callable[..., None]

NOBODY = 65534
QUIET = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
CANARY = f"canary-{secrets.token_hex(8)}"
ATTACKS = Path(__file__).with_name("attacks.py")
PYTHON = next(
    (found for found in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(found).exists()), sys.executable
)


class Outside:
    """What is beside a project, and listens: nothing of it is the project's."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.mark = f"devkeel-{secrets.token_hex(8)}"
        self.listeners = [self.listens(stack, *one) for one in self.addresses()]
        self.datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.datagrams.bind(("127.0.0.1", 0))
        self.process = stack.enter_context(subprocess.Popen(("sleep", "600"), env={"CANARY": CANARY}))
        stack.callback(self.process.kill)

    def addresses(self) -> Iterator[tuple[socket.AddressFamily, Any]]:
        yield socket.AF_INET, ("0.0.0.0", 0)  # noqa: S104  (every address of the machine is tried)
        yield socket.AF_INET6, ("::1", 0)
        yield socket.AF_UNIX, f"\0{self.mark}"
        yield socket.AF_UNIX, str(self.folder / "s")

    @staticmethod
    def listens(stack: ExitStack, family: socket.AddressFamily, address: Any) -> socket.socket:
        listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.bind(address)
        listener.listen()
        return listener

    def told(self) -> dict[str, Any]:
        """What an attacker may know: it is not what is hidden that keeps it out."""
        return {
            "canary": CANARY,
            "outside": str(self.folder),
            "home": str(self.folder / "home"),
            "marker": "sleep\x00600",
            "pid": self.process.pid,
            "tcp": self.listeners[0].getsockname()[1],
            "tcp6": self.listeners[1].getsockname()[1],
            "abstract": self.mark,
            "udp": self.datagrams.getsockname()[1],
            "address": _own_address(),
            "stays": self.mark,
        }

    def was_reached(self) -> list[str]:
        found = []
        for listener in (*self.listeners, self.datagrams):
            listener.setblocking(False)
            try:
                listener.accept() if listener is not self.datagrams else listener.recv(1)
            except BlockingIOError:
                continue
            found.append(str(listener.getsockname()))
        return found


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(trial.getsockname()[0])


@pytest.fixture
def project() -> Iterator[Path]:
    """A project with a repository, records and links that lead out, in a repository, beside a canary."""
    # Directories of pytest are their user's alone.
    with tempfile.TemporaryDirectory(prefix="devkeel-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield _project(Path(folder).resolve())


def _project(top: Path) -> Path:
    root, outside = top / "project", top / "outside"
    (outside / "home").mkdir(parents=True)
    for place in (outside, outside / "home"):
        (place / "canary").write_text(CANARY)
    (top / ".git" / "hooks").mkdir(parents=True)
    (top / ".git" / "config").write_text("")
    _repository(root)
    (root / SETTINGS).write_text("")
    for name in (".envrc", ".claude/settings.json", ".vscode/tasks.json", ".githooks/pre-commit", "team/gitconfig"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    (root / ".devkeel").mkdir()
    (root / ".devkeel" / "state.db").write_text(CANARY)
    (root / "link").symlink_to(outside / "canary")
    (root / "folder").symlink_to(outside)
    shutil.copy(ATTACKS, root / "attacks.py")
    return root


def _repository(root: Path) -> None:
    """Make a repository with three submodules: one that is there, one that is empty, and one that is gone."""
    tree = root / "vendor"
    git(root.parent, "init", "-q", "--template=", str(root))
    git(root.parent, "init", "-q", "--template=", str(tree / "lib"))
    git(tree / "lib", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "It")
    commit = git(tree / "lib", "rev-parse", "HEAD")
    for name in ("lib", "bare", "gone"):
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/{name}")
    (tree / "bare").mkdir()
    git(root, "config", "include.path", "../team/gitconfig")
    git(root, "config", "core.hooksPath", ".githooks")
    (root / ".git" / "hooks").mkdir()


def git(place: Path, *words: str) -> str:
    found = subprocess.run(("git", "-C", str(place), *words), capture_output=True, text=True, check=True, env=QUIET)
    return found.stdout.strip()


def held(sandbox: Sandbox, *argv: str, variables: Mapping[str, str] = {}) -> tuple[process.Completed, SandboxAccount]:
    root = sandbox.view.root
    with sandbox.holding(argv, root, variables) as holding:
        found = process.run(holding.argv, timeout=60, environment={}, cwd=root, inherits=holding.inherits)
        return found, holding.account(f"{found.stdout.decode()}{found.stderr.decode()}")


def as_user(user: int | None, root: Path, work: Callable[[], Any]) -> Any:
    """Return what some work returns in a process of its own, of another user where one is named."""
    if user is not None:
        for place in (root.parent, *root.parent.rglob("*")):
            os.lchown(place, user, user)
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reads)
            if user is not None:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                os.chdir("/")
                sys.executable = PYTHON
                os.environ["PATH"] = "/usr/bin:/bin"
            with os.fdopen(writes, "w") as file:
                json.dump(work(), file)
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
            raise
        finally:
            os._exit(code)
    os.close(writes)
    with os.fdopen(reads) as file:
        text = file.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return json.loads(text)


WAYS = ("bubblewrap", "namespaces")
USERS = (None, NOBODY)


@pytest.fixture(params=WAYS)
def by(request: pytest.FixtureRequest, without: Without) -> str:
    if request.param == "namespaces":
        without("bubblewrap")
    elif shutil.which("bwrap") is None:
        pytest.skip("bwrap is not installed")
    if ways.way() != request.param:
        pytest.skip("this system gives no such sandbox to this user")
    return str(request.param)


@pytest.mark.parametrize("user", USERS, ids=("this user", "another user"))
def test_nothing_that_a_program_tries_gets_out(
    project: Path, by: str, user: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if user is not None and os.geteuid() != 0:
        pytest.skip("the other tests ran as such a user")
    outside = project.parent / "outside"
    monkeypatch.setenv("HOME", str(outside / "home"))
    monkeypatch.setenv("A_TOKEN", CANARY)
    with ExitStack() as stack:
        beside = Outside(outside, stack)
        inherited = os.open(outside / "canary", os.O_RDONLY)
        stack.callback(os.close, inherited)
        os.set_inheritable(inherited, True)
        told = json.dumps(beside.told())

        def work() -> Any:
            found, account = held(Sandbox(View(project)), PYTHON, "attacks.py", told)
            return [found.returncode, found.stdout.decode(), found.stderr.decode(), account.by, account.blocked]

        code, out, err, made, blocked = as_user(user, project, work)
        assert (code, made) == (0, by), err
        got = json.loads(out)
        rights = got.pop("gains_rights")
        sent = got.pop("udp")
        assert {name: what for name, what in got.items() if what not in (None, [], "")} == {}, err
        assert rights == ["1", 0]
        assert sent in ("sent", None)  # a datagram is sent to the sandbox's own loopback
        assert beside.was_reached() == []
        assert beside.process.poll() is None
        assert any("another host" in line for line in blocked), blocked
        assert [item for item in process_tree.running() if beside.mark in _command(item.pid)] == []
    assert (project / ".devkeel" / "state.db").read_text() == CANARY
    assert list((project / ".git" / "hooks").iterdir()) == []
    assert [place for place in (project.parent / "new", outside / "new") if place.exists()] == []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""
