"""A reference is changed in its branch and revision alone, as its kind writes them."""

from __future__ import annotations

import pytest

from devkeel.source.flake_reference import FlakeReference

REV = "0123456789abcdef0123456789abcdef01234567"
OLD = "f" * 40

# A reference, what it is to be at, and what it then is; None where it cannot be.
AT = [
    ("github:a/b", "main", "github:a/b/main"),
    ("github:a/b", REV, f"github:a/b/{REV}"),
    ("github:a/b/main", REV, f"github:a/b/{REV}"),
    ("github:a/b/feat/x", "main", "github:a/b/main"),
    ("github:a/b/main?dir=c", REV, f"github:a/b/{REV}?dir=c"),
    ("github:a/b?dir=c&ref=main", REV, f"github:a/b?dir=c&rev={REV}"),
    (f"github:a/b?rev={OLD}", "main", "github:a/b?ref=main"),
    ("gitlab:a%2Fb/c/main", REV, f"gitlab:a%2Fb/c/{REV}"),
    ("sourcehut:~a/b", REV, f"sourcehut:~a/b/{REV}"),
    ("git+https://h/x", REV, f"git+https://h/x?rev={REV}"),
    ("git+https://h/x?ref=main", REV, f"git+https://h/x?rev={REV}&ref=main"),
    (f"git+ssh://g@h/x?ref=main&rev={OLD}&submodules=1", REV, f"git+ssh://g@h/x?ref=main&rev={REV}&submodules=1"),
    (f"git+https://h/x?ref=main&rev={OLD}", "next", "git+https://h/x?ref=next"),
    ("hg+https://h/x", REV, f"hg+https://h/x?rev={REV}"),
    ("nixpkgs", REV, f"nixpkgs/{REV}"),
    ("nixpkgs/nixos-25.11", REV, f"nixpkgs/nixos-25.11/{REV}"),
    ("flake:nixpkgs", "nixos-25.11", "flake:nixpkgs/nixos-25.11"),
    ("path:./x", "main", None),
    ("./x", "main", None),
    ("https://h/x.tar.gz", REV, None),
    ("github:a/b", "a b", None),
    ("github:a/b", "", None),
    ("github:a/b", "x?dir=y", None),
]


@pytest.mark.parametrize(("url", "wanted", "expected"), AT)
def test_a_reference_is_at_another_branch_or_revision(url: str, wanted: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"^this is|^a reference"):
            FlakeReference.of(url).at(wanted)
        return
    found = FlakeReference.of(url).at(wanted)
    assert found.url == expected
    assert wanted in (FlakeReference.of(expected).revision, FlakeReference.of(expected).branch)


# What is pinned, and what it is when it is not.
FREE = [
    (f"github:a/b/{REV}", "github:a/b"),
    (f"github:a/b?rev={REV}&dir=c", "github:a/b?dir=c"),
    (f"git+https://h/x?ref=main&rev={REV}", "git+https://h/x?ref=main"),
    (f"git+https://h/x?rev={REV}", "git+https://h/x"),
    (f"nixpkgs/nixos-25.11/{REV}", "nixpkgs/nixos-25.11"),
    ("github:a/b/main", "github:a/b/main"),
]


@pytest.mark.parametrize(("url", "expected"), FREE)
def test_a_revision_goes_and_a_branch_stays(url: str, expected: str) -> None:
    assert FlakeReference.of(url).unpinned().url == expected


@pytest.mark.parametrize(
    "url", [*dict.fromkeys(url for url, _, _ in AT), "github:a", "github:", "", "?ref=x", "git+file:///a#b"]
)
def test_a_reference_that_is_read_is_the_same(url: str) -> None:
    assert FlakeReference.of(url).url == url
