"""A database of nix-index, written here as nix-index writes it, is read whole."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.catalogue.provided.__main__ import main
from devkeel.catalogue.provided.build import build
from devkeel.catalogue.provided.database import packages
from devkeel.catalogue.provided.table import open_table
from devkeel.errors import ProjectError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"NIXI" + (1).to_bytes(8, "little")
# What says how much a path shares takes two bytes for the long one, and is a line feed for the path behind it.
PACKAGES: list[tuple[str, str, list[tuple[bytes, str]]]] = [
    ("ripgrep", "ripgrep-14.1.1", [(b"1x", "/bin/rg"), (b"0s", "/bin/rgrep"), (b"7d", "/bin")]),
    (
        "azure-sdk-for-cpp.openssl",
        "openssl-3.6.1-dev",
        [(b"9r", "/include/openssl/ssl.h"), (b"9r", "/include/openssl/evp.h")],
    ),
    ("libressl", "libressl-4.2.1", [(b"9r", "/include/openssl/ssl.h"), (b"9r", "/lib/pkgconfig/openssl.pc")]),
    ("many", "many-1", [(b"1r", "/include/" + "deep" * 60 + "/a.h"), (b"1r", "/include/dz.h"), (b"1x", "/bin/z")]),
    ("mopidyPackages.python", "python3-3.13.12", [(b"1x", "/bin/python3")]),
    (
        "python313Packages.pyyaml",
        "python3.13-pyyaml-6.0",
        [
            (b"1r", "/lib/python3.13/site-packages/PyYAML-6.0.dist-info/METADATA"),
            (b"1r", "/lib/python3.13/site-packages/yaml/__init__.py"),
            (b"1r", "/lib/python3.13/site-packages/yaml/nodes.py"),
        ],
    ),
]


Packages = list[tuple[str, str, list[tuple[bytes, str]]]]


def database(*, system: str = "x86_64-linux", own: bool = True) -> bytes:
    return written(PACKAGES, system=system, own=own)


def written(packages: Packages, *, system: str = "x86_64-linux", own: bool = True) -> bytes:
    """Return a database of packages, each an attribute, a name and what is known of its files with their paths."""
    lines, last, shared = list[bytes](), b"", 0

    def line(said: bytes, path: bytes) -> None:
        nonlocal last, shared
        same = next((i for i, (a, b) in enumerate(zip(path, last, strict=False)) if a != b), min(len(path), len(last)))
        delta, shared = same - shared, same
        code = bytes([delta & 0xFF]) if -128 < delta < 128 else b"\x80" + delta.to_bytes(2, "big", signed=True)
        lines.append(said + b"\0" + code + path[same:])
        last = path

    for attribute, name, files in packages:
        for said, path in files:
            line(said, path.encode())
        origin = {"attr": attribute, "output": "out", "toplevel": own, "system": system}
        line(b"p", json.dumps({"store_dir": "/nix/store", "hash": "0" * 32, "name": name, "origin": origin}).encode())
    return HEAD + zstd.compress(b"\n".join(lines) + b"\n")


def test_each_package_has_its_files() -> None:
    read = [*packages(io.BytesIO(database()))]
    expected = [(name, [said[-1:] + path.encode() for said, path in files]) for _, name, files in PACKAGES]
    assert [(item.name, item.files) for item in read] == expected
    assert {(item.own, item.system, item.output) for item in read} == {(True, "x86_64-linux", "out")}


def test_tables_are_the_same_each_time_and_say_what_packages_provide(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    (tmp_path / "database").write_bytes(database())
    for folder in (one, two):
        folder.mkdir()
        assert main([str(tmp_path / "database"), str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {p.name: p.read_bytes() for p in two.iterdir()}
    programs = open_table(one / "program.table")
    assert programs.get("rg") == programs.get("rgrep") == "!ripgrep"
    assert programs.get("python3") == "!python3"
    assert open_table(one / "header.table").get("ssl.h/openssl") == "!openssl libressl"
    assert open_table(one / "python_module.table").get("yaml") == "!python3Packages.pyyaml"
    assert open_table(one / "python_module.table").get("yaml.nodes") is None


@pytest.mark.parametrize("changed", [{"own": False}, {"system": "i686-linux"}])
def test_what_is_for_others_is_not_offered(tmp_path: Path, changed: dict[str, Any]) -> None:
    (tmp_path / "program.table").write_bytes(build(io.BytesIO(database(**changed)))["program"])
    assert open_table(tmp_path / "program.table").get("rg") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"NIXI",
        b"notes of a day\n",
        b"NIXI" + bytes(8),
        HEAD + b"no zstd",
        database()[:-9],
        HEAD + zstd.compress(b"p\0\0{}\n"),
        HEAD + zstd.compress(b"p\0\0" + b"[" * 100_000 + b"\n"),
        HEAD + zstd.compress(b"1r\0\0" + b"x" * 2_000_000),
        HEAD + zstd.compress(b"".join((b"1r\0\x7f" + b"x" * 127 + b"\n") for _ in range(9_000))),  # grows for ever
        written([(5, "ripgrep-14", [(b"1x", "/bin/rg")])]),  # type: ignore[list-item]
    ],
)
def test_what_is_no_database_is_refused(data: bytes) -> None:
    with pytest.raises(ProjectError) as caught:
        list(packages(io.BytesIO(data)))
    assert caught.value.code == "bad_database"
