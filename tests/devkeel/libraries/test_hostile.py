"""Requests for libraries that want something else: a file of this machine, a secret in a manifest, code that runs."""

from __future__ import annotations

import pytest

from devkeel.errors import DevkeelError, UsageError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import Request

FILES = {
    "pyproject.toml": b'[project]\nname = "demo"\nversion = "1"\ndependencies = []\n',
    "package.json": b'{"name": "x"}\n',
    "environment.yml": b"dependencies:\n  - python\n",
    "Gemfile": b"",
    "go.mod": b"module x\n",
    "Cargo.toml": b'[package]\nname = "a"\n',
    "devkeel.toml": b'level = "schema"\n',
    "tsconfig.json": b"{}\n",
    ".envrc": b"",
}
LOGIN = "hunter2-hunter2"


def ask(language: str, name: str, group: str | None = None, file: str | None = None) -> dict[str, bytes]:
    return plan(Request(language, (name,), group, file), FILES.get).files


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("python", "a @ file:///etc"),
        ("python", "a @ ./a"),
        ("python", "a @ /etc"),
        ("python", "a @ git+file:///etc"),
        ("python", "--index-url=https://a"),
        ("python", "-r /etc/passwd"),
        ("javascript", "a@file:../a"),
        ("javascript", "a@link:/etc"),
        ("javascript", "a@../a"),
        ("javascript", "a@/etc"),
        ("javascript", "a@~/a"),
        ("javascript", "a@git+file:///etc"),
        ("javascript", "a@exec:./a"),
        ("javascript", "--prefix=/etc"),
    ],
)
def test_a_place_of_this_machine_is_no_library(language: str, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(language, name)
    assert caught.value.code == "bad_library"


@pytest.mark.parametrize("name", ["/srv/channel::a", "../channel::a", "--rc-file::a", "a [url=file:///a.conda]"])
def test_a_channel_of_this_machine_is_none(name: str) -> None:
    with pytest.raises(UsageError):
        plan(Request("python", (name,), manifests=("environment.yml",)), FILES.get)


@pytest.mark.parametrize("user", [f"user:{LOGIN}", LOGIN])
@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("python", "a @ git+https://{}@example.org/a"),
        ("python", "a @ https://{}@example.org/a.whl"),
        ("python", "git+https://{}@example.org/a"),
        ("javascript", "a@git+https://{}@example.org/a.git"),
    ],
)
def test_a_password_is_neither_written_nor_repeated(language: str, name: str, user: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(language, name.format(user))
    assert LOGIN not in str(caught.value.as_data())


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("python", "a @ git+https://example.org/a@v1"),
        ("python", "a @ git+ssh://git@example.org/a"),
        ("python", "a @ https://${TOKEN}@example.org/a.whl"),
        ("javascript", "a@git+ssh://git@example.org/a.git"),
        ("javascript", "a@~1.2"),
        ("javascript", "a@npm:b@1"),
        ("javascript", "a@owner/repository"),
        ("javascript", "a@github:owner/repository"),
    ],
)
def test_what_everybody_can_get_is_a_library(language: str, name: str) -> None:
    assert ask(language, name)


@pytest.mark.parametrize("group", ["dev\nsystem('id')", "dev; system('id')", "a b", "../a:dev", "--dev", ""])
@pytest.mark.parametrize("language", ["ruby", "python", "javascript", "rust"])
def test_a_group_is_a_name(language: str, group: str) -> None:
    with pytest.raises(DevkeelError):
        ask(language, "a", group)


def test_a_group_of_a_gemfile_is_a_symbol_of_ruby() -> None:
    assert ask("ruby", "a", "development") == {"Gemfile": b'gem "a", group: :development\n'}
    with pytest.raises(DevkeelError):
        ask("ruby", "a", "dev-only")


@pytest.mark.parametrize(
    ("language", "file", "name"),
    [
        ("ruby", ".envrc", "a"),
        ("go", ".envrc", "a.b/c@v1.0.0"),
        ("rust", "devkeel.toml", "a"),
        ("javascript", "tsconfig.json", "a"),
        ("python", "devkeel.toml", "a"),
        ("python", "--requirements.txt", "a"),
    ],
)
def test_a_file_that_is_no_manifest_is_not_edited(language: str, file: str, name: str) -> None:
    group = "dev" if language in ("rust", "python") else None
    with pytest.raises(DevkeelError) as caught:
        plan(Request(language, (name,), group, file, create=True), FILES.get)
    assert caught.value.code == "no_manifest"
