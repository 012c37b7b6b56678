"""The built-in table of options."""

from __future__ import annotations

import re

import pytest

from devkeel.catalogue import enable_path, find_option, option_paths, option_type
from devkeel.catalogue.options import is_text
from devkeel.errors import UsageError


def test_every_option_of_the_table_is_found_at_its_own_path() -> None:
    assert len(option_paths()) > 1800
    for path in option_paths():
        names = tuple(name.strip('"') for name in re.findall(r'"[^"]*"|[^.]+', path))
        found = find_option(names)
        assert found is not None
        assert found.path == path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("languages.python.version", "null or string"),
        ("services.redis.port", "16 bit unsigned integer; between 0 and 65535 (both inclusive)"),
        ("processes.web.exec", "string"),
        ('processes."my web".exec', "string"),
        ("no.such.option", None),
        ("not a path", None),
    ],
)
def test_a_type_is_found_also_below_a_name_of_the_users_own(path: str, kind: str | None) -> None:
    assert option_type(path) == kind


def test_shell_text_is_told_from_lists() -> None:
    assert is_text(("enterShell",))
    assert not is_text(("packages",))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("redis", ("services", "redis", "enable")),
        ("python", ("languages", "python", "enable")),
        ("services.redis", ("services", "redis", "enable")),
        ("services.redis.enable", ("services", "redis", "enable")),
        ("services.brandnew", ("services", "brandnew", "enable")),
        ("dotenv", ("dotenv", "enable")),
    ],
)
def test_a_name_enables_the_service_or_language_that_it_means(name: str, path: tuple[str, ...]) -> None:
    assert enable_path(name) == path


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("reddis", "services.redis"),
        ("pyton", "languages.python"),
        ("postgresql", "services.postgres"),
        ("mongo", "services.mongodb"),
        ("node", "languages.javascript"),
        ("nodejs", "languages.javascript"),
        ("golang", "languages.go"),
        ("es", "services.elasticsearch"),
        ("Rust", "languages.rust"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_first(name: str, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        enable_path(name)
    assert caught.value.alternatives[0] == nearest


def test_a_name_like_nothing_is_answered_without_alternatives() -> None:
    with pytest.raises(UsageError) as caught:
        enable_path("qqqqqqqqqq")
    assert caught.value.alternatives == ()


def test_a_path_with_quoted_names_is_found() -> None:
    found = find_option(("services", "kafka", "settings", "broker.id"))
    assert found is not None
    assert found.path == 'services.kafka.settings."broker.id"'
