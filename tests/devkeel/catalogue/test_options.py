"""The built-in table of options."""

from __future__ import annotations

import pytest

from devkeel.catalogue import enable_path, find_option, option_paths, option_type
from devkeel.catalogue.options import is_text
from devkeel.errors import UsageError


def test_every_option_of_the_table_is_found_at_its_own_path() -> None:
    assert len(option_paths()) > 1800
    for path in option_paths():
        found = find_option(tuple(path.split(".")))
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


@pytest.mark.parametrize(("name", "nearest"), [("reddis", "services.redis"), ("pyton", "languages.python")])
def test_an_unknown_name_is_answered_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        enable_path(name)
    assert nearest in caught.value.alternatives
