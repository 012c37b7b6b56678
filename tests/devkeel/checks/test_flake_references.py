"""References to flakes as text: what Nix or devenv takes is right, and what is not has the right one beside it."""

from __future__ import annotations

import pytest

from devkeel.checks.flake_references import url_problem


@pytest.mark.parametrize(
    "url",
    [
        *("github:a/b", "github:a/b/main?dir=x", "gitlab:a%2Fb/c", "git+https://x.org/r", "git+ssh://git@x/r"),
        *("github:a/b?dir=x&ref=y", "github:a/b/feature/branch", "github:/a/b", "github:a/b/", "sourcehut:~a/b/main"),
        *("path:./x", "path:/x", "./x", "../x", "/x", ".", "nixpkgs", "nixpkgs/nixos-unstable", "flake:nixpkgs"),
        *(".?dir=src/modules", "..", "..?dir=x", "./?dir=x", "./.", "../..", "./x?dir=y", "path:.?dir=x", "/x?dir=y"),
        *("git+file:.", "git+file:///x?ref=y", "git+file:./x", "./a b", "nixpkgs/release-24.05", "nixpkgs/v1+x@y"),
        *("nixpkgs/nixos-24.05/0123456789012345678901234567890123456789", "path:x", "path:.", ".#x"),
        *("https://x.org/a.tar.gz", "tarball+https://x.org/a", "sourcehut:~a/b", "file+https://x.org/a", "git:x"),
    ],
)
def test_references_that_nix_takes(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("githb:a/b", "github:a/b"),
        ("gihtub:a/b", "github:a/b"),
        ("github:a", None),
        ("github:a/", None),
        ("github://a/b", "github:a/b"),
        ("", None),
        (" github:a/b", "github:a/b"),
        ("a b", None),
        ("zzz:x", None),
        ("s3://b/x", None),
        ("bitbucket:a/b", None),
        ("channel:nixos-24.05", None),
        ("ssh://git@x.org/a", "git+ssh://git@x.org/a"),
        ("git@github.com:a/b.git", "git+ssh://git@github.com/a/b.git"),
        ("nixos-24.05", None),
        (".hidden", None),
    ],
)
def test_references_that_it_does_not(url: str, right: str | None) -> None:
    problem = url_problem(url)
    assert problem is not None
    assert problem[1] == right
    if right is not None:
        assert url_problem(right) is None


def test_a_path_that_is_there_is_a_reference() -> None:
    assert url_problem("a.b/c", {"a.b/c"}.__contains__) is None
    assert url_problem("a.b/c?dir=d", {"a.b/c"}.__contains__) is None
    assert url_problem("a.b/c") is not None
