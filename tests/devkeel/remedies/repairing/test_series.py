"""Bounds between series of versions."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from devkeel.remedies.repairing.series import above, below, bounded, distance, halfway, respecified


@pytest.mark.parametrize(
    ("version", "floor", "bound"),
    [
        ("2.4.6", "1.24.2", "2"),
        ("2.4.6", None, "2"),
        ("2.1.5", "2.0.1", "2.1"),
        ("0.28.1", None, "0.28"),
        ("0.28.1", "0.27.2", "0.28"),
        ("2026.6", "2023.3", "2026"),
        ("3.0.4", "3.0.1", "3.0.4"),
    ],
)
def test_a_bound_leaves_out_the_series_that_fails(version: str, floor: str | None, bound: str) -> None:
    assert below(version, floor) == bound


@pytest.mark.parametrize(
    ("works", "fails", "bound"),
    [("1.20.0", "1.26.4", "1.23"), ("1.25.2", "1.26.4", None), ("65.1", "80.9", "73"), ("1.26", "2.0", "2")],
)
def test_a_search_halves_what_is_between(works: str, fails: str, bound: str | None) -> None:
    assert halfway(works, fails) == bound


def test_a_floor_keeps_its_minor_series() -> None:
    assert above("1.24.2") == "1.25"


@pytest.mark.parametrize(
    ("declared", "bound", "text"),
    [
        (None, "2", "numpy<2"),
        ("numpy>=1.24", "2", "numpy>=1.24,<2"),
        ("numpy>=2.1", "2", "numpy<2"),
        ("numpy==2.1.0", "2", "numpy<2"),
        ("numpy<3,>=1.2,!=1.25.0", "2", "numpy>=1.2,<2,!=1.25.0"),
        ('numpy>=1; python_version < "3.13"', "2", 'numpy>=1,<2; python_version < "3.13"'),
    ],
)
def test_a_bound_joins_what_goes_with_it(declared: str | None, bound: str, text: str) -> None:
    assert bounded(Requirement(declared) if declared else None, "numpy", bound) == text


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ("numpy==1.20.0", "numpy==1.26.4"),
        ("numpy~=1.20", "numpy~=1.26"),
        ("numpy<1.20", "numpy>=1.26,<2"),
        ("numpy>=9", "numpy>=1.26"),
    ],
)
def test_a_requirement_is_moved_in_the_form_that_it_has(declared: str, text: str) -> None:
    assert respecified(Requirement(declared), "1.26.4") == text


def test_the_same_major_is_nearer_than_another_and_up_nearer_than_down() -> None:
    versions = ["3.1.0", "1.9.0", "2.9.0", "2.1.0"]
    assert sorted(versions, key=lambda item: distance("2.3.0", item)) == ["2.9.0", "2.1.0", "3.1.0", "1.9.0"]
