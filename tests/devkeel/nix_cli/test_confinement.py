"""What evaluates ends with who asked, has its share and no more, and takes its turn."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Unavailable
from devkeel.nix_cli import confinement
from devkeel.nix_cli.confinement import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    Without = Callable[..., None]

_CALLER = """
import sys
from pathlib import Path
from devkeel.nix_cli.confinement import evaluate
evaluate(("sh", "-c", "echo begun > begun; sleep 600 & wait"), timeout=600, cwd=Path(sys.argv[1]), limit=99)
"""


def eventually(question: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not (held := question()) and time.monotonic() < end:
        time.sleep(0.02)
    return held


def inside(folder: Path) -> list[str]:
    """Return what runs in a directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder and "State:\tZ" not in (entry / "status").read_text():
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("way", ["namespace", "leash"])
def test_an_evaluation_ends_with_a_caller_that_is_killed(tmp_path: Path, without: Without, way: str) -> None:
    if way == "leash":
        without("namespaces")
    elif not confinement.network_is_cut():
        pytest.skip("this system gives no namespaces to this user")
    caller = subprocess.Popen([sys.executable, "-c", _CALLER, tmp_path], cwd="/")
    assert eventually((tmp_path / "begun").exists)
    assert inside(tmp_path)
    caller.kill()
    caller.wait()
    assert eventually(lambda: not inside(tmp_path)), inside(tmp_path)


@pytest.mark.parametrize("way", ["namespace", "leash"])
def test_nothing_of_it_is_left_when_it_has_ended(tmp_path: Path, without: Without, way: str) -> None:
    if way == "leash":
        without("namespaces")
    open_before = len([*Path("/dev/fd").iterdir()])
    found = evaluate(("sh", "-c", "cat; echo told >&2; exit 3"), stdin=b"in", timeout=20, cwd=tmp_path, limit=99)
    assert (found.returncode, found.stdout, found.stderr) == (3, b"in", b"told\n")
    assert eventually(lambda: not inside(tmp_path))
    assert len([*Path("/dev/fd").iterdir()]) == open_before


@pytest.mark.parametrize("programs", ["prlimit", "sh"])
def test_memory_and_time_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: str) -> None:
    if programs == "sh":
        monkeypatch.setattr(confinement, "find_program", {}.get)
    found = evaluate(("sh", "-c", "ulimit -v; ulimit -t; ulimit -c"), timeout=20, cwd=tmp_path, limit=99)
    memory, seconds, core = found.stdout.split()
    assert int(memory) == confinement.shares()[1] // 1024
    assert int(seconds) in (20, 21)
    assert core == b"0"


def test_a_deadline_ends_it_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        evaluate(("sleep", "600"), timeout=0.5, cwd=tmp_path, limit=99)
    assert caught.value.code == "timeout"
    assert eventually(lambda: not inside(tmp_path))


def test_all_of_one_user_together_have_what_the_machine_can_spare() -> None:
    count, share = confinement.shares()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 1 <= count <= 4
    assert count * share <= memory or count == 1


def test_one_more_than_may_run_at_once_waits_for_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "shares", lambda: (1, 2 * 1024**3))
    end = tmp_path / "end"
    first = threading.Thread(
        target=evaluate,
        args=(("sh", "-c", ": > begun; until [ -e end ]; do sleep 0.02; done"),),
        kwargs={"timeout": 60, "cwd": tmp_path, "limit": 99},
    )
    first.start()
    assert eventually((tmp_path / "begun").exists)
    with pytest.raises(Unavailable) as caught:
        evaluate(("true",), timeout=0.2, cwd=tmp_path, limit=99)
    assert caught.value.code == "check_busy"
    end.touch()
    first.join()
    assert evaluate(("true",), timeout=20, cwd=tmp_path, limit=99).returncode == 0


def test_without_a_network_there_is_not_even_loopback(tmp_path: Path) -> None:
    if not confinement.network_is_cut():
        pytest.skip("this system gives no namespaces to this user")
    found = evaluate(("cat", "/proc/self/net/tcp", "/proc/self/net/route"), timeout=20, cwd=tmp_path, limit=9999)
    assert len(found.stdout.splitlines()) == 1  # a heading
