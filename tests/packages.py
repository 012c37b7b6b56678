"""Real packages that the tests make themselves: wheels in a directory, a conda channel in another. No network.

`frames` 2.0.0 is the library of the pitch: it resolves and installs beside any `numbers-lib`, and breaks on import
with the second. `modern` wants a Python that there is not yet.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

BREAKS = """\
import numbers_lib
if numbers_lib.GENERATION > 1:
    raise ValueError('numbers_lib.dtype size changed, may indicate binary incompatibility')
"""
# Name, version, what it requires, the text of its module.
LIBRARIES = (
    ("numbers-lib", "1.0.0", (), "GENERATION = 1\n"),
    ("numbers-lib", "2.0.0", (), "GENERATION = 2\n"),
    ("frames", "1.5.3", ("numbers-lib<2",), "VERSION = '1.5.3'\n"),
    ("frames", "2.0.0", ("numbers-lib>=1",), BREAKS),
    ("plain", "1.0.0", (), "VALUE = 42\n"),
    ("lacking", "1.0.0", (), "import plain\n"),
    ("modern", "1.0.0", (), ""),
)
# What devkeel asks of micromamba, answered by py-rattler: an option that is not among these is refused.
MICROMAMBA = f"""#!{sys.executable}
import argparse, asyncio, os, sys
import rattler
from devkeel.libraries.resolve.conda_lock import subdir
from devkeel.libraries.resolve.conda_solver import record_of

if sys.argv[1:] == ["--version"]:
    print("2.3.0, a stand-in"); sys.exit()
parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["create"])
parser.add_argument("--prefix", required=True)
parser.add_argument("--channel", action="append", default=[])
for flag in ("yes", "quiet", "no-rc", "no-env", "dry-run", "override-channels"):
    parser.add_argument("--" + flag, action="store_true")
parser.add_argument("specs", nargs="*")
asked = parser.parse_intermixed_args()
assert asked.yes and asked.no_rc and asked.no_env


async def main():
    if any("://" in item for item in asked.specs):
        records = [record_of(rattler, item) for item in asked.specs]
    else:
        assert asked.override_channels
        records = await rattler.solve(asked.channel, asked.specs, platforms=[subdir(), "noarch"])
    if not asked.dry_run:
        await rattler.install(records, asked.prefix, show_progress=False, execute_link_scripts=False)


try:
    asyncio.run(main())
except Exception as error:
    print(f"error    libmamba {{error}}", file=sys.stderr, flush=True)
    os._exit(1)
os._exit(0)  # rattler's threads may crash an interpreter that is finalizing
"""
# A Python that says of itself that it is another one, so that uv can be asked for a version that no machine has.
OTHER = "3.14.99"
_SAYS_OTHER = (
    "import sys, platform; sys.base_prefix, sys.base_exec_prefix = sys.prefix, sys.exec_prefix;"
    " sys.version = sys.version.replace(sys.version.split()[0], '3.14.99');"
    " names = dict(major=3, minor=14, micro=99, releaselevel='final', serial=0);"
    " sys.version_info = type('version_info', (tuple,), names)((3, 14, 99, 'final', 0));"
    " platform.python_version = lambda: '3.14.99'; platform.python_version_tuple = lambda: ('3', '14', '99')\n"
)
_SYSCONFIG = "# system configuration generated and used by the sysconfig module\nbuild_time_vars = {}\n"
SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def files_of(name: str, version: str, requires: tuple[str, ...], text: str) -> dict[str, str]:
    """Return a distribution's files as they are installed."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    python = ">=3.99" if name == "modern" else ">=3.8"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Requires-Python: {python}"]
    metadata += [f"Requires-Dist: {item}" for item in requires]
    files = {
        f"{module}/__init__.py": text,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_hash(data.encode())},{len(data)}\n" for path, data in files.items())
    return files | {f"{info}/RECORD": record + f"{info}/RECORD,,\n"}


def _hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def make_conda_package(
    folder: Path,
    name: str,
    version: str,
    depends: tuple[str, ...] = (),
    files: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
) -> None:
    """Write a package of conda with text files and links."""
    place = folder / "noarch" / f"{name}-{version}-0.tar.bz2"
    place.parent.mkdir(parents=True, exist_ok=True)
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": list(depends)}
    index |= {"noarch": "generic", "subdir": "noarch", "timestamp": 0}
    texts, paths = dict(files or {}), []
    for path, data in texts.items():
        found = hashlib.sha256(data.encode()).hexdigest()
        paths.append({"_path": path, "path_type": "hardlink", "sha256": found, "size_in_bytes": len(data.encode())})
    paths += [{"_path": path, "path_type": "softlink"} for path in links or {}]
    info = {
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/about.json": "{}",
    }
    with tarfile.open(place, "w:bz2") as archive:
        for path, data in (info | texts).items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data.encode()), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(member, io.BytesIO(data.encode()))
        for path, target in (links or {}).items():
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables under which uv and pip know of these libraries and of nothing else."""
    folder = tmp_path_factory.mktemp("index")
    for name, version, requires, text in LIBRARIES:
        place = folder / name
        place.mkdir(exist_ok=True)
        with zipfile.ZipFile(place / f"{name.replace('-', '_')}-{version}-py3-none-any.whl", "w") as archive:
            for path, data in files_of(name, version, requires, text).items():
                archive.writestr(path, data)
    for place in folder.iterdir():
        found = (f'<a href="{path.name}">{path.name}</a>' for path in sorted(place.iterdir()))
        (place / "index.html").write_text("<!DOCTYPE html><html><body>" + "\n".join(found) + "</body></html>\n")
    wheels = " ".join(str(place) for place in folder.iterdir())
    return {"UV_DEFAULT_INDEX": folder.as_uri(), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels}


class PublishedIndex:
    """An index in which versions appear, as they do."""

    def __init__(self, folder: Path, full: Path) -> None:
        self.folder, self._full = folder, full

    def publish(self, *files: str) -> None:
        for file in files:
            source = next(self._full.glob(f"*/{file}-py3-none-any.whl"))
            place = self.folder / source.parent.name
            place.mkdir(parents=True, exist_ok=True)
            (place / source.name).write_bytes(source.read_bytes())
        for place in self.folder.iterdir():
            links = (
                f'<a href="{path.name}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}">{path.name}</a>'
                for path in sorted(place.glob("*.whl"))
            )
            page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>\n"
            (place / "index.html").write_text(page)


@pytest.fixture
def published(tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> PublishedIndex:
    """An index with the first version of each library."""
    found = PublishedIndex(tmp_path / "index", Path(urlsplit(index["UV_DEFAULT_INDEX"]).path))
    found.publish("plain-1.0.0", "numbers_lib-1.0.0", "frames-1.5.3")
    monkeypatch.setenv("UV_DEFAULT_INDEX", found.folder.as_uri())
    return found


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel with the same libraries, and this very Python as its package `python`."""
    pytest.importorskip("rattler")
    from rattler.index import index_fs

    folder = tmp_path_factory.mktemp("channel")
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    version = ".".join(map(str, sys.version_info[:3]))
    home = {"pyvenv.cfg": f"home = {python.parent}\ninclude-system-site-packages = false\nversion = {version}\n"}
    make_conda_package(folder, "python", version, (), home, {"bin/python": str(python), "bin/python3": str(python)})
    for name, number, requires, text in LIBRARIES:
        needs = tuple(item.replace("<", " <").replace(">", " >") for item in requires)
        needs = (*needs, "python >=3.99" if name == "modern" else "python")
        files = {f"{SITE}/{path}": data for path, data in files_of(name, number, requires, text).items()}
        make_conda_package(folder, name, number, needs, files)
    asyncio.run(index_fs(folder))
    return folder


@pytest.fixture
def python_mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let uv know of one Python to fetch, `OTHER`, from a directory; return where it puts what it has fetched."""
    archive, place = tmp_path / "mirror" / "python.tar.gz", tmp_path / "pythons"
    archive.parent.mkdir()
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    files = {
        "pyvenv.cfg": f"home = {python.parent}\nversion = {sys.version.split()[0]}\n".encode(),
        "bin/python3.14": python.read_bytes(),
        f"{SITE}/other.pth": _SAYS_OTHER.encode(),
        "lib/python3.14/_sysconfigdata__linux_x86_64-linux-gnu.py": _SYSCONFIG.encode(),
    }
    with tarfile.open(archive, "w:gz") as tar:
        for path, data in files.items():
            member = tarfile.TarInfo(f"python/{path}")
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, io.BytesIO(data))
    machine = platform.machine()
    entry = {
        "name": "cpython",
        "arch": {"family": machine, "variant": None},
        "os": "linux",
        "libc": "gnu",
        **dict(zip(("major", "minor", "patch"), map(int, OTHER.split(".")), strict=True)),
        "prerelease": "",
        "url": archive.as_uri(),
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "variant": None,
        "build": "20260101",
    }
    known = archive.with_name("downloads.json")
    known.write_text(json.dumps({f"cpython-{OTHER}-linux-{machine}-gnu": entry}))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", str(known))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(place))
    return place


@pytest.fixture
def own_index(monkeypatch: pytest.MonkeyPatch, index: dict[str, str]) -> None:
    """Let uv and pip of this process know of nothing but the tests' own libraries."""
    for name, value in index.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A directory of programs for PATH: this Python and what a minimal system has, no Nix, no uv, no conda."""
    folder = tmp_path / "bin"
    folder.mkdir()
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    for name in ("python", "python3"):
        (folder / name).symlink_to(python)
    for name in ("sh", "cat", "env"):
        found = next(Path(place, name) for place in os.defpath.split(os.pathsep) if Path(place or ".", name).exists())
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def micromamba(bare_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a micromamba on PATH: the real one where there is one, else what stands in for it."""
    real = shutil.which("micromamba")
    program = bare_path / "micromamba"
    if real:
        program.symlink_to(real)
    else:
        program.write_text(MICROMAMBA)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bare_path}:{os.environ['PATH']}")


@pytest.fixture
def micromamba_text() -> str:
    """The program that stands in for micromamba."""
    return MICROMAMBA


@pytest.fixture
def interpreters() -> tuple[str, ...]:
    """The Pythons of this machine: the one that runs the tests, and another one where uv finds it."""
    uv = Path(sys.executable).parent / "uv"
    argv = [uv, "python", "list", "--only-installed", "--output-format", "json"]
    found = subprocess.run(argv, capture_output=True, check=False)
    known = json.loads(found.stdout or "[]") if not found.returncode else []
    other = [item["path"] for item in known if item["version_parts"]["minor"] != sys.version_info[1]]
    return (sys.executable, *other[:1])
