"""A newer database of the user's own is made into tables, in the cache, and these are used."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.catalogue import cache as stored
from devkeel.catalogue import indexed
from devkeel.catalogue.provided import lookup, renewal
from devkeel.catalogue.provided.merged import merged
from devkeel.catalogue.provided.paths import KINDS
from devkeel.catalogue.provided.table import open_table, packed
from devkeel.runtime.isolation import isolated_python

from .test_database import HEAD, written, zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = Path(lookup.__file__).parent
NEWER = 2_000_000_000

_GENERATOR = random.Random(1)
BULK = [(b"1r", f"/doc/{_GENERATOR.randbytes(24).hex()}") for _ in range(50_000)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "nix-index").mkdir()
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    for kept in (renewal.tables, lookup.open_kind, indexed._names, indexed.top, indexed.sets):
        kept.cache_clear()


def seen() -> Path:
    """Return which tables a process that starts now would use; none is started in the background."""
    forget()
    with stored.only_read():
        return renewal.tables()


def renew() -> None:
    """Do at once what is otherwise done in the background."""
    subprocess.run(isolated_python("devkeel.catalogue.provided.job"), check=True, timeout=120)


@pytest.fixture(scope="module")
def small_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache with a database of little, and the tables that are made of it."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "nix-index").mkdir()
    put(folder, whole())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        renew()
    return folder


@pytest.fixture
def made(small_one: Path, home: Path) -> Path:
    shutil.copytree(small_one, home, dirs_exist_ok=True)
    folder = seen()
    assert folder != SHIPPED
    return folder


def put(home: Path, data: bytes, when: int = NEWER) -> Path:
    path = home / "nix-index" / "files"
    path.write_bytes(data)
    os.utime(path, (when, when))
    return path


def whole() -> bytes:
    """Return a database that is no small one: with many names that nothing is like, of files that tables leave out."""
    return written([("mine", "mine-1.0", [(b"1x", "/bin/only-here"), (b"1x", "/bin/jq"), *BULK])])


def test_a_newer_database_is_used_once_its_tables_are_made_and_the_next_one_takes_its_place(
    made: Path, home: Path
) -> None:
    with stored.only_read():
        assert lookup.providers("program", "only-here")[0].attribute == "mine"
    put(home, whole(), NEWER + 10)
    assert seen() == SHIPPED
    with stored.only_read():
        assert not lookup.providers("program", "only-here")
    renew()
    assert not made.exists()
    assert seen() != SHIPPED


@pytest.mark.parametrize("when", [1_000_000_000, NEWER])
def test_an_older_database_and_one_of_next_to_nothing_are_left(home: Path, when: int) -> None:
    put(home, whole() if when < NEWER else written([("mine", "mine-1.0", [(b"1x", "/bin/only-here")])]), when)
    renew()
    assert seen() == SHIPPED
    assert not (home / "devkeel" / "provided").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"notes of a day\n" * 100_000,
        HEAD
        + zstd.compress(
            _GENERATOR.randbytes(1_100_000).replace(b"\n", b"x") + b"\1" * 30_000_000
        ),  # a line without an end
        written([(5, "mine-1.0", [(b"1x", "/bin/only-here"), *BULK])]),  # type: ignore[list-item]
    ],
    ids=["text", "bomb", "number"],
)
def test_what_is_no_database_is_tried_once_an_hour(home: Path, data: bytes) -> None:
    put(home, data)
    renew()
    assert seen() == SHIPPED
    key = renewal.pending()
    assert key is not None
    assert stored.failed_lately(key)


def test_work_that_was_begun_is_not_begun_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(home, whole())
    begun = list[object]()
    monkeypatch.setattr(renewal, "start_detached", lambda argv, **_: begun.append(argv))
    for _ in range(3):
        forget()
        assert renewal.tables() == SHIPPED
    assert len(begun) == 1
    # Where nothing can be noted, it would be begun for ever.
    monkeypatch.setattr(stored, "note_failure", lambda _: None)
    put(home, whole(), NEWER + 10)
    forget()
    renewal.tables()
    assert len(begun) == 1


def test_a_database_of_little_takes_nothing_away(made: Path) -> None:
    assert made.is_dir()
    with stored.only_read():
        assert [item.attribute for item in lookup.providers("program", "jq")] == ["jq", "mine"]
        assert lookup.providers("program", "only-here")[0].attribute == "mine"
        assert lookup.providers("header", "zlib.h")[0].certain
        assert lookup.providers("python_module", "yaml")[0].distribution == "pyyaml"
        assert not indexed.has("mine")
        assert indexed.has("ripgrep")


def test_a_damaged_table_counts_as_none_and_is_made_anew(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made / "program.table"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x5A
    path.write_bytes(data)
    begun = list[object]()
    monkeypatch.setattr(renewal, "start_detached", lambda argv, **_: begun.append(argv))
    os.utime(stored._failure(made.name), (1, 1))  # an hour has gone by
    with stored.only_read():
        assert lookup.providers("program", "rg")[0].attribute == "ripgrep"
        assert made.exists()
    forget()
    assert lookup.providers("program", "rg")[0].attribute == "ripgrep"
    assert lookup.providers("header", "zlib.h")[0].attribute == "zlib"
    assert not made.exists()
    assert begun


def test_a_table_answers_when_its_file_has_gone(made: Path) -> None:
    with stored.only_read():
        assert lookup.providers("program", "only-here")
        shutil.rmtree(made)
        assert lookup.providers("program", "rg")[0].attribute == "ripgrep"
        assert lookup.providers("header", "zlib.h")[0].attribute == "zlib"


def small(folder: Path, count: int) -> None:
    """Write tables as devkeel has them, of a few names."""
    for kind in KINDS:
        rows = [(f"p{number}", "!p") for number in range(count)] if kind == "program" else []
        (folder / f"{kind}.table").write_bytes(packed(sorted(rows)))
    (folder / "names.table").write_bytes(packed((name, "") for name in ("gone", "p", "q", "r", "s")))


@pytest.mark.parametrize(("count", "first"), [(3, ["mine", "p"]), (20, ["p", "mine"])])
def test_what_covers_a_kind_comes_first_and_a_whole_list_adds_its_names(
    tmp_path: Path, count: int, first: list[str]
) -> None:
    small(tmp_path, count)
    files = [(b"1x", f"/bin/p{number}") for number in range(3)]
    database = written(
        [("mine", "mine-1.0", files), *((name, f"{name}-1", [(b"1x", f"/bin/{name}")]) for name in "pqrs")]
    )
    made = merged(io.BytesIO(database), tmp_path)
    for name, data in made.items():
        (tmp_path / f"{name}.table").write_bytes(data)
    assert lookup.attributes_of(open_table(tmp_path / "program.table").get("p1") or "") == first
    assert [name for name, _ in open_table(tmp_path / "names.table").every()] == ["gone", "mine", "p", "q", "r", "s"]
