"""A computed name locks what it may be, and nothing else."""

from __future__ import annotations

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

HEAD = '{ lib, n, ... }:\nlet\n  web = "web";\n  both = "x-${n}";\nin\n'


def edit(body: str, path: str) -> str:
    """Return what setting a path comes to."""
    try:
        edited = nix.set(f"{HEAD}{{\n  {body}\n}}\n".encode(), path, 1)
    except Refused as error:
        return error.code
    return "set" if edited.changed else "same"


@pytest.mark.parametrize(
    ("body", "free", "locked"),
    [
        ('env."URL_${n}" = "x";', "env.DEBUG", "env.URL_A"),
        ('env."URL_${web}" = "x";', "env.URL_A", "env.URL_web"),
        ('env."${n}_URL" = "x";', "env.DEBUG", "env.A_URL"),
        ('env."A_${n}_Z" = "x";', "env.A_Y", "env.A_Y_Z"),
        ('env.${"A.${n}"} = "x";', "env.DEBUG", 'env."A.b"'),
        ("env.${web} = 2;", "env.DEBUG", "env.web"),
        ("env.${both} = 2;", "env.DEBUG", "env.x-y"),
        ('env = { "URL_${n}" = 2; };', "env.DEBUG", "env.URL_A"),
        ("services.${n}.enable = true;", "env.DEBUG", "services.redis.port"),
        ('services."pg-${n}".enable = true;', "services.redis.port", "services.pg-1.port"),
        ('services.redis."a-${n}" = true;', "services.redis.port", "services.redis.a-b"),
        ("${n} = { };", "", "env.DEBUG"),
        ("${web} = { };", "env.DEBUG", "web.port"),
        ('env = { A = 2; } // { "B_${n}" = 2; };', "env.A", "env.B_1"),
        ("env = { A = 2; } // { ${n} = 2; };", "", "env.A"),
    ],
)
def test_only_what_a_computed_name_may_be_is_locked(body: str, free: str, locked: str) -> None:
    assert not free or edit(body, free) == "set"
    assert edit(body, locked) in {"computed_name", "opaque_value"}
