"""Every operation on every shape: the text is a golden file, the value is what real Nix evaluates."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion


def result(source: bytes, operation: Any) -> bytes | str:
    """Return the bytes of a cell, or the code of its refusal."""
    try:
        edited = operation.run(source)
    except Refused as error:
        return error.code if error.place and error.remedy else f"{error.code} without a place or a remedy"
    pieces, position = [], 0
    for item in edited.splices:
        pieces += [source[position : item.start], item.text]
        position = item.end
    assert b"".join([*pieces, source[position:]]) == edited.data
    return edited.data


def test_every_shape_is_edited_like_this(grid: Any, snapshot: SnapshotAssertion) -> None:
    for shape, source in grid.SHAPES.items():
        cells = {}
        for operation in grid.OPERATIONS:
            found = result(source.encode(), operation)
            shown = f"refused: {found}" if isinstance(found, str) else found.decode()
            cells[operation.name] = "unchanged" if shown == source else shown
        assert cells == snapshot(name=shape)


@pytest.mark.nix
def test_real_nix_evaluates_every_cell_to_what_the_operation_means(grid: Any, evaluate: Any, tmp_path: Path) -> None:
    contents, cells = [], []
    for shape, source in grid.SHAPES.items():
        before = len(contents)
        contents.append(source.encode())
        for operation in grid.OPERATIONS:
            found = result(source.encode(), operation)
            if isinstance(found, bytes):
                cells.append((shape, operation, before, len(contents)))
                contents.append(found)
    values = evaluate(contents, tmp_path)
    wrong = []
    for shape, operation, before, after in cells:
        wanted = copy.deepcopy(values[before])
        operation.model(wanted)
        if pruned(values[after]) != pruned(wanted):
            wrong.append((shape, operation.name, values[after], wanted))
    assert wrong == []
    assert len(cells) >= 860


def pruned(value: Any) -> Any:
    """Return data without empty sets and lists, which may stay, and with lists of names in a fixed order."""
    if isinstance(value, dict):
        inner = {key: pruned(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item not in ({}, [])}
    if isinstance(value, list):
        return sorted(value) if all(isinstance(item, str) for item in value) else value
    return value


def test_the_reader_gives_the_bytes_back_for_every_shape(grid: Any) -> None:
    for source in grid.SHAPES.values():
        document = nix.Document(source.encode())
        assert document.definitions is not None
        assert document.data == source.encode()
