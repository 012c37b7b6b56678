"""Real packages that the tests make themselves: wheels in a directory, a conda channel in another. No network."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Name, version, what it requires, the text of its module. `frames` 2.0.0 is the library of the pitch: it resolves and
# installs beside any `numbers`, and breaks on import with the second.
WHEELS = (
    ("numbers-lib", "1.0.0", (), "GENERATION = 1\n"),
    ("numbers-lib", "2.0.0", (), "GENERATION = 2\n"),
    ("frames", "1.5.3", ("numbers-lib<2",), "VERSION = '1.5.3'\n"),
    (
        "frames",
        "2.0.0",
        ("numbers-lib>=1",),
        """\
import numbers_lib
if numbers_lib.GENERATION > 1:
    raise ValueError('numbers_lib.dtype size changed, may indicate binary incompatibility')
""",
    ),
    ("plain", "1.0.0", (), "VALUE = 42\n"),
    ("modern", "1.0.0", (), ""),
)


def make_wheel(folder: Path, name: str, version: str, requires: tuple[str, ...], text: str) -> None:
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
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)


def _hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def make_conda_package(
    folder: Path, name: str, version: str, depends: tuple[str, ...], files: Mapping[str, str]
) -> None:
    place = folder / "noarch" / f"{name}-{version}-0.tar.bz2"
    place.parent.mkdir(parents=True, exist_ok=True)
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": list(depends)}
    index |= {"noarch": "generic", "subdir": "noarch", "timestamp": 0}
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(data.encode()).hexdigest(),
            "size_in_bytes": len(data.encode()),
        }
        for path, data in files.items()
    ]
    info = {
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/about.json": "{}",
    }
    with tarfile.open(place, "w:bz2") as archive:
        for path, data in (info | dict(files)).items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data.encode()), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(member, io.BytesIO(data.encode()))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for item in WHEELS:
        make_wheel(folder, *item)
    return folder


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel with the packages of the wheels; what the second `frames` needs is not in it."""
    pytest.importorskip("rattler")
    from rattler.index import index_fs

    folder = tmp_path_factory.mktemp("channel")
    say = {"bin/plain": "#!/bin/sh\necho 42\n"}
    make_conda_package(folder, "plain", "1.0.0", (), say)
    make_conda_package(folder, "numbers-lib", "1.0.0", (), {"share/numbers": "1\n"})
    make_conda_package(folder, "frames", "1.5.3", ("numbers-lib <2",), {"share/frames": "1\n"})
    make_conda_package(folder, "frames", "2.0.0", ("numbers-lib >=3",), {"share/frames": "2\n"})
    asyncio.run(index_fs(folder))
    return folder


@pytest.fixture
def own_index(monkeypatch: pytest.MonkeyPatch, wheels: Path) -> None:
    """Let uv and pip know of nothing but the wheels."""
    for tool in ("UV", "PIP"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(wheels))
