"""Which package provides a name: what is meant comes first, in what the tables of nixpkgs say."""

from __future__ import annotations

from pathlib import Path

import pytest

from devkeel.catalogue import built_in
from devkeel.catalogue.provided import lookup, ranking
from devkeel.catalogue.provided.lookup import KINDS, devenv_way, providers

FOLDER = Path(lookup.__file__).parent
MEANT = [
    ("program", "convert", "imagemagick"),
    ("program", "rg", "ripgrep"),
    ("program", "cc", "gcc"),
    ("program", "node", "nodejs"),
    ("program", "python3", "python3"),
    ("program", "protoc", "protobuf"),
    ("program", "pg_config", "libpq.pg_config"),
    ("program", "autoreconf", "autoconf"),
    ("program", "openssl", "openssl"),
    ("program", "redis-server", "redis"),
    ("header", "hiredis/hiredis.h", "hiredis"),
    ("header", "fmt/core.h", "fmt"),
    ("header", "sodium.h", "libsodium"),
    ("header", "curl/curl.h", "curl"),
    ("header", "openssl/ssl.h", "openssl"),
    ("header", "zlib.h", "zlib"),
    ("header", "lber.h", "openldap"),
    ("header", "yaml.h", "libyaml"),
    ("header", "glib.h", "glib"),
    ("header", "boost/asio/ip/tcp.hpp", "boost"),
    ("library", "z", "zlib"),
    ("library", "libGL.so.1", "libGL"),
    ("library", "libmagic.so.1", "file"),
    ("library", "icuuc", "icu"),
    ("library", "seccomp", "libseccomp"),
    ("pkg_config", "libavcodec", "ffmpeg"),
    ("pkg_config", "openssl", "openssl"),
    ("pkg_config", "mysqlclient", "libmysqlclient"),
    ("pkg_config", "gtk4.pc", "gtk4"),
    ("cmake", "CURL", "curl"),
    ("cmake", "spdlog", "spdlog"),
    ("cmake", "spdlogConfig.cmake", "spdlog"),
    ("cmake", "Boost", "boost"),
    ("python_module", "yaml", "python3Packages.pyyaml"),
    ("python_module", "google.protobuf.message", "python3Packages.protobuf"),
]


@pytest.mark.parametrize(("kind", "name", "meant"), MEANT, ids=lambda item: item)
def test_what_is_meant_comes_first(kind: str, name: str, meant: str) -> None:
    assert providers(kind, name)[0].attribute == meant


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["no-such-thing-at-all", "", "\n", "a\tb", "x" * 5_000, "/", "../x"])
def test_what_nobody_provides_has_no_provider(kind: str, name: str) -> None:
    assert providers(kind, name) == ()


def test_what_the_project_has_comes_first_in_its_version() -> None:
    found = providers("program", "pg_config", declared=["postgresql_16"])
    assert (found[0].attribute, found[0].declared, found[0].follows) == (
        "postgresql_16.pg_config",
        False,
        "postgresql_16",
    )
    found = providers("program", "psql", declared=["git", "pkgs.postgresql_14"])
    assert (found[0].attribute, found[0].declared) == ("postgresql_14", True)
    assert providers("program", "psql", declared=["git"])[0].attribute == "postgresql"
    # No other version has what one version has under its own name.
    assert providers("pkg_config", "gtk4", declared=["gtk3"])[0].attribute == "gtk4"
    assert providers("python_module", "yaml", declared=["python312"])[0].attribute == "python312Packages.pyyaml"
    assert not providers("python_module", "yaml", declared=["python312"])[0].declared


def test_a_name_says_whether_it_is_certain_what_is_meant() -> None:
    certain = [("program", "rg"), ("program", "jq"), ("header", "zlib.h"), ("library", "z"), ("python_module", "yaml")]
    assert all(providers(*item)[0].certain for item in certain)
    # Demonstrations and data of others that have such names.
    assert not any(providers("program", name)[0].certain for name in ("alpha", "device", "money"))
    assert not any(item.certain for item in providers("program", "rake")[1:])


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("yaml", "pyyaml"),
        ("bs4", "beautifulsoup4"),
        ("dotenv", "python-dotenv"),
        ("jwt", "pyjwt"),
    ],
)
def test_an_import_name_has_its_distribution(module: str, distribution: str) -> None:
    assert distribution in [item.distribution for item in providers("python_module", module)]


def test_a_header_one_folder_deeper_says_where_it_is() -> None:
    (first, *_) = providers("header", "pango/pango.h")
    assert (first.attribute, first.name, first.exact) == ("pango", "pango-1.0/pango/pango.h", False)
    (first, *_) = providers("header", "gtk/gtk.h")
    assert (first.attribute, first.name, first.exact, first.certain) == ("gtk3", "gtk-3.0/gtk/gtk.h", False, True)


def test_each_way_of_devenv_is_an_option_of_it() -> None:
    assert {*lookup._ways().values()} <= {option.path for option in built_in().options.values()}


def test_a_way_of_devenv_comes_by_the_name_of_a_program() -> None:
    assert devenv_way("program", "python3") == "languages.python.enable"
    assert devenv_way("program", "mvn") == "languages.java.maven.enable"
    assert devenv_way("program", "jq") is None


def test_a_decision_is_of_a_kind_and_is_made_once() -> None:
    lines = [line.split("\t") for line in (FOLDER / "decisions.tsv").read_text().splitlines() if line[:1] != "#"]
    names = [(kind, name) for kind, several, _ in lines for name in several.split(" ")]
    assert len(names) == len({*names}) == len(ranking.decisions())
    assert {kind for kind, _ in names} <= {*KINDS}


def test_the_tables_are_small_enough_for_the_wheel() -> None:
    assert 0 < sum(path.stat().st_size for path in FOLDER.glob("*.table")) < 3_000_000


@pytest.mark.parametrize(
    ("module", "distributions"),
    [
        ("crontab", {"python-crontab"}),
        ("libvirtmod", {"libvirt-python"}),
        ("torch", {"torch"}),
        ("camelot", {"camelot-py"}),
        ("numpy", {"numpy"}),
        ("avahi", {None}),
    ],
)
def test_a_distribution_is_what_its_metadata_says_and_never_the_attribute(
    module: str, distributions: set[str | None]
) -> None:
    assert {item.distribution for item in providers("python_module", module)} == distributions
