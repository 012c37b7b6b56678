"""Caches of devkeel.toml: what they have, uploading to them signed, and what is not as it was signed."""

from __future__ import annotations

import base64
import lzma
import os
import subprocess
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import derivation, flake_text, nix, signing_key, unique

from devkeel.builds import store_paths
from devkeel.builds.build import Derivation
from devkeel.errors import DevkeelError, PolicyRefused, ProjectError, Refused, Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loopback_ssh import LoopbackMachine

    from devkeel.api import Environment
    from devkeel.builds.subject import Subject
    from devkeel.nix_cli.installables import Installable

PUBLIC = f"team-1:{base64.b64encode(bytes(range(32, 64))).decode()}"
SECRET = f"team-1:{base64.b64encode(bytes(range(64))).decode()}"
NOWHERE = f"/nix/store/{'a' * 32}-none"


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def made(root: Path, nix_machine: Path) -> tuple[str, str]:
    """A flake whose package `top` needs another one; return the paths of both, built."""
    assert nix_machine
    below = derivation("echo below > $out", unique("below"))
    (root / "flake.nix").write_text(flake_text({"top": derivation("echo $needs > $out", unique("top"), needs=below)}))
    top = nix("build", "--no-link", "--json", f"path:{root}#top").split('"out":"')[1].split('"')[0]
    return top, Path(top).read_text().strip()


def name(root: Path, *caches: str) -> None:
    (root / "devkeel.toml").write_text("\n".join(f"[[caches]]\n{text}\n" for text in caches))


def agreed(environment: Environment, root: Path, url: str, **given: str) -> None:
    """Name a cache in devkeel.toml, and agree to it."""
    name(root, "\n".join(f'{key} = "{value}"' for key, value in {"url": url, **given}.items()))
    environment.agree([url])


def done(job: Any) -> Any:
    assert job.wait(60)
    return job.value()


def refusal(work: Any) -> DevkeelError:
    with pytest.raises(DevkeelError) as caught:
        work()
    return caught.value


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Give files out over HTTP on loopback, as a static cache does."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.nix
def test_what_was_built_is_uploaded_signed_found_and_verified(
    environment: Environment, root: Path, tmp_path: Path, made: tuple[str, str]
) -> None:
    top, below = made
    secret, public = signing_key(tmp_path, "team-1")
    url = f"file://{tmp_path}/cache"
    agreed(environment, root, url, public_key=public, secret_key_file=str(secret))
    before = environment.check_cache(["#top"])
    assert not before.ok
    assert before.missing == (top,)
    assert not (tmp_path / "cache").exists()  # asking makes none
    tried = done(environment.upload_to_cache(["#top"], dry_run=True))
    assert {*tried.uploaded} == {top, below}
    assert not list((tmp_path / "cache").glob("*.narinfo"))

    told = done(environment.upload_to_cache(["#top"]))
    assert ({*told.uploaded}, told.paths, told.signed_by) == ({top, below}, 2, "team-1")
    assert secret.read_text().partition(":")[2][:20] not in repr(told)
    assert done(environment.upload_to_cache([top])).uploaded == ()
    (root / "result").symlink_to(top)
    found = environment.check_cache(["result", "#top", f"{top}/inside", NOWHERE])
    assert (found.paths, found.missing) == ((top, NOWHERE), (NOWHERE,))
    assert {*environment.check_cache([top], closure=True).paths} == {top, below}
    assert environment.check_cache([top], closure=True).ok
    verified = done(environment.verify_cache([top]))
    assert (verified.ok, verified.checked) == (True, 2)


@pytest.mark.nix
def test_what_is_not_as_it_was_signed_is_named(
    environment: Environment, root: Path, tmp_path: Path, made: tuple[str, str]
) -> None:
    top, below = made
    secret, public = signing_key(tmp_path, "team-1")
    place = tmp_path / "cache"
    nix("copy", "--to", f"file://{place}", top)
    agreed(environment, root, f"file://{place}", public_key=public, secret_key_file=str(secret))
    unsigned = environment.check_cache([top])
    assert (unsigned.ok, unsigned.caches[0].unsigned) == (False, (top,))
    assert {*done(environment.verify_cache([top])).untrusted} == {top, below}
    assert "2 of the paths were there" in done(environment.upload_to_cache([top])).notes[0]
    assert done(environment.verify_cache([top])).ok

    archive = place / _fact(place, top, "URL")
    kept = archive.read_bytes()
    archive.write_bytes(lzma.compress(lzma.decompress(kept).replace(b"below-", b"other-")))
    assert done(environment.verify_cache([top])).modified == (top,)
    archive.write_bytes(b"no archive")
    assert done(environment.verify_cache([top])).unreadable == (top,)
    archive.write_bytes(kept)
    _, other = signing_key(tmp_path, "other-1")
    agreed(environment, root, f"file://{place}", public_key=other)
    assert {*done(environment.verify_cache([top])).untrusted} == {top, below}


def _fact(place: Path, path: str, name: str) -> str:
    text = (place / f"{Path(path).name[:32]}.narinfo").read_text()
    return next(line.partition(": ")[2] for line in text.splitlines() if line.startswith(f"{name}:"))


@pytest.mark.nix
def test_a_cache_on_the_web_is_asked_and_takes_no_upload(
    environment: Environment, root: Path, tmp_path: Path, made: tuple[str, str]
) -> None:
    top, _ = made
    secret, public = signing_key(tmp_path, "team-1")
    nix("copy", "--to", f"file://{tmp_path}/cache?secret-key={secret}", top)
    keys = f'public_key = "{public}"\nsecret_key_file = "{secret}"'
    with served(tmp_path / "cache") as url:
        name(root, f'url = "{url}"\n{keys}', f'url = "file://{tmp_path}/empty"\n{keys}')
        environment.agree([url, f"file://{tmp_path}/empty"])
        assert environment.check_cache([top, NOWHERE], cache=url).missing == (NOWHERE,)
        assert environment.check_cache([top]).ok  # one of the two has it
        assert done(environment.verify_cache([top], cache=url)).ok
        assert refusal(lambda: environment.upload_to_cache([top])).code == "unknown_cache"  # which of the two?
        assert done(environment.upload_to_cache([top], cache=url)).uploaded == ()
        (root / "flake.nix").write_text(flake_text({"more": derivation("echo > $out", unique())}))
        nix("build", "--no-link", f"path:{root}#more")
        refused = refusal(lambda: done(environment.upload_to_cache(["#more"], cache=url)))
        assert isinstance(refused, Refused)
        assert refused.code == "cache_refused"
    gone = refusal(lambda: environment.check_cache([top], cache=url))
    assert isinstance(gone, Unavailable)
    assert gone.code == "cache_unreachable"
    first, second = environment.check_cache([top]).caches
    assert first.why is not None
    assert "does not answer" in first.why
    assert second.missing == (top,)


@pytest.mark.nix
def test_a_store_by_ssh_takes_what_a_key_signed_that_it_trusts(
    environment: Environment, root: Path, tmp_path: Path, made: tuple[str, str], reached: LoopbackMachine
) -> None:
    top, below = made
    secret, public = signing_key(tmp_path, "team-1")
    agreed(environment, root, reached.uri, public_key=public, secret_key_file=str(secret))
    with reached.trusting(public):
        assert {*done(environment.upload_to_cache([top])).uploaded} == {top, below}
        assert done(environment.verify_cache([top])).checked == 2
    (root / "flake.nix").write_text(flake_text({"more": derivation("echo > $out", unique())}))
    nix("build", "--no-link", f"path:{root}#more")
    refused = refusal(lambda: done(environment.upload_to_cache(["#more"])))
    assert refused.code == "cache_refused"


def test_only_a_cache_that_is_named_and_agreed_to_is_asked(environment: Environment, root: Path) -> None:
    for work in (environment.check_cache, environment.verify_cache, environment.upload_to_cache):
        assert refusal(partial(work, [NOWHERE])).code == "unknown_cache"
    name(root, 'url = "file:///srv/cache"')
    for work in (environment.check_cache, environment.verify_cache, environment.upload_to_cache):
        waits = refusal(partial(work, [NOWHERE]))
        assert isinstance(waits, PolicyRefused)
        assert waits.code == "not_agreed"
        assert refusal(partial(work, [NOWHERE], cache="file:///else")).code == "unknown_cache"
    environment.agree(["file:///srv/cache"])
    assert [item.allowed for item in environment.caches().caches] == [True]
    for targets in ([], ["hello"], ["/etc/passwd"], ["/nix/store/x"], ["a\ud800"], ["a\0"]):
        assert isinstance(refusal(partial(environment.check_cache, targets)), UsageError)
    assert refusal(lambda: done(environment.upload_to_cache([NOWHERE]))).code in ("path_missing", "tool_missing")


@pytest.mark.parametrize("way", ["missing", "garbage", "other", "directory", "fifo", "inside", "tracked", "linked"])
def test_a_secret_key_that_cannot_be_used_is_refused_and_not_repeated(
    environment: Environment, root: Path, tmp_path: Path, way: str
) -> None:
    file, text, inside = tmp_path / "key", SECRET, root / "inside.secret"
    if way == "garbage":
        text = SECRET.replace(":", "")
    if way == "other":
        text = f"team-1:{base64.b64encode(bytes(64)).decode()}"
    if way == "directory":
        file.mkdir()
    elif way == "fifo":
        os.mkfifo(file)
    elif way != "missing":
        file.write_text(text)
    if way in ("inside", "tracked", "linked"):
        subprocess.run(["git", "init", "-q", root], check=True)
        inside.write_text(text)
    if way == "tracked":
        (root / ".gitignore").write_text("*.secret\n")
        subprocess.run(["git", "-C", root, "add", "-f", "inside.secret"], check=True)
    if way == "linked":
        file.unlink()
        file.symlink_to(inside)
    named = "inside.secret" if way in ("inside", "tracked") else str(file)
    agreed(environment, root, "file:///srv/cache", public_key=PUBLIC, secret_key_file=named)
    found = refusal(lambda: environment.upload_to_cache([NOWHERE]))
    assert isinstance(found, ProjectError)
    assert found.code == "bad_signing_key"
    assert text.partition(":")[2][:20] not in repr(found.as_data()) or way == "garbage"
    assert text[10:30] not in repr(found.as_data())


def test_a_key_that_git_ignores_may_be_inside(environment: Environment, root: Path) -> None:
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / ".gitignore").write_text("*.secret\n")
    key = root / "team.secret"
    key.write_text(SECRET)
    agreed(environment, root, "file:///srv/cache", public_key=PUBLIC, secret_key_file=str(key))
    assert refusal(lambda: done(environment.upload_to_cache([NOWHERE]))).code in ("path_missing", "tool_missing")


def test_an_upload_without_a_key_is_refused_where_it_would_not_be_believed(
    environment: Environment, root: Path
) -> None:
    agreed(environment, root, "file:///srv/cache", public_key=PUBLIC)
    assert refusal(lambda: environment.upload_to_cache([NOWHERE])).code == "no_signing_key"


def test_a_key_in_the_place_of_its_file_is_not_repeated(environment: Environment, root: Path) -> None:
    name(root, f'url = "file:///srv/cache"\nsecret_key_file = "{SECRET}"')
    found = refusal(environment.caches)
    assert found.code == "bad_settings"
    assert SECRET[10:30] not in repr(found.as_data())


def test_attributes_share_the_time_of_the_call(
    environment: Environment, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "flake.nix").write_text("{ outputs = _: { }; }")
    given: list[float] = []

    def evaluated(_subject: Subject, _wanted: Installable, timeout: float) -> Derivation:
        given.append(timeout)
        time.sleep(0.2)
        return Derivation(NOWHERE, ("out",))

    monkeypatch.setattr(store_paths, "derivation_of", evaluated)
    monkeypatch.setattr(store_paths, "output_paths", lambda path: (path,))
    assert store_paths.store_paths(environment.context, ["#a", "#b"], time.monotonic() + 9) == (NOWHERE,)
    assert given[0] - given[1] >= 0.2
