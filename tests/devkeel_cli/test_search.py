"""`devkeel search` finds what packages have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell


@pytest.mark.parametrize(
    ("query", "kind", "package"),
    [
        ("rg", "program", "ripgrep"),
        ("openssl/ssl.h", "header", "openssl"),
        ("libz.so.1", "library", "zlib"),
        ("gtk4", "pkg_config", "gtk4"),
    ],
)
def test_what_packages_have_is_found_by_its_kind(devkeel: Shell, query: str, kind: str, package: str) -> None:
    found = json.loads(devkeel("search", query, "--kind", kind, "--json").out)["hits"][0]
    assert (found["kind"], found["match"], found["by"][0]) == (kind, "exact", package)
