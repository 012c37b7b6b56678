"""Which package a name means, where the tables of what packages hold do not say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from devkeel.catalogue.provided import KINDS
from devkeel.diagnosis.cause import Cause
from devkeel.remedies import providing
from devkeel.remedies.providing import spellings

ROWS = [
    line.split("\t")
    for line in Path(providing.__file__).with_name("preferred.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def test_each_row_has_a_kind_names_and_packages() -> None:
    assert all(len(row) == 3 and row[0] in KINDS and row[1] and row[2] for row in ROWS)
    named = [(row[0], name) for row in ROWS for name in row[1].split()]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("kind", "subject", "facts", "name"),
    [
        ("soname", "cairo-2", {}, ("library", "libcairo.so.2")),
        ("soname", "gobject-2.0-0", {}, ("library", "libgobject-2.0.so.0")),
        ("soname", "libvips.so.42", {}, ("library", "libvips.so.42")),
        ("pkg_config", "lua5.3", {}, ("pkg_config", "lua")),
        ("cmake", "LibFoo", {}, ("cmake", "libfoo")),
        ("program", "readline", {"any": "yes"}, ("library", "readline")),
    ],
)
def test_a_name_is_looked_for_in_its_other_spellings(
    kind: str, subject: str, facts: dict[str, str], name: tuple[str, str]
) -> None:
    assert name in [*spellings(Cause(kind, subject, "", 1, "", facts))]  # type: ignore[arg-type]
