"""Mechanisms of Linux are used where they may be, and switched off by name."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel.candidate import stage
from devkeel.runtime import process_tree
from devkeel.system.mechanisms import MECHANISMS, VARIABLE, usable
from devkeel.transaction import rename

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINUX = sys.platform == "linux"


@pytest.mark.parametrize("name", MECHANISMS)
def test_each_is_switched_off_alone(without: Callable[..., None], name: str) -> None:
    without(name)
    assert [item for item in MECHANISMS if usable(item)] == [item for item in MECHANISMS if LINUX and item != name]


@pytest.mark.parametrize("text", ["namespaces,pidfd", " pidfd , namespaces ", "nonsense,,namespaces,pidfd"])
def test_the_names_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert not usable("namespaces")
    assert not usable("pidfd")
    assert usable("renameat2") == LINUX


def test_without_it_nothing_of_the_kernel_is_asked(without: Callable[..., None], tmp_path: Path) -> None:
    without()
    assert not stage.namespaces_work()
    with process_tree.held(1) as descriptor:
        assert descriptor is None
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    folder = os.open(tmp_path, os.O_RDONLY)
    assert not rename.exchange(folder, "a", "b")
    os.close(folder)
