"""A table holds its rows, in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.catalogue.provided.table import open_sealed, open_table, packed, sealed

if TYPE_CHECKING:
    from pathlib import Path

ROWS = sorted((f"name{number}/é", f"value {number}") for number in range(20_000))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "many.table"
    path.write_bytes(packed(ROWS))
    return path


def test_each_row_is_found(many: Path) -> None:
    table = open_table(many)
    assert len(table.first) > 3
    assert [*table.every()] == ROWS
    assert all(table.get(key) == value for key, value in ROWS[::37])
    assert table.get("name") is table.get("zzz") is table.get("") is None


@given(st.sampled_from([key[:length] for key, _ in ROWS[::997] for length in range(1, 11)]), st.integers(1, 300))
def test_rows_that_begin_alike_come_in_order_across_blocks(many: Path, prefix: str, limit: int) -> None:
    assert open_table(many).rows(prefix, limit) == [row for row in ROWS if row[0].startswith(prefix)][:limit]


def test_what_is_no_table_is_refused(many: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.table"
    for data in (b"", b"text of somebody", many.read_bytes()[:40]):
        other.write_bytes(data)
        with pytest.raises(ValueError, match="other"):
            open_table(other)
    other.write_bytes(packed([]))
    assert open_table(other).get("a") is None
    assert open_table(other).rows("a", 3) == []


def test_damage_of_a_sealed_table_is_seen_wherever_it_is(tmp_path: Path) -> None:
    path, data = tmp_path / "sealed.table", sealed(packed(ROWS[:2_000]))
    path.write_bytes(data)
    table = open_sealed(path)
    assert [*open_table(path).every()] == ROWS[:2_000]
    for place in range(0, len(data), max(len(data) // 50, 1)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :])
        with pytest.raises(ValueError, match="sealed"):
            open_sealed(path)
    path.write_bytes(data[:-1])
    with pytest.raises(ValueError, match="sealed"):
        open_sealed(path)
    assert [*table.every()] == ROWS[:2_000]
