"""How far a program of Nix has come is read from what it prints."""

from __future__ import annotations

import pytest

from devkeel.nix_cli.progress import counting, progress_of

_HASH = "0" * 32


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"building '/nix/store/{_HASH}-hello-2.12.drv'...", "building hello-2.12"),
        (f"copying path '/nix/store/{_HASH}-glibc-2.39' from 'https://cache.nixos.org'...", "fetching glibc-2.39"),
        ("downloading 'https://example.org/a.tar.gz'...", "downloading https://example.org/a.tar.gz"),
        ("these 3 derivations will be built:", "these 3 derivations will be built"),
        ("this derivation will be built:", "this derivation will be built"),
        ("these 12 paths will be fetched (3.10 MiB download)", "these 12 paths will be fetched"),
        ("error: a build failed", None),
    ],
)
def test_a_line_of_nix_becomes_a_sentence(line: str, sentence: str | None) -> None:
    assert progress_of(line) == sentence


def test_the_steps_of_a_job_are_counted_where_nix_says_how_many_there_are() -> None:
    read = counting()
    built = [f"building '/nix/store/{_HASH}-{name}.drv'..." for name in ("a", "b", "b", "c")]
    assert read(built[0]) == "building a"
    read = counting()
    assert read("these 2 derivations will be built:") == "these 2 derivations will be built"
    assert read("these 2 paths will be fetched (1.00 MiB download)") == "these 2 paths will be fetched"
    assert [read(line) for line in built] == [
        "building a (1 of 4)",
        "building b (2 of 4)",
        "building b (2 of 4)",
        "building c (3 of 4)",
    ]


def test_one_step_alone_is_not_counted_and_none_is_past_the_last() -> None:
    read = counting()
    read("this derivation will be built:")
    assert read(f"building '/nix/store/{_HASH}-a.drv'...") == "building a"
    assert read(f"building '/nix/store/{_HASH}-b.drv'...") == "building b"
