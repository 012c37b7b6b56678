"""conda-lock.yml: made with py-rattler's solver from a channel of the test, read back by conda-lock's own parser."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.packages import make_conda_package

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.libraries.resolve import conda_locking, conda_solver
from devkeel.libraries.resolve.conda_lock import subdir

from .moving import lock, moved

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "osx-arm64" if subdir() != "osx-arm64" else "linux-64"


class Channel:
    """A channel in which versions appear, as they do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def publish(self, name: str, version: str, *depends: str) -> None:
        from rattler.index import index_fs

        make_conda_package(self.folder, name, version, depends)
        asyncio.run(index_fs(self.folder, force=True))


@pytest.fixture
def published(tmp_path: Path) -> Channel:
    pytest.importorskip("rattler")
    found = Channel(tmp_path / "channel")
    for name, depends in (("base-lib", ()), ("plain", ("base-lib >=1,<9", "__unix")), ("other", ("base-lib",))):
        found.publish(name, "1.0.0", *depends)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    return found


@pytest.fixture
def environment(root: Path, published: Channel) -> Iterator[Environment]:
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def declare(root: Path, channel: Channel, *specs: str, head: str = "") -> None:
    items = "".join(f"  - {item}\n" for item in specs)
    text = f"name: demo\nchannels:\n  - {channel.folder.as_uri()}\n{head}dependencies:\n{items}"
    (root / "environment.yml").write_text(text)


def states(environment: Environment) -> dict[str, str]:
    return {item.file: item.state for item in environment.check_locks().locks}


_READ = """
import pathlib, sys
from conda_lock.lockfile import parse_conda_lock_file
print(parse_conda_lock_file(pathlib.Path(sys.argv[1])).model_dump_json())
"""


def read_back(root: Path) -> Any:
    """Return the lock as conda-lock reads it, in a process of its own: its import warns and takes a second."""
    argv = [sys.executable, "-c", _READ, str(root / "conda-lock.yml")]
    return json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)


def test_a_lock_is_made_renewed_by_name_and_undone(root: Path, published: Channel, environment: Environment) -> None:
    declare(root, published, "plain", "other")
    assert states(environment) == {"conda-lock.yml": "missing"}
    made = lock(environment)
    assert (made.files, made.diff) == (("conda-lock.yml",), "")
    assert moved(made) == [(name, None, "1.0.0") for name in ("base-lib", "other", "plain")]
    assert states(environment) == {"conda-lock.yml": "current"}
    before = (root / "conda-lock.yml").read_bytes()
    published.publish("plain", "2.0.0", "base-lib >=1,<9")
    published.publish("other", "2.0.0", "base-lib")
    assert not lock(environment).changed, "what is locked stays until it is renewed"
    assert moved(lock(environment, "renew", "plain")) == [("plain", "1.0.0", "2.0.0")]
    environment.undo()
    assert (root / "conda-lock.yml").read_bytes() == before
    assert moved(lock(environment, "renew")) == [("other", "1.0.0", "2.0.0"), ("plain", "1.0.0", "2.0.0")]


_WRITE = """
import json, pathlib, sys
from conda_lock.lockfile import parse_conda_lock_file, write_conda_lock_file
from conda_lock.lockfile.v2prelim.models import HashModel, LockedDependency
path = pathlib.Path(sys.argv[1])
content = parse_conda_lock_file(path)
more = json.loads(sys.argv[2])
content.package.append(LockedDependency(**{**more, "hash": HashModel(**more["hash"])}))
write_conda_lock_file(content, path, metadata_choices=set())
"""


@pytest.mark.usefixtures("own_index")
def test_what_conda_lock_writes_for_pip_is_installed_by_its_hash(
    root: Path, published: Channel, channel: Path, index: dict[str, str]
) -> None:
    declare(root, published, "plain", "python", head="")
    manifest = root / "environment.yml"
    manifest.write_text(manifest.read_text().replace("channels:\n", f"channels:\n  - {channel.as_uri()}\n"))
    (root / "devkeel.toml").write_text("[environments.demo]\npip = true\n")
    file = next(Path(urlsplit(index["UV_DEFAULT_INDEX"]).path, "numbers-lib").glob("numbers_lib-1.0.0-*.whl"))
    more = {"name": "numbers-lib", "version": "1.0.0", "manager": "pip", "platform": subdir(), "url": file.as_uri()}
    more |= {
        "hash": {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()},
        "categories": ["main"],
    }
    with closing(Environment(root, actor="test")) as environment:
        lock(environment)
        argv = [sys.executable, "-c", _WRITE, str(root / "conda-lock.yml"), json.dumps(more)]
        written = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert written.returncode == 0, written.stderr
        assert {item["manager"] for item in read_back(root)["package"]} == {"conda", "pip"}
        assert states(environment) == {"conda-lock.yml": "current"}
        made = environment.environments().create()
    assert made.installed is not None
    assert made.installed.versions.get("numbers-lib") == "1.0.0"


def test_conda_lock_reads_it(root: Path, published: Channel, environment: Environment) -> None:
    selected = (f"other  # [{'linux' if OTHER.startswith('linux') else 'osx'}]", "plain=1")
    declare(root, published, *selected, head=f"platforms:\n  - {subdir()}\n  - {OTHER}\n")
    lock(environment)
    found = read_back(root)
    assert sorted(found["metadata"]["platforms"]) == sorted([subdir(), OTHER])
    here = {item["name"]: item for item in found["package"] if item["platform"] == subdir()}
    assert here.keys() == {"plain", "base-lib"}
    assert here["plain"]["dependencies"] == {"base-lib": ">=1,<9"}
    assert here["plain"]["url"] == f"{published.folder.as_uri()}/noarch/plain-1.0.0-0.tar.bz2"
    assert {item["name"] for item in found["package"] if item["platform"] == OTHER} == {"plain", "base-lib", "other"}
    assert [channel["url"] for channel in found["metadata"]["channels"]] == [published.folder.as_uri()]


@pytest.mark.parametrize("specs", [("plain=2",), ("plain", "absent"), ("other",)])
@pytest.mark.rule("lock: conda-lock.yml is stale")
def test_a_lock_is_stale_when_environment_yml_asks_for_something_else(
    root: Path, published: Channel, environment: Environment, specs: tuple[str, ...]
) -> None:
    declare(root, published, "plain")
    lock(environment)
    declare(root, published, *specs)
    assert states(environment) == {"conda-lock.yml": "stale"}


def test_a_package_that_is_another_one_by_now_is_found(
    root: Path, published: Channel, environment: Environment
) -> None:
    declare(root, published, "plain")
    lock(environment)
    before = (root / "conda-lock.yml").read_bytes()
    make_conda_package(published.folder, "plain", "1.0.0", (), {"evil": "1"})
    report = environment.check_locks()
    assert [(item.state, bool(item.remedy)) for item in report.locks] == [("tampered", True)]
    assert not report.ok
    published.publish("other", "2.0.0")
    for call in (("create",), ("renew", "base-lib"), ("renew", "plain")):
        with pytest.raises(DevkeelError) as caught:
            lock(environment, *call)
        assert caught.value.code == "hash_mismatch"
        assert (root / "conda-lock.yml").read_bytes() == before
    assert lock(environment, "renew", "conda-lock.yml").published, "who renews all of it means it"
    assert states(environment) == {"conda-lock.yml": "current"}


@pytest.mark.parametrize(
    "text",
    ["dependencies:\n  - pip\n  - pip:\n      - rich\n", "dependencies:\n  - sel(linux): plain\n"],
)
def test_what_only_conda_lock_resolves_is_refused(root: Path, environment: Environment, text: str) -> None:
    (root / "environment.yml").write_text(text)
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "lock_failed"
    assert not (root / "conda-lock.yml").exists()


def test_what_names_no_platform_in_brackets_is_a_remark(
    root: Path, published: Channel, environment: Environment
) -> None:
    declare(root, published, "plain  # see [docs]", f"other  # [{'osx' if OTHER.startswith('osx') else 'linux'}]")
    assert moved(lock(environment)) == [("base-lib", None, "1.0.0"), ("plain", None, "1.0.0")]
    assert states(environment) == {"conda-lock.yml": "current"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("version: 1\nmetadata: []\npackage: [a]\n", None),
        ("version: 1\nmetadata:\n  sources: plain\n  platforms: linux\npackage:\n  a: 1\n", None),
        ("<<<<<<< ours\nversion: 1\n=======\n>>>>>>> theirs\n", "syntax_error"),
    ],
)
def test_what_is_no_lock_of_conda_is_stale_and_lost_by_no_accident(
    root: Path, published: Channel, environment: Environment, text: str, code: str | None
) -> None:
    declare(root, published, "base-lib")
    (root / "conda-lock.yml").write_text(text)
    assert states(environment) == {"conda-lock.yml": "stale"}
    try:
        lock(environment)
    except DevkeelError as error:
        assert error.code == code
        assert (root / "conda-lock.yml").read_text() == text
    else:
        assert code is None
        assert states(environment) == {"conda-lock.yml": "current"}


def test_a_lock_of_several_sources_is_left_to_conda_lock(
    root: Path, published: Channel, environment: Environment
) -> None:
    declare(root, published, "plain")
    lock(environment)
    place = root / "conda-lock.yml"
    place.write_text(place.read_text().replace("  - environment.yml\n", "  - environment.yml\n  - dev.yml\n"))
    with pytest.raises(DevkeelError) as caught:
        lock(environment, "renew")
    assert caught.value.code == "lock_failed"


def test_what_does_not_resolve_writes_nothing(root: Path, published: Channel, environment: Environment) -> None:
    declare(root, published, "plain=7")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "unresolvable"
    assert not (root / "conda-lock.yml").exists()


def test_without_rattler_the_error_says_what_to_install(
    root: Path, published: Channel, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(root, published, "plain")
    monkeypatch.setattr(conda_solver, "has_rattler", lambda: False)
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "tool_missing"


def test_a_project_may_say_what_its_machines_have(root: Path, published: Channel, environment: Environment) -> None:
    published.publish("gpu", "1.0.0", "__cuda >=12")
    declare(root, published, "gpu")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "unresolvable"
    text = f'subdirs:\n  {subdir()}:\n    packages:\n      __cuda: "12.4"\n'
    (root / conda_locking._VIRTUAL).write_text(text)
    assert moved(lock(environment)) == [("gpu", None, "1.0.0")]
