"""What every test relies on: writes are held to real Nix, refusals to leaving no trace.

`Environment.change`, `undo` and the way back are watched in every test of this process: each Nix file that a write
left behind must parse with `nix-instantiate`, and a call that raised must have left bytes, mode and mtime alone.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from devkeel.api import Environment
from devkeel.change import changes
from devkeel.errors import DevkeelError
from devkeel.system.mechanisms import MECHANISMS, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from devkeel.context import Context
    from devkeel.system.mechanisms import Mechanism

NIX = shutil.which("nix-instantiate")
# How long an example takes says more of the machine than of what is tested.
hypothesis_settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Give every test the fixtures of the stand-in and of the packages, which are not on the import path."""
    # one key for the whole run, also for the processes that it starts: nothing of the user's is read or changed
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="devkeel-tests-")
    config.add_cleanup(functools.partial(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True))
    _hear_signals()
    here = Path(__file__).parent
    config.pluginmanager.register(load(here / "devenv" / "fixtures.py"), "devenv-fixtures")
    config.pluginmanager.register(load(here / "packages.py"), "package-fixtures")
    config.pluginmanager.register(load(here / "derivations.py"), "derivations")
    config.pluginmanager.register(load(here / "loopback_ssh.py"), "loopback-ssh")
    config.pluginmanager.register(load(here / "skips.py"), "skips")
    config.pluginmanager.register(load(here / "coverage_by_room.py"), "coverage-by-room")
    config.pluginmanager.register(load(here / "words.py"), "words")
    config.pluginmanager.register(load(here / "remedies.py"), "remedies")
    config.pluginmanager.register(load(here / "groups.py"), "groups")


def _hear_signals() -> None:
    """Ignore no signal that the shell had ignored for a job in the background, or nohup: programs inherit that."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"tests_beside_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("nix") and NIX is None:
            item.add_marker(pytest.mark.skip(reason="nix-instantiate is not installed"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if NIX is None:
        terminalreporter.write_line("nix-instantiate is missing: written files were not held to real Nix")


def state_of(root: Path) -> dict[str, tuple[bytes, int, int]]:
    """Return bytes, mode and mtime of every file below a root, devkeel's own records apart."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and ".devkeel" not in path.parts:
            info = path.stat()
            found[str(path.relative_to(root))] = (path.read_bytes(), info.st_mode, info.st_mtime_ns)
    return found


# A file system in memory, where each fsync is called as ever and no test waits for a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108  (each test makes a directory of its own there)
_ENOUGH = 48_000_000
# Numbers for directories of tests, which pytest's own fixture finds by listing all that there are: 7 ms at 12,000.
_numbers = itertools.count()


@pytest.fixture(scope="session")
def _places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test has its directories, apart from those of wider fixtures."""
    place = tmp_path_factory.getbasetemp() / "t"
    place.mkdir(mode=0o700)
    return place


@pytest.fixture
def tmp_path(_places: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory of the test's own, which bears its name; in memory for a module that has IN_MEMORY, as far as it can.

    It stays until pytest removes those of an older run; the one in memory is gone with the test.
    """
    name = f"{re.sub('[^A-Za-z0-9_]', '_', request.node.name)[:26]}{next(_numbers)}"
    wanted = getattr(request.module, "IN_MEMORY", False) and os.access(_MEMORY, os.W_OK)
    if wanted and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        with tempfile.TemporaryDirectory(prefix=f"devkeel-{name}-", dir=_MEMORY) as memory:
            yield Path(memory)
        return
    path = _places / name
    path.mkdir(mode=0o700)
    yield path


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, _places: Path) -> None:
    """Give each test a cache directory of its own, so that nothing of the user's answers or is changed."""
    path = _places / f"cache{next(_numbers)}"
    path.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that switches mechanisms of Linux off for this test: `without("namespaces", "renameat2")`.

    What is started meanwhile does without them too. `without()` switches all off, as on macOS.
    """

    def switch_off(*names: Mechanism) -> None:
        assert set(names) <= set(MECHANISMS)
        monkeypatch.setenv(VARIABLE, ",".join(names or MECHANISMS))

    return switch_off


@pytest.fixture(params=["as on this system", "without mechanisms of Linux"])
def each_system(request: pytest.FixtureRequest, without: Callable[..., None]) -> str:
    """Run a test twice: with what this system has, and with every fallback."""
    if request.param.startswith("without"):
        without()
    return str(request.param)


@pytest.fixture(autouse=True)
def watched_writes(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    written: list[bytes] = []

    def watch(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(self: Environment | Context, *args: Any, **kwargs: Any) -> Any:
            before = state_of(self.project.root)
            try:
                result = method(self, *args, **kwargs)
            except DevkeelError:
                if not request.node.get_closest_marker("races"):
                    assert state_of(self.project.root) == before, "a refused call left a trace"
                raise
            after = state_of(self.project.root)
            told = result[0] if isinstance(result, tuple) else result
            if told.published:
                written.extend(after[name][0] for name in told.files if name.endswith(".nix") and name in after)
            else:
                assert after == before, "a call that published nothing left a trace"
            return result

        return call

    monkeypatch.setattr(Environment, "change", watch(Environment.change))
    monkeypatch.setattr(Environment, "use_template", watch(Environment.use_template))
    monkeypatch.setattr(Environment, "generate", watch(Environment.generate))
    monkeypatch.setattr(Environment, "write_envrc", watch(Environment.write_envrc))
    monkeypatch.setattr(Environment, "restore", watch(Environment.restore))
    monkeypatch.setattr(Environment, "undo", watch(Environment.undo))
    monkeypatch.setattr(changes, "take_back", watch(changes.take_back))
    yield
    if written and NIX and not request.node.get_closest_marker("broken_declaration"):
        assert_parses(written, tmp_path)


def assert_parses(contents: list[bytes], folder: Path) -> None:
    """Assert that real Nix parses every content, all in one process."""
    assert NIX is not None
    place = folder / "held-to-nix"
    place.mkdir()
    paths = []
    for number, content in enumerate(contents):
        paths.append(place / f"{number}.nix")
        paths[-1].write_bytes(content)
    found = subprocess.run([NIX, "--parse", *paths], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    shutil.rmtree(place)
