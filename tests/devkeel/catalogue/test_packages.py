"""Names of packages: the built-in list, other names, suggestions."""

from __future__ import annotations

from importlib.resources import files

import pytest

from devkeel.catalogue.packages import BUILT_IN, built_in_names, called, is_slip, known, suggest
from devkeel.catalogue.removed import all_removed


def aliases() -> list[list[str]]:
    text = files("devkeel.catalogue").joinpath("package-aliases.txt").read_text()
    return [line.split(" ") for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(
    "name", ["git", "ripgrep", "nodejs_22", "python3Packages.numpy", "python312Packages.numpy", "xorg.libX11", "uv"]
)
def test_a_well_known_package_is_known(name: str) -> None:
    assert known(name).known


@pytest.mark.parametrize("name", ["ripgerp", "python3Packages.nunpy", "nodePackages_latest.pretier", "rg"])
def test_what_the_built_in_list_lacks_may_exist(name: str) -> None:
    verdict = known(name)
    assert (verdict.known, verdict.complete, verdict.source) == (False, False, BUILT_IN)


@pytest.mark.parametrize(
    "name", ["git.doc", "haskell.compiler.ghc98", "llvmPackages_18.clang", "python3Packages.numpy.dev"]
)
def test_what_is_inside_something_that_is_not_listed_counts_as_known(name: str) -> None:
    assert known(name).known


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rg", "ripgrep"),
        ("psql", "postgresql"),
        ("node", "nodejs"),
        ("python", "python3"),
        ("convert", "imagemagick"),
        ("dig", "dnsutils"),
        ("libpq-dev", "libpq"),
        ("build-essential", "gcc"),
        ("openjdk-17-jdk", "jdk17"),
        ("Pillow", "python3Packages.pillow"),
        ("requests", "python3Packages.requests"),
        ("sqlalchemy-utils", "python3Packages.sqlalchemy-utils"),
        ("ripgrp", "ripgrep"),
        ("kubctl", "kubectl"),
        ("terrafrom", "terraform"),
        ("imagemagik", "imagemagick"),
        ("pre_commit", "pre-commit"),
        ("golangci-lnt", "golangci-lint"),
        ("python3Packages.numpyy", "python3Packages.numpy"),
        ("python311Packages.reqests", "python311Packages.requests"),
    ],
)
def test_the_first_suggestion_is_what_was_meant(name: str, meant: str) -> None:
    assert suggest(name)[0] == meant


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    assert suggest("qqzzxxyyqqzz") == []


@pytest.mark.parametrize("name", ["nodejs_99", "postgresql_40", "jdk99", "llvmPackages_77.clang"])
def test_an_incomplete_list_does_not_judge_versions(name: str) -> None:
    assert known(name).known


def test_functions_are_no_packages_to_suggest() -> None:
    assert "writeShellScript" in built_in_names().top
    assert "writeShellScript" not in suggest("writeShelScript", limit=20)


def test_every_other_name_leads_to_packages_that_are_known() -> None:
    wrong = [(name, package) for name, *packages in aliases() for package in packages if not known(package).known]
    assert wrong == []


def test_another_name_is_given_once_and_is_no_package_that_means_itself() -> None:
    names = [name for name, *_ in aliases()]
    assert len(names) == len(set(names))
    assert len(names) > 250
    assert [name for name, *packages in aliases() if name in packages] == []


def test_other_names_do_not_depend_on_case() -> None:
    assert called("NodeJS18") == called("nodejs18")


def test_the_built_in_list_is_sorted_and_has_no_name_twice() -> None:
    text = files("devkeel.catalogue").joinpath("nixpkgs-2026.08.txt").read_text()
    top = text.partition("\n\n")[0].split("\n")[1:]
    assert top == sorted(set(top))
    for row in text.partition("\n\n")[2].splitlines():
        name, *items = row.split(" ")
        assert name in built_in_names().top | all_removed()
        assert len(items) == len(set(items)) > 5


@pytest.mark.parametrize(
    ("name", "first"),
    [
        *(
            ("postgresql_61", "postgresql_16"),
            ("nodejs_42", "nodejs_24"),
            ("python321", "python312"),
            ("php38", "php83"),
        ),
        *(("jdk71", "jdk17"), ("clang_91", "clang_19"), ("nodejs_2O", "nodejs_20"), ("pyhton312", "python312")),
        ("gc", "gcc"),
    ],
)
def test_signs_that_changed_places_are_nearer_than_another_sign(name: str, first: str) -> None:
    assert suggest(name)[0] == first


@pytest.mark.parametrize(
    ("name", "other", "slip"),
    [
        ("ripgerp", "ripgrep", True),
        ("gti", "git", True),
        ("rg", "ripgrep", True),
        ("numpy", "python3Packages.numpy", True),
        ("mstm", "mtm", False),
        ("nix-unit", "nix-init", False),
        ("k0sctl", "eksctl", False),
        ("libthai", "libtap", False),
        ("gdk-pixbuf", "gdk_pixbuf", False),
        ("elm-land", "elmPackages.elm-land", False),
        *(("hsellcheck", "shellcheck", True), ("oglangci-lint", "golangci-lint", True), ("igt", "git", True)),
        *(("gom-igrate", "go-migrate", True), ("niotify-tools", "inotify-tools", True), ("gore", "ogre", False)),
    ],
)
def test_a_name_that_is_only_like_another_is_no_slip(name: str, other: str, slip: bool) -> None:
    assert is_slip(name, [other]) is slip


def test_a_name_that_several_sets_have_may_be_a_programs_too() -> None:
    assert not is_slip("semver", suggest("semver"))


def test_an_old_spelling_that_still_works_is_known_and_leads_to_a_package() -> None:
    text = files("devkeel.catalogue").joinpath("old-spellings.txt").read_text()
    rows = [line.split(" ") for line in text.splitlines() if not line.startswith("#")]
    assert len(rows) == len({old for old, _ in rows}) > 200
    assert [old for old, _ in rows if not known(old).known or old in all_removed()] == []
    assert not {old for old, _ in rows} & {*suggest("libX1"), *suggest("utilmacro")}


@pytest.mark.parametrize(
    "name", ["gopls", "cargo-show-asm", "haskellPackages.lens", "python314Packages.numpy", "uutils-coreutils"]
)
def test_what_only_the_index_has_is_known(name: str) -> None:
    assert known(name).known


@pytest.mark.parametrize(
    ("name", "meant"), [("lazysqll", "lazysql"), ("python3Packages.kornea", "python3Packages.kornia")]
)
def test_a_slip_for_what_only_the_index_has_is_found(name: str, meant: str) -> None:
    assert suggest(name)[0] == meant
    assert is_slip(name, suggest(name))
