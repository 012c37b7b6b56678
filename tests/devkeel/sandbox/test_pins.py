"""An empty directory keeps a name from what runs in a sandbox, and goes when the last one that holds it does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from devkeel.sandbox.pins import is_pin, pin, unpin

if TYPE_CHECKING:
    from pathlib import Path


def test_the_last_that_holds_it_takes_it_away(tmp_path: Path) -> None:
    outer, inner = tmp_path / "lib", tmp_path / "lib" / ".git"
    places = (str(outer), str(inner))
    first, second = pin(places), pin(places)
    assert tuple(first) == places
    unpin(first)
    assert is_pin(str(inner))
    unpin(second)
    assert list(tmp_path.iterdir()) == []


def test_what_was_filled_or_exchanged_meanwhile_stays(tmp_path: Path) -> None:
    filled, exchanged = tmp_path / "filled", tmp_path / "exchanged"
    pins = pin((str(filled), str(exchanged)))
    (filled / "file").touch()
    exchanged.rename(tmp_path / "away")
    exchanged.mkdir()
    unpin(pins)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["away", "exchanged", "filled"]


def test_one_that_was_left_is_taken_over(tmp_path: Path) -> None:
    place = tmp_path / ".git"
    place.mkdir()
    unpin(pin((str(place),)))
    assert not place.exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_directory_is_an_error_and_stays(tmp_path: Path, kind: str) -> None:
    place = tmp_path / ".git"
    place.touch() if kind == "file" else place.symlink_to(tmp_path)
    with pytest.raises(OSError):  # noqa: PT011  (each has its own)
        pin((str(tmp_path / "first"), str(place)))
    assert os.path.lexists(place)
    assert not (tmp_path / "first").exists()
    assert not is_pin(str(place))
