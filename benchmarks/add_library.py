"""Adding a library end to end against `uv add` alone, on the same project with a warm cache; and both when disturbed.

    python -m benchmarks.add_library [LIBRARY]

End to end: the manifest, the lock and the environment have the library. devkeel is asked in process, as its server
asks, and imports the library too before it puts the environment in use. Then both are killed at moments spread over
their run, and a person saves the manifest while they run.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.api import Environment
from devkeel.edits.libraries import AddLibrary
from devkeel.libraries.resolve.installers import find_python, find_uv

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
KILLS = 24
SAVED = "# saved by a person\n"
PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["packaging"]\n'
_KILLED = """
import sys
from pathlib import Path
from devkeel.api import Environment
from devkeel.edits.libraries import AddLibrary
print("ready", flush=True)
Environment(Path(sys.argv[1]), actor="b").change([AddLibrary(language="python", names=[sys.argv[2]])])
"""


def main() -> None:
    """Print the figures."""
    library = sys.argv[1] if len(sys.argv) > 1 else "idna"
    uv = find_uv()
    assert uv is not None, "uv is not installed"
    with tempfile.TemporaryDirectory(prefix="devkeel-") as folder:
        base = Path(folder)
        seconds = {"uv add": [], "devkeel": []}  # type: dict[str, list[float]]
        for number in range(ROUNDS + 1):
            for name, add in (("uv add", _by_uv), ("devkeel", _by_devkeel)):
                root = _project(base / f"{name[:2]}{number}", uv)
                if name == "devkeel":  # the project has its environment before, as that of uv has
                    _realise(root)
                begun = time.perf_counter()
                add(root, uv, library)
                seconds[name].append(time.perf_counter() - begun)
                shutil.rmtree(root)
        medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
        for name, median in medians.items():
            print(f"{name:8} {median * 1000:6.0f} ms")
        # Of the two that ran one after the other, so that a busy machine slows both.
        pairs = zip(seconds["uv add"][1:], seconds["devkeel"][1:], strict=True)
        print(f"ratio    {statistics.median(ours / theirs for theirs, ours in pairs):.2f}")
        for name in seconds:
            torn = sum(_torn(base, uv, library, name, number / KILLS, medians[name]) for number in range(KILLS))
            print(f"{name:8} killed {KILLS} times: manifest and lock disagree in {torn}")
        for name in seconds:
            print(f"{name:8} refused while a person saves: the saved line {_saved(base, uv, name)}")


def _project(root: Path, uv: str) -> Path:
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT)
    _run(uv, "lock", "--quiet", cwd=root)
    _run(uv, "sync", "--quiet", "--python", find_python(), cwd=root)
    return root


def _run(*argv: str, cwd: Path) -> None:
    subprocess.run(argv, cwd=cwd, check=True, capture_output=True)


def _by_uv(root: Path, uv: str, library: str) -> None:
    _run(uv, "add", "--quiet", library, cwd=root)


def _by_devkeel(root: Path, uv: str, library: str) -> None:  # noqa: ARG001  (as `_by_uv`)
    environment = Environment(root, actor="benchmark")
    environment.change([AddLibrary(language="python", names=[library])])
    environment.environments().create("demo")
    environment.close()


def _realise(root: Path) -> None:
    environment = Environment(root, actor="benchmark")
    environment.environments().create("demo")
    environment.close()


def _torn(base: Path, uv: str, library: str, name: str, share: float, median: float) -> bool:
    root = _project(base / "killed", uv)
    if name == "devkeel":
        argv = [sys.executable, "-c", _KILLED, str(root), library]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        process.stdout.readline()
    else:
        process = subprocess.Popen([uv, "add", "--quiet", library], cwd=root, stderr=subprocess.DEVNULL)
    time.sleep(share * median)
    process.kill()
    process.wait()
    if not (root / "pyproject.toml").read_bytes():  # truncated, and not written again yet
        shutil.rmtree(root)
        return True
    if name == "devkeel":  # the next writer recovers
        environment = Environment(root, actor="benchmark")
        environment.change([AddLibrary(language="python", names=["packaging"])], level="schema")
        environment.close()
    found = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = tomllib.loads((root / "uv.lock").read_text())
    entry = next(item for item in locked["package"] if item["name"] == "demo")
    shutil.rmtree(root)
    return len(found) != len(entry["metadata"]["requires-dist"])


def _saved(base: Path, uv: str, name: str) -> str:
    root = _project(base / "saved", uv)
    path = root / "pyproject.toml"
    argv: dict[str, Callable[[], list[str]]] = {
        "uv add": lambda: [uv, "add", "--quiet", "devkeel-no-such-library"],
        "devkeel": lambda: [sys.executable, "-c", _KILLED, str(root), "devkeel-no-such-library"],
    }
    process = subprocess.Popen(argv[name](), cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = path.stat().st_mtime_ns
    while process.poll() is None and path.stat().st_mtime_ns == before and name == "uv add":
        time.sleep(0.001)
    path.write_text(SAVED + path.read_text())
    process.wait()
    kept = SAVED in path.read_text()
    shutil.rmtree(root)
    return "is kept" if kept else "is lost"


if __name__ == "__main__":
    main()
