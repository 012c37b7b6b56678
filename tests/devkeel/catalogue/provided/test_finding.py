"""Searching what packages provide: the name itself before beginnings, those before parts."""

from __future__ import annotations

import pytest

from devkeel.catalogue import built_in
from devkeel.catalogue.packages import open_names
from devkeel.catalogue.provided.finding import find
from devkeel.catalogue.provided.lookup import KINDS, open_kind
from devkeel.catalogue.search import search


@pytest.mark.parametrize(
    ("kind", "query", "name", "by"),
    [
        ("program", "rg", "rg", "ripgrep"),
        ("program", "node", "node", "languages.javascript.enable"),
        ("header", "openssl/ssl.h", "openssl/ssl.h", "openssl"),
        ("header", "pango/pango.h", "pango-1.0/pango/pango.h", "pango"),
        ("library", "z", "libz.so", "zlib"),
        ("library", "libGL.so.1", "libGL.so.1", "libGL"),
        ("pkg_config", "libavcodec", "libavcodec", "ffmpeg"),
        ("cmake", "ZLIB", "ZLIB", "zlib"),
        ("python_module", "yaml", "yaml", "python3Packages.pyyaml"),
    ],
)
def test_the_name_itself_comes_first(kind: str, query: str, name: str, by: str) -> None:
    first = next(find(kind, query))
    assert (first.name, first.by[0]) == (name, by)


@pytest.mark.parametrize("kind", KINDS)
def test_each_name_finds_itself_and_comes_once(kind: str) -> None:
    rows = [key for key, _ in open_kind(kind).every()]
    for key in rows[:: len(rows) // 40]:
        name = "/".join(reversed(key.split("/"))) if kind == "header" else key
        found = [item.name for item in find(kind, name)]
        assert name in found[:3] or name.endswith("/")
        assert len(found) == len({*found})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "header"])
def test_parts_come_behind_beginnings_and_all_have_the_query(kind: str) -> None:
    found = [*find(kind, "ssl")]
    order = [item.match for item in found]
    assert found
    assert order == sorted(order, key=("exact", "prefix", "part").index)
    assert all("ssl" in item.name.lower() for item in found)


def test_a_search_of_all_has_what_is_called_so_and_one_of_files_has_parts_too() -> None:
    hits = search(built_in(), open_names(), "libavcodec").hits
    assert {(hit.kind, hit.name, hit.by[0]) for hit in hits if hit.by} == {("pkg_config", "libavcodec", "ffmpeg")}
    # What is called so itself is meant.
    assert not [hit for hit in search(built_in(), open_names(), "zlib").hits if hit.by]
    assert search(built_in(), open_names(), "rg").hits[0].name == "ripgrep"
    pages = search(built_in(), open_names(), "pcap", kind="file", limit=5)
    assert pages.hits[0].match == "exact"
    more = search(built_in(), open_names(), "pcap", kind="file", limit=5, cursor=pages.cursor).hits
    assert not {*more} & {*pages.hits}
    assert search(built_in(), open_names(), "no-such-thing-at-all", kind="file").hits == ()
