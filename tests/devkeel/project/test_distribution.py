"""Caches and builders in devkeel.toml: what becomes a word of Nix' settings, and what would become more than one."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from devkeel.errors import ProjectError
from devkeel.project.distribution import Builder, Cache, place_of, why_wrong
from devkeel.project.root import Project
from devkeel.project.settings import read_settings

KEY = f"team-1:{base64.b64encode(bytes(range(32))).decode()}"
SECRET = f"team-1:{base64.b64encode(bytes(range(64))).decode()}"
GOOD = f"""\
[[caches]]
url = "https://cache.example.org/team?compression=zstd"
public_key = "{KEY}"
priority = 30

[[caches]]
url = "file:///srv/cache"

[[builders]]
uri = "ssh-ng://build@big.example.org"
systems = ["x86_64-linux", "i686-linux"]
ssh_key_file = "~/.ssh/build"
max_jobs = 8
speed_factor = 2
features = ["kvm", "big-parallel"]
mandatory_features = ["kvm"]
public_host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHost build@big"
"""


def test_caches_and_builders_are_read(tmp_path: Path) -> None:
    (tmp_path / "devkeel.toml").write_text(GOOD)
    found = read_settings(Project(tmp_path))
    assert found.caches == (
        Cache("https://cache.example.org/team?compression=zstd", KEY, 30),
        Cache("file:///srv/cache"),
    )
    (builder,) = found.builders
    assert builder == Builder(
        "ssh-ng://build@big.example.org",
        ("x86_64-linux", "i686-linux"),
        "~/.ssh/build",
        8,
        2,
        ("kvm", "big-parallel"),
        ("kvm",),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHost build@big",
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("caches = 'https://cache.example.org'\n", 1),
        ("\n[caches]\nurl = 'file:///srv/cache'\n", 2),
        (f"[[caches]]\npublic_key = '{KEY}'\n", 1),
        ("[[caches]]\nurl = 'https://cache.example.org'\n", 2),
        ("[[caches]]\nurl = 'http://cache.example.org'\n", 2),
        (f"[[caches]]\nurl = 'ftp://cache.example.org'\npublic_key = '{KEY}'\n", 2),
        ("[[caches]]\nurl = 'file:///a'\n[[caches]]\nurl = 'file://b'\n", 4),
        ("[[caches]]\nurl = 'file:///a'\n\n[[caches]]\nurl = 'file:///a'\n", 5),
        ("[[caches]]\nurl = 'file:///a'\npriority = -1\n", 3),
        ("[[caches]]\nurl = 'file:///a'\npriority = true\n", 3),
        ("[[caches]]\nurl = 'file:///a'\npublic_key = 'team-1:AAAA'\n", 3),
        ("[[caches]]\nurl = 'file:///a'\nsecret_key = 'x'\n", 3),
        ("[[caches]]\nurl = 'file:///a'\nsecret_key_file = 7\n", 3),
        ("[[builders]]\nsystems = ['x86_64-linux']\n", 1),
        ("[[builders]]\nuri = 'https://build.example.org'\n", 2),
        ("[[builders]]\nuri = 'ssh-ng://b'\nsystems = 'x86_64-linux'\n", 3),
        ("[[builders]]\nuri = 'ssh-ng://b'\nsystems = ['x86_64-linux -']\n", 3),
        ("[[builders]]\nuri = 'ssh-ng://b'\nfeatures = ['-']\n", 3),
        ("[[builders]]\nuri = 'ssh-ng://b'\nmax_jobs = 0\n", 3),
        ("[[builders]]\nuri = 'ssh-ng://b'\nssh_key_file = '/keys/of build'\n", 3),
        ("[[builders]]\nuri = 'ssh-ng://b'\npublic_host_key = 'AAAA'\n", 3),
    ],
)
def test_a_wrong_value_is_named_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "devkeel.toml").write_text(text)
    with pytest.raises(ProjectError) as caught:
        read_settings(Project(tmp_path))
    assert (caught.value.code, caught.value.place and caught.value.place.line) == ("bad_settings", line)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example.org https://b.example.org",  # another substituter
        "https://a.example.org\ntrusted-public-keys = x",  # another setting
        "https://a.example.org#b",  # a comment for Nix
        "https://user:word@a.example.org",
        "https://token@a.example.org",
        "file:///a?secret-key=/keys/a",
        "file:///a?trusted=true",
        "ssh-ng://-oProxyCommand=touch%20x",
        "ssh://-oProxyCommand@host",
        "ssh-ng://%2doProxyCommand=touch%20x",  # a Nix that takes the escapes out of it has an option of ssh
        "ssh-ng://%2DoProxyCommand=touch@host",
        "ssh-ng://host%20-oProxyCommand=touch",
        "ssh-ng://host%0aother",
        "https://a.example.org?%74rusted=1",
        "https://[::1",
        "https://a.example.org:port",
        "ssh-ng://a.example.org:99999",
        f"file:///{'a' * 2000}",
        "/srv/cache",
        "",
    ],
)
def test_a_url_that_says_more_than_a_place_is_refused(url: str) -> None:
    assert why_wrong("url", url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://cache.example.org",
        "http://127.0.0.1:8080/team",
        "http://[::1]:8080",
        "s3://bucket?region=eu-central-1&endpoint=minio.example.org",
        "ssh-ng://build@host.example.org?remote-store=/srv/store",
        "ssh-ng://build@[2001:db8::1]",
        "file:///srv/nix%20cache",
    ],
)
def test_each_kind_of_store_may_be_named(url: str) -> None:
    assert why_wrong("url", url) is None


@pytest.mark.parametrize("text", [f"{KEY}\n", f" {KEY}", KEY.replace(":", ": "), KEY.replace(":", ":\n"), f"{KEY}\x1c"])
def test_a_key_is_one_word_of_a_line(text: str) -> None:
    assert why_wrong("public_key", KEY) is None
    assert why_wrong("public_key", text) is not None


def test_a_file_of_a_user_whom_there_is_not_is_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert place_of(tmp_path, "~nobody-of-that-name/key") == tmp_path / "~nobody-of-that-name/key"
    assert place_of(tmp_path, "/keys/a") == Path("/keys/a")
    assert place_of(tmp_path, "keys/a") == tmp_path / "keys/a"


def test_a_secret_key_in_the_place_of_a_public_one_is_refused_and_not_repeated(tmp_path: Path) -> None:
    assert why_wrong("public_key", SECRET) is not None
    for line in (f"public_key = '{SECRET}'", f"'{SECRET}' = 1"):
        (tmp_path / "devkeel.toml").write_text(f"[[caches]]\nurl = 'file:///a'\n{line}\n")
        with pytest.raises(ProjectError) as caught:
            read_settings(Project(tmp_path))
        assert SECRET.partition(":")[2] not in f"{caught.value.message} {caught.value.as_data()}"
