"""Every operation on every shape: the text is a golden file, the value is what real Nix evaluates."""

from __future__ import annotations

import copy
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

HERE = Path(__file__).parent


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("nix_grid", HERE / "grid.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GRID = _load()

def result(shape: str, operation: Any) -> bytes | str:
    """Return the bytes of a cell, or the code of its refusal."""
    source = GRID.SHAPES[shape].encode()
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


@pytest.mark.parametrize("shape", GRID.SHAPES)
def test_each_shape_is_edited_like_this(shape: str, snapshot: SnapshotAssertion) -> None:
    cells = {}
    for operation in GRID.OPERATIONS:
        found = result(shape, operation)
        source = GRID.SHAPES[shape]
        if isinstance(found, str):
            cells[operation.name] = f"refused: {found}"
        else:
            cells[operation.name] = found.decode() if found.decode() != source else "unchanged"
    assert cells == snapshot


def evaluate(paths: list[Path], folder: Path) -> list[dict[str, Any]]:
    """Return the settings of modules as real Nix evaluates them."""
    shutil.copy(HERE / "stub.nix", folder)
    rows = " ".join(f"./{path.name}" for path in paths)
    (folder / "all.nix").write_text(f"(import ./stub.nix).settings [ {rows} ]")
    command = ["nix-instantiate", "--eval", "--strict", "--json", str(folder / "all.nix")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[:2000]
    values: list[dict[str, Any]] = json.loads(found.stdout)
    return values


@pytest.mark.nix
def test_real_nix_evaluates_every_cell_to_what_the_operation_means(tmp_path: Path) -> None:
    befores, afters, cells = [], [], []
    for shape, source in GRID.SHAPES.items():
        before = tmp_path / f"before-{len(befores)}.nix"
        before.write_bytes(source.encode())
        befores.append(before)
        for operation in GRID.OPERATIONS:
            found = result(shape, operation)
            if isinstance(found, bytes):
                path = tmp_path / f"after-{len(afters)}.nix"
                path.write_bytes(found)
                afters.append(path)
                cells.append((shape, operation, len(befores) - 1))
    old, new = evaluate(befores, tmp_path), evaluate(afters, tmp_path)
    wrong = []
    for (shape, operation, index), value in zip(cells, new, strict=True):
        wanted = copy.deepcopy(old[index])
        operation.model(wanted)
        if pruned(value) != pruned(wanted):
            wrong.append((shape, operation.name, value, wanted))
    assert wrong == []
    assert len(cells) >= 860


def pruned(value: Any) -> Any:
    """Return data without empty sets: an emptied set may stay."""
    if isinstance(value, dict):
        inner = {key: pruned(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item not in ({}, [])}
    if isinstance(value, list):
        return sorted(map(pruned, value), key=json.dumps) if all(isinstance(item, str) for item in value) else value
    return value


def test_the_reader_gives_the_bytes_back_for_every_shape() -> None:
    for source in GRID.SHAPES.values():
        document = nix.Document(source.encode())
        assert document.definitions is not None
        assert document.data == source.encode()
