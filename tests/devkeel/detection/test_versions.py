"""What a requirement leaves: one version, one series, or several."""

from __future__ import annotations

import pytest

from devkeel.detection.versions import agree, allows, newest, pinned


@pytest.mark.parametrize(
    ("language", "written", "expected"),
    [
        ("javascript", "20.11.1", "20.11.1"),
        ("javascript", "v20", "20"),
        ("javascript", "20.x", "20"),
        ("javascript", "^20", "20"),
        ("javascript", "^20.11.0", "20"),
        ("javascript", ">=20 <21", "20"),
        ("javascript", ">=20.0.0, <21.0.0", "20"),
        ("javascript", "~20.1", "20"),
        ("javascript", "lts/iron", "20"),
        ("javascript", "lts/*", None),
        ("javascript", ">=18", None),
        ("javascript", "18 || 20", None),
        ("javascript", "^18 || ^20", None),
        ("javascript", "18 - 20", None),
        ("javascript", "*", None),
        ("javascript", "", None),
        ("python", ">=3.11", None),
        ("python", ">=3.11,<3.12", "3.11"),
        ("python", ">=3.10,<3.13", None),
        ("python", "==3.11.*", "3.11"),
        ("python", "~=3.11.0", "3.11"),
        ("python", "~=3.11", None),
        ("python", "^3.9", None),
        ("python", "3.12", "3.12"),
        ("python", "3.x", None),
        ("python", "3", None),
        ("ruby", "~> 3.2.0", "3.2"),
        ("ruby", "~> 3.2", None),
        ("ruby", "3.3.0p0", "3.3.0"),
        ("php", "^8.2", None),
        ("php", "8.3.*", "8.3"),
        ("java", "21.0.2-tem", "21.0.2"),
        ("elixir", "1.16.1-otp-26", "1.16.1"),
        ("rust", "nightly-2024-05-01", "nightly-2024-05-01"),
        ("rust", "1.78.0", "1.78.0"),
        ("go", "1.22", "1.22"),
        ("go", "stable", None),
    ],
)
def test_a_requirement_is_a_version_where_it_leaves_one_series(
    language: str, written: str, expected: str | None
) -> None:
    assert pinned(written, language) == expected


@pytest.mark.parametrize(
    ("written", "version", "expected"),
    [
        (">=18", "20", True),
        (">=20", "18.19.0", False),
        (">=18 <20", "20", False),
        ("^18 || ^20", "20.1.0", True),
        (">=20.11", "20", True),
        ("what is this", "20", True),
        ("~> 3.2.0", "3.1", False),
    ],
)
def test_a_range_lets_a_version_in_or_not(written: str, version: str, expected: bool) -> None:
    assert allows(written, version) is expected


def test_a_series_agrees_with_its_versions() -> None:
    assert agree("20", "20.11.1")
    assert not agree("2", "20.11.1")
    assert newest(["3.9", "3.12", "3.10"]) == "3.12"
