"""What Nix is called with for caches of each kind, and what its answers mean, old and new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devkeel.errors import DevkeelError
from devkeel.nix_cli import caches, verification
from devkeel.nix_cli.build_log import blame, unbelieved
from devkeel.project.distribution import Cache
from devkeel.runtime import Completed

ONE, TWO = (f"/nix/store/{letter * 32}-made" for letter in "ab")
SECRET = Path("/keys/a b&c.secret")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Let Nix be called and do nothing; return the words of the calls, those before the command left out."""
    heard = list[tuple[str, ...]]()

    def run(argv: tuple[str, ...], **_: Any) -> Completed:
        heard.append(argv[3:])
        return Completed(argv, 0, b"[]", b"")

    monkeypatch.setattr(caches, "run_nix", run)
    monkeypatch.setattr(caches, "find_program", lambda name: f"/bin/{name}")
    return heard


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("file:///srv/cache", "file:///srv/cache?secret-key=/keys/a%20b%26c.secret"),
        ("s3://bucket?region=eu-west-1", "s3://bucket?region=eu-west-1&secret-key=/keys/a%20b%26c.secret"),
        ("https://cache.example.org", "https://cache.example.org?secret-key=/keys/a%20b%26c.secret"),
    ],
)
def test_nix_signs_what_it_writes_into_a_store_that_is_files(asked: Any, url: str, target: str) -> None:
    caches.upload(Cache(url), [ONE], SECRET, 1.0)
    assert asked == [("copy", "--to", target, ONE)]


@pytest.mark.parametrize("scheme", ["ssh-ng", "ssh"])
def test_what_goes_by_ssh_is_signed_here_first(asked: Any, scheme: str) -> None:
    caches.upload(Cache(f"{scheme}://host"), [ONE], SECRET, 1.0)
    sign, copy = asked
    assert sign == ("store", "sign", "--key-file", str(SECRET), "--recursive", ONE)
    assert copy == ("copy", "--to", f"{scheme}://host", ONE)


def test_many_paths_are_asked_for_in_few_calls(asked: Any) -> None:
    paths = [f"/nix/store/{number:032}-made" for number in range(1_200)]
    assert {*caches.present("s3://bucket", paths, 1.0).values()} == {None}
    assert [len([word for word in words if word in paths]) for words in asked] == [500, 500, 200]
    assert all(words[:4] == ("path-info", "--json", "--store", "s3://bucket") for words in asked)


@pytest.mark.parametrize(
    "told",
    [
        [
            {"path": ONE, "narSize": 7, "references": [TWO], "signatures": ["a-1:x", "b:y"]},
            {"path": TWO, "valid": False},
        ],
        {ONE: {"narSize": 7, "references": [TWO], "signatures": ["a-1:x", "b:y"], "ca": None}, TWO: None},
        {
            "version": 2,
            "info": {
                ONE[11:]: {"narSize": 7, "references": [TWO[11:]], "signatures": ["a-1:x", "b:y"]},
                TWO[11:]: None,
            },
        },
    ],
)
def test_what_a_store_has_is_read_of_each_nix(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    answer = Completed((), 0, json.dumps(told).encode(), b"")
    monkeypatch.setattr(caches, "ask_store", lambda *_: answer)
    found = caches.present("s3://bucket", [ONE, TWO], 1.0)
    assert found == {ONE: caches.PathInfo(ONE, 7, (TWO,), ("a-1", "b")), TWO: None}


@pytest.mark.parametrize(
    ("stderr", "code"),
    [
        ("error: unable to download 'https://x/nix-cache-info': Couldn't connect to server (7)", "cache_unreachable"),
        (
            "error: cannot open connection to remote store 'ssh-ng://x': error: unexpected end-of-file",
            "cache_unreachable",
        ),
        ("error: unable to upload 'https://x/a.narinfo': HTTP error 403", "cache_refused"),
        ("error: unable to upload 'https://x/a.narinfo': HTTP error 501 (Unsupported method)", "cache_refused"),
        ("error: cannot add path '/nix/store/x' because it lacks a valid signature", "cache_refused"),
        ("error: cannot add path '/nix/store/x' because it lacks a signature by a trusted key", "cache_refused"),
        ("error: something else", "cache_failed"),
    ],
)
def test_why_a_store_did_not_do_it_is_said(stderr: str, code: str) -> None:
    assert caches.failure_of(Completed((), 1, b"", stderr.encode()), "https://x").code == code


@pytest.mark.parametrize(
    "said",
    [
        "the substitute for '/nix/store/x' from 'file:///c' is not signed by any of the keys in 'trusted-public-keys'",
        "ignoring substitute for '/nix/store/x' from 'file:///c', as it's not signed by any of the keys in 't…'",
    ],
)
def test_a_cache_that_is_not_believed_is_named(said: str) -> None:
    found = Completed((), 1, b"", f"warning: {said}\nerror: there is no substituter that can build it".encode())
    assert unbelieved(found) == ("file:///c",)
    with pytest.raises(DevkeelError) as caught:
        blame(found)
    assert caught.value.code == "cache_not_believed"


def test_a_store_that_goes_away_is_no_archive_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told = f"checking '{ONE}'...\nerror: unable to download 'https://x/a.nar': Couldn't connect to server (7)\n"
    monkeypatch.setattr(verification, "ask_store", lambda *_: Completed((), 4, b"", told.encode()))
    with pytest.raises(DevkeelError) as caught:
        verification.verify(Cache("https://x"), [ONE], 1.0)
    assert caught.value.code == "cache_unreachable"
