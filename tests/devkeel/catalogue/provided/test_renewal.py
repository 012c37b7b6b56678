"""A newer database of the user's own is made into tables, in the cache, and these are used."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.catalogue import cache as stored
from devkeel.catalogue.provided import lookup, renewal
from devkeel.runtime.isolation import isolated_python

from .test_database import written

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = Path(lookup.__file__).parent
NEWER = 2_000_000_000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "nix-index").mkdir()
    renewal.tables.cache_clear()
    yield tmp_path
    renewal.tables.cache_clear()
    lookup.open_kind.cache_clear()


def seen() -> Path:
    """Return which tables a process that starts now would use; none is started in the background."""
    renewal.tables.cache_clear()
    with stored.only_read():
        return renewal.tables()


def renew() -> None:
    """Do at once what is otherwise done in the background."""
    subprocess.run(isolated_python("devkeel.catalogue.provided.renewal"), check=True, timeout=60)


def put(home: Path, data: bytes, when: int = NEWER) -> Path:
    path = home / "nix-index" / "files"
    path.write_bytes(data)
    os.utime(path, (when, when))
    return path


def whole() -> bytes:
    """Return a database that is no small one: with many names that nothing is like, of files that tables leave out."""
    generator = random.Random(1)
    names = [f"/doc/{generator.randbytes(24).hex()}" for _ in range(50_000)]
    return written([("mine", "mine-1.0", [(b"1x", "/bin/only-here"), *((b"1r", name) for name in names)])])


def test_a_newer_database_is_used_once_its_tables_are_made(home: Path) -> None:
    put(home, whole())
    assert seen() == SHIPPED
    renew()
    made = seen()
    assert made != SHIPPED
    lookup.open_kind.cache_clear()
    assert lookup.providers("program", "only-here")[0].attribute == "mine"
    # The next database takes the place of this one.
    put(home, whole(), NEWER + 10)
    assert seen() == SHIPPED
    renew()
    assert not made.exists()
    assert seen() != SHIPPED


@pytest.mark.parametrize("when", [1_000_000_000, NEWER])
def test_an_older_database_and_one_of_next_to_nothing_are_left(home: Path, when: int) -> None:
    put(home, whole() if when < NEWER else written([("mine", "mine-1.0", [(b"1x", "/bin/only-here")])]), when)
    renew()
    assert seen() == SHIPPED
    assert not (home / "devkeel" / "provided").exists()


def test_what_is_no_database_is_tried_once_an_hour(home: Path) -> None:
    put(home, b"notes of a day\n" * 100_000)
    renew()
    assert seen() == SHIPPED
    key = renewal._key()
    assert key is not None
    assert stored.failed_lately(key)


def test_damaged_tables_count_as_none(home: Path) -> None:
    put(home, whole())
    renew()
    for path in seen().iterdir():
        path.write_bytes(b"damaged")
    lookup.open_kind.cache_clear()
    with stored.only_read():
        assert lookup.providers("program", "rg")[0].attribute == "ripgrep"
