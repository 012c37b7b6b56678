"""How far a program of Nix has come is read from what it prints."""

from __future__ import annotations

import pytest

from devkeel.nix_cli.progress import progress_of

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
