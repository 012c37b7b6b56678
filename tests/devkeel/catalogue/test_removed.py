"""Packages that nixpkgs had: what the table says agrees with the index, and with the day whose nixpkgs a lock pins."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from devkeel.catalogue import indexed
from devkeel.catalogue.packages import built_in_names, known, suggest
from devkeel.catalogue.removed import all_removed, as_of, removed


def rows() -> list[tuple[str, str, str]]:
    text = files("devkeel.catalogue").joinpath("removed.tsv").read_text("utf-8")
    return [tuple(line.split("\t")) for line in text.splitlines() if not line.startswith("#")]


def lock(
    day: str, owner: str = "NixOS", repo: str = "nixpkgs", ref: str = "nixpkgs-unstable", wrapped: str = ""
) -> bytes:
    def seconds(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())

    original = {"type": "github", "owner": owner, "repo": repo, "ref": ref}
    node = {"locked": {"lastModified": seconds(day)}, "original": original}
    nodes = {"root": {"inputs": {"nixpkgs": "nixpkgs"}}, "nixpkgs": node}
    if wrapped:
        node["inputs"] = {"nixpkgs-src": "nixpkgs-src"}
        nodes["nixpkgs-src"] = {"locked": {"lastModified": seconds(wrapped)}}
    return json.dumps({"version": 7, "root": "root", "nodes": nodes}).encode()


def test_a_row_has_a_day_names_that_no_other_has_and_what_is_used_instead() -> None:
    names = [name for _, row, _ in rows() for name in row.split(" ")]
    assert len(names) == len(set(names)) > 700
    assert {date.fromisoformat(since) > date(2017, 1, 1) for since, _, _ in rows()} == {True}


def test_nothing_is_gone_that_the_index_still_has() -> None:
    wrong = [(since, name) for since, row, _ in rows() for name in row.split(" ") if name in indexed.top()]
    assert [name for since, name in wrong if since < indexed.AS_OF] == []


def test_what_is_used_instead_is_there_and_not_gone_itself() -> None:
    instead = {name for _, _, row in rows() if row != "-" for name in row.split(" ")}
    gone_too = {name for name in instead if name.partition(".")[0] in all_removed()}
    assert ({name for name in instead if not known(name).known}, gone_too) == (set(), set())


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("nodejs_14", "nodejs_22"),
        ("postgresql_11", "postgresql_16"),
        ("openssl_1_1", "openssl"),
        ("python2", "python3"),
        ("python27Packages.numpy", "python3Packages.numpy"),
        ("php80Extensions.xdebug", "phpExtensions.xdebug"),
        ("nodePackages.typescript-language-server", "typescript-language-server"),
        ("nodePackages.npm", "nodejs"),
        ("gcc9", "gcc"),
        ("exa", "eza"),
    ],
)
def test_the_nearest_living_one_is_suggested(name: str, nearest: str) -> None:
    assert suggest(name)[0] == nearest


def test_what_is_gone_is_neither_listed_nor_suggested() -> None:
    assert not built_in_names().heads() & all_removed()
    assert not {*built_in_names().every(), *built_in_names().further()} & all_removed()
    assert suggest("arangodb") == []
    assert removed("ripgrep") is None


@pytest.mark.parametrize(
    ("data", "url", "day"),
    [
        (None, None, date.max),
        (None, "github:cachix/devenv-nixpkgs/rolling", date.max),
        (None, "github:NixOS/nixpkgs", date.max),
        (None, "github:NixOS/nixpkgs/nixos-23.11", date(2023, 11, 1)),
        (None, "github:nixos/nixpkgs?ref=nixos-25.05", date(2025, 5, 1)),
        (None, "github:me/nixpkgs", None),
        (None, "github:NixOS/nixpkgs/041c867bad68dfe34b78b2813028a2e2ea70a23c", None),
        (None, "github:NixOS/nixpkgs/nixos-23.99", None),
        (lock("2026-08-01"), None, date(2026, 8, 1)),
        (lock("2026-08-01", ref="nixos-25.11"), None, date(2025, 11, 1)),
        (lock("2025-07-01", ref="nixos-25.11"), None, date(2025, 7, 1)),
        (lock("2026-08-01", owner="me"), None, None),
        (lock("2026-08-01"), "github:NixOS/nixpkgs/nixos-24.05", date(2024, 5, 1)),
        (lock("2026-08-01"), "path:../nixpkgs", None),
        (lock("2026-08-01", "cachix", "devenv-nixpkgs", "rolling", "2026-07-01"), None, date(2026, 7, 1)),
        (b"{}", None, None),
        (lock("2026-08-01").replace(b"lastModified", b"other"), None, None),
        (b'{"nodes": {"root": {"inputs": {"nixpkgs": ["nixpkgs"]}}}, "root": "root", "version": 7}', None, None),
    ],
)
def test_the_day_is_that_of_the_lock_or_of_the_branch_or_not_known(
    data: bytes | None, url: str | None, day: date | None
) -> None:
    assert as_of(data, url) == day


def test_what_was_taken_out_lately_may_be_there_yet() -> None:
    gone = removed("postgresql_13")
    assert gone is not None
    assert [gone.by(date(2025, month, 15)) for month in (10, 11, 12)] == [False, False, False]
    assert gone.by(date(2026, 1, 15))
