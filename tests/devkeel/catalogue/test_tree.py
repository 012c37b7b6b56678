"""The tree of options, and what is nearest to a path that it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from devkeel.catalogue.near_misses import CLOSE, nearest
from devkeel.catalogue.options import option_tree
from devkeel.catalogue.renames import renamed_to
from devkeel.source.path import format_path, parse_path


@pytest.mark.parametrize(
    ("path", "kind", "depth", "option"),
    [
        ("services.redis.enable", "option", 3, "services.redis.enable"),
        ("services.redis", "group", 2, None),
        ("services.rediss.enable", "unknown", 1, None),
        ("services.redis.enable.now", "beyond", 3, "services.redis.enable"),
        ("processes.web.exec", "option", 3, "processes.<name>.exec"),
        ("processes.web.exce", "unknown", 2, "processes.<name>"),
        ('processes."a b".exec', "option", 3, "processes.<name>.exec"),
        ("env.ANYTHING", "inside", 1, "env"),
        ("env.A.B", "inside", 1, "env"),
        ("services.caddy.virtualHosts.x.extraConfig", "option", 5, "services.caddy.virtualHosts.<name>.extraConfig"),
        ("profiles.ci.module.services.redis.enable", "option", 6, "services.redis.enable"),
        ("profiles.ci.module", "option", 3, "profiles.<name>.module"),
        ("profiles.ci.module.services.rediss.enable", "unknown", 4, None),
    ],
)
def test_what_stands_at_a_path(path: str, kind: str, depth: int, option: str | None) -> None:
    found = option_tree().find(parse_path(path))
    assert (found.kind, found.depth) == (kind, depth)
    if kind != "unknown":
        assert (found.option.path if found.option else None) == option


def test_a_module_of_its_own_is_judged_from_its_root() -> None:
    assert option_tree().find(("profiles", "ci", "module", "packages")).module == 3


@pytest.mark.parametrize(
    ("path", "value", "first"),
    [
        ("services.rediss.enable", True, "services.redis.enable"),
        ("services.python.enable", True, "languages.python.enable"),
        ("services.postgresql.enable", True, "services.postgres.enable"),
        ("languages.postgresql.enable", True, "services.postgres.enable"),
        ("languages.node.enable", True, "languages.javascript.enable"),
        ("python.enable", True, "languages.python.enable"),
        ("languages.python.verison", "3.12", "languages.python.version"),
        ("services.redis.settings.port", 6380, "services.redis.port"),
        ("enterShel", "x", "enterShell"),
        ("shellHook", "x", "enterShell"),
        ("buildInputs", [], "packages"),
        ("processes.web.exce", "x", "processes.web.exec"),
        ("scripts.build.command", "x", "scripts.build.exec"),
        ("git-hooks.hooks.black.enabled", True, "git-hooks.hooks.black.enable"),
        ("profiles.ci.module.services.redsi.enable", True, "profiles.ci.module.services.redis.enable"),
        ("environment.FOO", "x", "env.FOO"),
    ],
)
def test_the_nearest_option_comes_first(path: str, value: Any, first: str) -> None:
    found = nearest(option_tree(), parse_path(path), value)
    assert format_path(found[0]) == first


def test_what_is_like_nothing_has_no_nearest() -> None:
    assert nearest(option_tree(), ("zzz", "qqq"), 1) == []


def test_close_is_a_misspelling_only() -> None:
    tree = option_tree()
    assert nearest(tree, ("services", "rediss", "enable"), True, within=CLOSE)
    assert not nearest(tree, ("features", "redis", "enable"), True, within=CLOSE)


def test_an_old_name_is_never_suggested() -> None:
    for path in ("redi.enable", "pre-comit.hooks.black.enable"):
        assert all(renamed_to(found) is None for found in nearest(option_tree(), parse_path(path), True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pre-commit.hooks.black.enable", "git-hooks.hooks.black.enable"),
        ("redis.enable", "services.redis.enable"),
        ("redis.port", None),
        ("services.redis.enable", None),
    ],
)
def test_renamed_options(old: str, new: str | None) -> None:
    found = renamed_to(parse_path(old))
    assert (format_path(found) if found else None) == new


def test_what_renamed_options_are_called_now_is_there() -> None:
    tree = option_tree()
    for old in tree.options:
        new = renamed_to(old)
        if new is not None:
            assert tree.find(new).kind in {"option", "group", "inside"}, new
