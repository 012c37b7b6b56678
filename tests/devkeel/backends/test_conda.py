"""The conda backend on a lock, with packages that the tests make."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from devkeel.api import Environment
from devkeel.backends import conda_pip
from devkeel.backends.conda import Conda
from devkeel.backends.registry import backend_named
from devkeel.errors import CheckFailed, Unavailable
from devkeel.libraries.resolve import conda_solver, micromamba
from devkeel.libraries.resolve.conda_lock import subdir
from devkeel.project.root import Project

LOCK = """\
metadata:
  platforms:
    - {platform}
package:
"""
ENTRY = """\
  - name: {name}
    version: {version}
    manager: conda
    platform: {platform}
    url: file://{channel}/noarch/{file}
    hash:
      md5: {md5}
"""


def entry(channel: Path, name: str) -> str:
    path = next((channel / "noarch").glob(f"{name}-[0-9]*.tar.bz2"))
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    version = path.name.removeprefix(f"{name}-").removesuffix("-0.tar.bz2")
    return ENTRY.format(name=name, version=version, platform=subdir(), channel=channel, file=path.name, md5=md5)


@pytest.fixture(params=["rattler", "micromamba"])
def root(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, channel: Path) -> Path:
    """A project whose lock has `plain`, and whose environment.yml asks for it."""
    if request.param == "micromamba":
        request.getfixturevalue("micromamba")
    else:
        monkeypatch.setattr(micromamba, "find_micromamba", lambda _: None)
    root = tmp_path / "project"
    root.mkdir()
    text = LOCK.format(platform=subdir()) + entry(channel, "python") + entry(channel, "plain")
    (root / "conda-lock.yml").write_text(text)
    (root / "environment.yml").write_text("name: demo\ndependencies:\n  - plain=1\n")
    return root


def test_a_lock_is_consumed_without_a_solver(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rattler.solve", None)
    made = Environment(root, actor="test").environments().create()
    program = "import plain; print(plain.VALUE)"
    found = subprocess.run([f"{made.prefix}/bin/python", "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "42\n"


def test_a_lock_that_fits_is_current(root: Path) -> None:
    assert Conda().lock_status(Project(root)).state == "current"


@pytest.mark.parametrize("spec", ["plain=2", "other"])
def test_a_lock_is_stale_when_the_manifest_asks_for_something_else(root: Path, spec: str) -> None:
    (root / "environment.yml").write_text(f"dependencies:\n  - {spec}\n")
    status = Conda().lock_status(Project(root))
    assert status.state == "stale"
    assert spec in (status.reason or "")


@pytest.mark.rule("guardrail: pip beside conda")
def test_pip_in_the_environment_asks_for_a_virtual_one(root: Path) -> None:
    made = Environment(root, actor="test").environments().create()
    assert made.variables["PIP_REQUIRE_VIRTUALENV"] == "1"
    assert made.variables["CONDA_PREFIX"] == made.prefix


def test_what_pip_put_beside_conda_is_flagged(root: Path) -> None:
    made = Environment(root, actor="test").environments().create()
    info = root / ".devkeel/envs/demo/current/lib/python3.12/site-packages/httpx-0.28.1.dist-info"
    info.mkdir(parents=True)
    (info / "INSTALLER").write_text("pip\n")
    assert [item.message for item in Conda().health(Path(made.prefix))] == ["httpx was put there by pip, beside conda"]


def other(text: str) -> str:
    return text.replace(subdir(), "zos-z")


@pytest.mark.rule("lock: platform", "lock: conda-lock.yml is stale")
def test_a_lock_for_another_platform_replaces_no_environment(root: Path) -> None:
    environments = Environment(root, actor="test").environments()
    first = environments.create()
    lock = root / "conda-lock.yml"
    ours = lock.read_text()
    for text in (
        other(ours),
        ours.replace(f"platform: {subdir()}", "platform: zos-z"),
        ours.replace(f"- {subdir()}", "- zos-z"),
        other(ours).partition("metadata:")[2].partition("package:")[1] + other(ours).partition("package:")[2],
    ):
        lock.write_text(text)
        with pytest.raises(CheckFailed) as caught:
            environments.create()
        assert caught.value.code == "lock_wrong_platform"
        assert environments.info().prefix == first.prefix
        assert Conda().lock_status(Project(root)).state == "stale"


def test_a_lock_that_covers_more_platforms_gives_what_is_for_this_one(root: Path) -> None:
    lock = root / "conda-lock.yml"
    head, _, packages = lock.read_text().partition("package:\n")
    lock.write_text(f"{head}    - zos-z\npackage:\n{other(packages).replace('plain', 'elsewhere')}{packages}")
    made = Environment(root, actor="test").environments().create()
    assert [path.name for path in Path(made.prefix, "conda-meta").glob("plain-*")]


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("md5", "0" * 32),
        ("md5", "12345678901234567890123456789012"),
        ("md5", "1234567890123456789012345678e123"),
        ("sha256", "0" * 64),
        ("sha256", "'" + "f" * 64 + "'"),
    ],
)
@pytest.mark.rule("lock: hashes")
def test_a_package_with_another_hash_than_the_lock_has_is_refused(root: Path, function: str, value: str) -> None:
    lock = root / "conda-lock.yml"
    lines = lock.read_text().splitlines(keepends=True)
    lines[-1] = f"      {function}: {value}\n"
    lock.write_text("".join(lines))
    with pytest.raises(CheckFailed) as caught:
        Environment(root, actor="test").environments().create()
    assert caught.value.code == "hash_mismatch"
    assert not [*root.glob(".devkeel/envs/*/current")]


def test_the_right_sha256_is_accepted_and_every_hash_counts(root: Path, channel: Path) -> None:
    lock = root / "conda-lock.yml"
    package = next((channel / "noarch").glob("plain-[0-9]*.tar.bz2"))
    right = hashlib.sha256(package.read_bytes()).hexdigest()
    text = lock.read_text()
    lock.write_text(f"{text}      sha256: {right}\n")
    assert Environment(root, actor="test").environments().create().prefix
    lock.write_text(f"{text.rstrip()[:-4]}0000\n      sha256: {right}\n")
    with pytest.raises(CheckFailed) as caught:
        Environment(root, actor="test").environments().create("other")
    assert caught.value.code == "hash_mismatch"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("file://", "ftp://"),
        ("url: ", "link: "),
        ("plain-1.0.0-0.tar.bz2", "plain.tar.bz2"),
        ("plain-1.0.0-0.tar.bz2", "plain-1.0.1-0.tar.bz2"),
        ("md5: ", "md5: x"),
        ("hash:", "hash: 5\n    more:"),
        ("    platform: ", "    place: "),
    ],
)
def test_a_lock_that_makes_no_sense_is_refused_in_words(root: Path, old: str, new: str) -> None:
    lock = root / "conda-lock.yml"
    text = lock.read_text()
    assert old in text
    lock.write_text(text.replace(old, new))
    with pytest.raises(CheckFailed) as caught:
        Environment(root, actor="test").environments().create()
    assert caught.value.code == "bad_lock"
    assert Conda().lock_status(Project(root)).state in ("stale", "current")


def by_pip(name: str, url: str, **hashes: str) -> str:
    held = "".join(f"      {key}: {value}\n" for key, value in hashes.items())
    return (
        f"  - name: {name}\n    version: 1.0.0\n    manager: pip\n    platform: {subdir()}\n    url: {url}\n"
        f"    hash:\n{held}"
    )


def declare_pip(root: Path, text: str) -> None:
    lock = root / "conda-lock.yml"
    lock.write_text(lock.read_text() + text)
    (root / "devkeel.toml").write_text("[environments.demo]\npip = true\n")


def test_what_pip_would_install_is_not_left_out_without_a_word(root: Path) -> None:
    declare_pip(root, by_pip("httpx", "https://x/y-1.0.0-py3-none-any.whl", sha256="0" * 64))
    (root / "devkeel.toml").unlink()
    with pytest.raises(Unavailable) as caught:
        Environment(root, actor="test").environments().create()
    assert caught.value.code == "backend_cannot"
    assert "httpx" in caught.value.message


def wheel(index: dict[str, str]) -> Path:
    return next(Path(urlsplit(index["UV_DEFAULT_INDEX"]).path, "numbers-lib").glob("numbers_lib-1.0.0-*.whl"))


@pytest.mark.parametrize("program", ["uv", "pip"])
@pytest.mark.usefixtures("own_index")
@pytest.mark.rule("lock: hashes")
def test_what_a_lock_has_for_pip_is_held_to_its_hashes(
    root: Path, index: dict[str, str], program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program == "pip":
        monkeypatch.setattr(conda_pip, "find_uv", lambda: None)
    file = wheel(index)
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    before = (root / "conda-lock.yml").read_text()
    declare_pip(root, by_pip("numbers-lib", file.as_uri(), sha256=right))
    environments = Environment(root, actor="test").environments()
    made = environments.create()
    assert made.installed is not None
    assert made.installed.versions.get("numbers-lib") == "1.0.0"
    (root / "conda-lock.yml").write_text(before + by_pip("numbers-lib", file.as_uri(), sha256="0" * 64))
    with pytest.raises(CheckFailed) as caught:
        environments.create()
    assert caught.value.code == "hash_mismatch"
    assert environments.info().prefix == made.prefix


@pytest.mark.parametrize(
    "entry",
    [
        by_pip("another", "https://x/another-1.0.0-py3-none-any.whl", md5="0" * 32),
        by_pip("another", "git+https://x/another", sha256="0" * 64),
        by_pip("another", "https://x/another", sha256="0" * 64),
        by_pip('"-r more"', "https://x/another-1.0.0.tar.gz", sha256="0" * 64),
        by_pip("another", '"https://x/a.whl --index-url https://y/b.whl"', sha256="0" * 64),
    ],
)
def test_what_pip_could_not_be_held_to_is_refused_in_words(root: Path, entry: str) -> None:
    declare_pip(root, entry)
    with pytest.raises(CheckFailed) as caught:
        Environment(root, actor="test").environments().create()
    assert caught.value.code == "bad_lock"


@pytest.mark.parametrize(
    ("below", "state"),
    [
        ("another==1.0.0", "current"),
        ("another", "current"),
        ("another>=2", "stale"),
        ("third", "stale"),
        ("third  # [win]", "current"),
        ('third; sys_platform == "win32"', "current"),
    ],
)
def test_a_lock_is_stale_when_pip_is_asked_for_something_else(root: Path, below: str, state: str) -> None:
    declare_pip(root, by_pip("another", "https://x/another-1.0.0-py3-none-any.whl", sha256="0" * 64))
    text = "name: demo\ndependencies:\n  - plain=1\n  - pip:\n    - " + below
    (root / "environment.yml").write_text(f"{text}\n")
    assert backend_named("conda").lock_status(Project(root)).state == state


def test_an_installer_that_installs_less_than_it_was_asked_for_is_not_believed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = conda_solver.solve

    def less(wanted: conda_solver.CondaPackages, timeout: float) -> list[object]:
        return solve(wanted, timeout)[:1]

    monkeypatch.setattr(micromamba, "find_micromamba", lambda _: None)
    monkeypatch.setattr(conda_solver, "solve", less)
    with pytest.raises(CheckFailed) as caught:
        Environment(root, actor="test").environments().create()
    assert caught.value.code == "install_failed"
