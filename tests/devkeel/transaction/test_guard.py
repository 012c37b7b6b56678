"""devkeel.toml is not written by devkeel but for its caches, whatever it is called and however it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import PolicyRefused
from devkeel.project.root import Project
from devkeel.transaction import FileChange, Record, Transactions
from devkeel.transaction.single_file import create_file, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD, NEW = b'protected = ["packages"]\n', b"protected = []\n"


def itself(root: Path) -> str:
    (root / "devkeel.toml").write_bytes(OLD)
    return "devkeel.toml"


def other_case(root: Path) -> str:
    (root / "DevKeel.TOML").write_bytes(OLD)
    return "DevKeel.TOML"


def invisible_sign(root: Path) -> str:
    (root / "devkeel.\u200btoml").write_bytes(OLD)
    return "devkeel.\u200btoml"


def behind_a_link(root: Path) -> str:
    (root / "config").mkdir()
    (root / "config" / "settings.toml").write_bytes(OLD)
    (root / "devkeel.toml").symlink_to("config/settings.toml")
    return "config/settings.toml"


def hard_link(root: Path) -> str:
    (root / "devkeel.toml").write_bytes(OLD)
    (root / "other.toml").hardlink_to(root / "devkeel.toml")
    return "other.toml"


def below(root: Path) -> str:
    (root / "part").mkdir()
    (root / "part" / "devkeel.toml").write_bytes(OLD)
    return "part/devkeel.toml"


WAYS = [itself, other_case, invisible_sign, behind_a_link, hard_link, below]


@pytest.mark.parametrize("way", WAYS)
def test_no_operation_publishes_the_settings(root: Path, way: Callable[[Path], str]) -> None:
    name = way(root)
    record = Record("edit", "test", None, [], {}, "a", "b")
    with Transactions(Project(root)) as transactions, pytest.raises(PolicyRefused) as caught:
        transactions.publish([FileChange(name, OLD, NEW)], record)
    assert caught.value.code == "settings_file"
    assert (root / name).read_bytes() == OLD


@pytest.mark.parametrize("way", WAYS)
def test_no_file_by_itself_is_the_settings(root: Path, way: Callable[[Path], str]) -> None:
    name = way(root)
    with pytest.raises(PolicyRefused):
        replace_file((root / name).resolve(), OLD, NEW)
    assert (root / name).read_bytes() == OLD


@pytest.mark.parametrize("name", ["devkeel.toml", "DEVKEEL.toml", "part/devkeel.toml"])
def test_the_settings_are_not_begun(root: Path, name: str) -> None:
    with pytest.raises(PolicyRefused):
        create_file(root / name, NEW)
    assert not (root / name).exists()


def test_what_a_dangling_link_of_that_name_leads_to_is_not_begun(root: Path) -> None:
    (root / "devkeel.toml").symlink_to("settings.toml")
    with pytest.raises(PolicyRefused):
        create_file(root / "settings.toml", NEW)
    assert not (root / "settings.toml").exists()


def test_every_other_file_is_written(root: Path) -> None:
    (root / "devkeel.toml").write_bytes(OLD)
    (root / "keel.toml").write_bytes(OLD)
    assert replace_file(root / "keel.toml", OLD, NEW) == []
    create_file(root / "new" / "keel.toml", NEW)
    assert (root / "keel.toml").read_bytes() == (root / "new" / "keel.toml").read_bytes() == NEW


CACHE = OLD + b'\n[[caches]]\nurl = "file:///srv"\n'


@pytest.mark.parametrize(("kind", "written"), [("configure", True), ("undo", True), ("redo", True), ("edit", False)])
@pytest.mark.parametrize(("before", "after"), [(OLD, CACHE), (CACHE, OLD), (None, CACHE[len(OLD) :])])
def test_caches_are_named_by_an_operation_of_their_own(
    root: Path, kind: Any, written: bool, before: bytes | None, after: bytes
) -> None:
    if before is not None:
        (root / "devkeel.toml").write_bytes(before)
    with Transactions(Project(root)) as transactions:
        record = Record(kind, "test", None, [], {}, "a", "b")
        if written:
            transactions.publish([FileChange("devkeel.toml", before, after)], record)
        else:
            with pytest.raises(PolicyRefused):
                transactions.publish([FileChange("devkeel.toml", before, after)], record)
    assert ((root / "devkeel.toml").exists() and (root / "devkeel.toml").read_bytes() == after) is written


@pytest.mark.parametrize(
    "after",
    [
        CACHE.replace(OLD, NEW),
        CACHE.replace(OLD, b""),
        b"level = 1\n" + CACHE,
        CACHE + b"\n[[builders]]\nuri = 'ssh://a'\n",
        b"protected = 1 1\n",
        b"\xff",
    ],
)
def test_nothing_else_of_the_settings_changes_with_them(root: Path, after: bytes) -> None:
    (root / "devkeel.toml").write_bytes(OLD)
    record = Record("configure", "test", None, [], {}, "a", "b")
    with Transactions(Project(root)) as transactions, pytest.raises(PolicyRefused):
        transactions.publish([FileChange("devkeel.toml", OLD, after)], record)
    assert (root / "devkeel.toml").read_bytes() == OLD


@pytest.mark.parametrize("way", [item for item in WAYS if item is not itself])
def test_no_other_file_becomes_the_settings_with_caches(root: Path, way: Callable[[Path], str]) -> None:
    name = way(root)
    record = Record("configure", "test", None, [], {}, "a", "b")
    with Transactions(Project(root)) as transactions, pytest.raises(PolicyRefused):
        transactions.publish([FileChange(name, OLD, CACHE)], record)
    assert (root / name).read_bytes() == OLD
