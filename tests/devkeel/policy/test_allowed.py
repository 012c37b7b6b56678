"""A cache or a builder of a clone is used once a person has agreed to what it says, on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from devkeel.errors import UsageError
from devkeel.policy import allowed
from devkeel.project.distribution import Builder, Cache
from devkeel.project.settings import Settings

CACHE = Cache("file:///srv/cache", "team-1:" + "A" * 43 + "=", 30)
BUILDER = Builder("ssh-ng://big", ("x86_64-linux",), "/keys/ssh", 2, 1, ("kvm",), (), "ssh-ed25519 AAAA")


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def test_nothing_is_used_before_a_person_agreed_and_all_of_it_then(tmp_path: Path) -> None:
    settings = Settings(caches=(CACHE,), builders=(BUILDER,))
    found = allowed.distribution(tmp_path, settings)
    assert (found.caches, found.builders, found.waiting) == ((), (), (CACHE, BUILDER))
    assert found.notes
    allowed.allow(tmp_path, [CACHE, BUILDER])
    found = allowed.distribution(tmp_path, settings)
    assert (found.caches, found.builders, found.waiting, found.notes) == ((CACHE,), (BUILDER,), (), ())


@pytest.mark.parametrize(
    "changed",
    [
        replace(CACHE, url="file:///srv/other"),
        replace(CACHE, public_key="team-1:" + "B" * 43 + "="),
        replace(CACHE, priority=1),
        replace(BUILDER, uri="ssh-ng://other"),
        replace(BUILDER, ssh_key_file=None),
        replace(BUILDER, max_jobs=3),
        replace(BUILDER, public_host_key=None),
    ],
)
def test_what_says_another_thing_waits_again(tmp_path: Path, changed: allowed.Entry) -> None:
    allowed.allow(tmp_path, [CACHE, BUILDER])
    assert not allowed.is_allowed(tmp_path, changed)


def test_a_relative_file_is_another_one_in_another_project(tmp_path: Path) -> None:
    entry = replace(BUILDER, ssh_key_file="keys/ssh")
    allowed.allow(tmp_path / "one", [entry, CACHE])
    assert allowed.is_allowed(tmp_path / "one", entry)
    assert not allowed.is_allowed(tmp_path / "two", entry)
    assert allowed.is_allowed(tmp_path / "two", CACHE)


def test_a_file_of_a_user_whom_there_is_not_stops_nothing(tmp_path: Path) -> None:
    entries = (replace(BUILDER, ssh_key_file="~nobody-of-that-name/key"),)
    assert allowed.distribution(tmp_path, Settings(builders=entries)).waiting == entries
    allowed.allow(tmp_path, entries)
    assert allowed.distribution(tmp_path, Settings(builders=entries)).builders == entries


def test_what_is_forgotten_waits_again(tmp_path: Path) -> None:
    settings = Settings(caches=(CACHE,), builders=(BUILDER,))
    for forget, caches in ((True, ()), (False, (CACHE,)), (True, ())):
        found = allowed.agree(tmp_path, settings, [CACHE.url], forget=forget)
        assert (found.caches, found.builders) == (caches, ())


def test_what_a_person_was_shown_is_agreed_to_and_not_what_the_file_says_by_then(tmp_path: Path) -> None:
    shown = allowed.distribution(tmp_path, Settings(caches=(CACHE,)))
    other = replace(CACHE, priority=(CACHE.priority or 0) + 1)
    found = allowed.agree(tmp_path, Settings(caches=(other,)), [CACHE.url], forget=False, shown=shown)
    assert (found.caches, found.waiting) == ((), (other,))
    assert allowed.is_allowed(tmp_path, CACHE)


def test_what_devkeel_toml_does_not_name_is_agreed_to_by_nobody(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        allowed.agree(tmp_path, Settings(caches=(CACHE,)), [CACHE.url, "file:///other"], forget=False)
    assert (caught.value.code, caught.value.alternatives) == ("unknown_address", (CACHE.url,))
    assert not allowed.is_allowed(tmp_path, CACHE)


def test_no_record_is_believed_that_could_have_come_with_the_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    allowed.allow(tmp_path / "elsewhere", [CACHE])
    assert allowed.is_allowed(tmp_path / "elsewhere", CACHE)
    assert not allowed.is_allowed(tmp_path, CACHE)


def test_the_record_is_this_user_s_alone(tmp_path: Path) -> None:
    allowed.allow(tmp_path, [CACHE])
    (record,) = Path(os.environ["XDG_STATE_HOME"], "devkeel", "allowed").iterdir()
    assert record.stat().st_mode & 0o077 == 0
