"""Search: what is found, in which order, in pages."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.catalogue import built_in
from devkeel.catalogue.index import NameIndex
from devkeel.catalogue.packages import open_names
from devkeel.catalogue.search import search
from devkeel.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def found(query: str, kind: str = "all", limit: int = 10) -> list[str]:
    return [f"{hit.kind} {hit.name}" for hit in search(built_in(), open_names(), query, kind=kind, limit=limit).hits]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("redis", ["service services.redis", "package redis"]),
        ("Redis", ["service services.redis", "package redis"]),
        ("services.redis", ["service services.redis"]),
        ("pkgs.jq", ["package jq"]),
        ("rg", ["package ripgrep"]),
        ("psql", ["service services.postgres", "package postgresql"]),
        ("golang", ["language languages.go", "package go"]),
        ("reddis", ["service services.redis", "package redis"]),
        ("python numpy", ["package python3Packages.numpy"]),
        ("numpy", ["package python3Packages.numpy"]),
        ("services.redis.port", ["option services.redis.port"]),
        ("redis.port", ["option services.redis.port"]),
        ("nodejs_14", ["package nodejs_22"]),
        ("openssl_1_1", ["package openssl"]),
        ("lazysql", ["package lazysql"]),
        ("cargo-show-asm", ["package cargo-show-asm"]),
    ],
)
def test_the_best_comes_first(query: str, first: list[str]) -> None:
    assert found(query)[: len(first)] == first


@pytest.mark.parametrize("kind", ["package", "option", "service", "language"])
def test_a_kind_finds_nothing_else(kind: str) -> None:
    hits = search(built_in(), open_names(), "r", kind=kind).hits
    assert hits
    assert {hit.kind for hit in hits} == {kind}


def test_an_option_comes_with_type_and_default() -> None:
    hit = search(built_in(), open_names(), "services.redis.port", kind="option").hits[0]
    assert (hit.default, hit.match) == ("6379", "exact")
    assert hit.type is not None
    assert hit.type.startswith("16 bit")


def test_pages_give_everything_once_and_in_order() -> None:
    whole = search(built_in(), open_names(), "python", limit=100)
    pages, cursor = [], None
    for _ in range(10):
        page = search(built_in(), open_names(), "python", limit=10, cursor=cursor)
        pages += page.hits
        cursor = page.cursor
    assert tuple(pages) == whole.hits
    assert len(set(pages)) == 100


def test_what_only_the_index_has_comes_after_options_with_the_same_word() -> None:
    hits = search(built_in(), open_names(), "redis", limit=60).hits
    words = [hit.name for hit in hits if hit.match == "word"]
    assert words.index("services.redis.port") < words.index("cpp-redis")


def test_the_last_page_has_no_cursor() -> None:
    assert search(built_in(), open_names(), "services.redis.port", limit=100).cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "!!", "AAAA", "é", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(UsageError) as caught:
        search(built_in(), open_names(), "python", cursor=cursor)
    assert caught.value.code == "bad_cursor"


def test_a_cursor_of_another_search_is_refused() -> None:
    cursor = search(built_in(), open_names(), "python", limit=1).cursor
    with pytest.raises(UsageError) as caught:
        search(built_in(), open_names(), "ruby", cursor=cursor)
    assert caught.value.code == "bad_cursor"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"query": " "}, "bad_query"),
        ({"query": "a" * 201}, "bad_query"),
        ({"query": "a", "kind": "module"}, "unknown_kind"),
        ({"query": "a", "limit": 0}, "bad_limit"),
        ({"query": "a", "limit": 101}, "bad_limit"),
    ],
)
def test_what_cannot_be_searched_is_refused(arguments: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        search(built_in(), open_names(), **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code


@pytest.mark.parametrize(
    "query", ["a", "\n", "a\nb", "(", "*", "<name>", "é", "\x00", '"', "-", ".", "_" * 9, "a b c d"]
)
def test_any_text_is_searched(query: str) -> None:
    if query.strip():
        assert len(search(built_in(), open_names(), query).hits) <= 20


def test_an_option_path_answers_with_what_is_set_and_where(environment: Environment, root: Path) -> None:
    (root / "devenv.nix").write_text("{\n  processes.web.exec = ''run'';\n}\n")
    result = environment.search("processes.web.exec")
    assert result.option is not None
    assert result.option.type == "string"
    assert [(item.file, item.line, item.value) for item in result.option.definitions] == [("devenv.nix", 2, "run")]


def test_a_path_into_a_value_answers_with_the_option_round_it(environment: Environment, root: Path) -> None:
    (root / "devenv.nix").write_text('{\n  env.PORT = "1";\n  env.HOST = "h";\n}\n')
    option = environment.search("env.PORT").option
    assert option is not None
    assert option.path == "env"
    assert [item.path for item in option.definitions] == ["env.PORT"]


@pytest.mark.parametrize(
    "query", ["services.redis.nonsense", "nonsense", "services.redis", "a b", "languages.python.version.x"]
)
def test_no_option_path_answers_with_no_option(environment: Environment, query: str) -> None:
    assert environment.search(query).option is None


def test_allowed_values_come_as_data(environment: Environment) -> None:
    option = environment.search("process.manager.implementation").option
    assert option is not None
    assert "process-compose" in option.allowed


def test_a_search_needs_no_declaration(tmp_path: Path) -> None:
    assert Environment(tmp_path, actor="test").search("services.redis.port").option is not None
    assert list(tmp_path.iterdir()) == []


def test_the_index_finds_what_a_scan_finds() -> None:
    generator = random.Random(3)
    words = ["py", "lib", "git", "x", "Rust", "nine", "go"]
    names = sorted(
        {
            "".join(generator.choice(words) + generator.choice(["", "-", "_", "."]) for _ in range(4)) + str(number)
            for number in range(300)
        }
    )
    index = NameIndex(names)
    for query in ["py", "lib", "git", "x", "rust", "nine", "go", "libgit", "1", "29", "py-lib", "zzz"]:
        begins, inside = index.inside(query)
        dashed = query.replace("_", "-")
        plain = {name: re.sub("[._]", "-", name.lower()) for name in names}
        assert {name for name in names if name.lower() == query} == set(index.exact(query))
        assert set(index.prefix(query, 1000)) == {name for name in names if name.lower().startswith(query)}
        if len(query) > 2:
            assert {*begins, *inside} == {name for name in names if dashed in plain[name]}
            assert set(begins) == {name for name in names if re.search(f"(^|-){dashed}", plain[name])}
        else:
            assert set(begins) == {name for name in names if f"-{dashed}" in plain[name]}
            assert inside == []
