"""A version that is younger than the rules want is not chosen where the resolver can be told, and refused otherwise."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError, PolicyRefused
from devkeel.libraries.resolve import conda_solver, resolvers
from devkeel.libraries.resolve.cool_down import CoolDown
from devkeel.libraries.resolve.installers import find_uv

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.skipif(find_uv() is None, reason="uv is not installed"), pytest.mark.xdist_group("cool-down")]
NOW = datetime.now(UTC)
AGES = {"1.0": 300, "2.0": 100, "3.0": 1}
NAMES = ("cool-one", "cool-two", "cool-user")
# It was published after the first version of what it uses, and its import fails with any other, without a name of it.
USER = {"1.0": 200}
USES = """\
from importlib.metadata import version

if version("cool-one") != "1.0":
    raise RuntimeError("it does not start")
"""


def _wheel(path: Path, name: str, version: str, text: str = "", more: str = "") -> None:
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"
    path.with_name(f"{path.name}.metadata").write_text(told)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}.py", text)
        wheel.writestr(f"{info}/METADATA", told)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{module}.py,,\n{info}/METADATA,,\n")


class Index(ThreadingHTTPServer):
    """An index that tells when each file was published (Simple repository API, version 1.1), or does not."""

    folder: Path
    dated = True


class _Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        name = self.path.strip("/").split("/")[-1]
        if name.endswith((".whl", ".metadata")):
            self._answer((self.server.folder / name).read_bytes(), "application/octet-stream")
            return
        if name == "is-cool":
            self._answer(json.dumps(_packument(self.server.server_port)).encode(), "application/json")
            return
        if name not in NAMES:
            self.send_error(404)
            return
        files = []
        for version, days in (USER if name == "cool-user" else AGES).items():
            file: dict[str, Any] = {"filename": f"{name.replace('-', '_')}-{version}-py3-none-any.whl", "hashes": {}}
            file |= {"url": f"/files/{file['filename']}", "core-metadata": True}
            if self.server.dated:
                file["upload-time"] = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            files.append(file)
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [*AGES], "files": files}
        self._answer(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")

    def _answer(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _packument(port: int) -> dict[str, Any]:
    """Return what a registry of npm tells of a package: its versions, and when each was published."""
    numbers = {f"{version}.0": days for version, days in AGES.items()}
    return {
        "name": "is-cool",
        "dist-tags": {"latest": "3.0.0"},
        "time": {number: (NOW - timedelta(days=days)).isoformat() for number, days in numbers.items()},
        "versions": {
            number: {
                "name": "is-cool",
                "version": number,
                "dist": {"tarball": f"http://127.0.0.1:{port}/is-cool/-/is-cool-{number}.tgz", "shasum": "0" * 40},
            }
            for number in numbers
        },
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    server = Index(("127.0.0.1", 0), _Handler)
    server.folder = tmp_path_factory.mktemp("index")
    user = server.folder / "cool_user-1.0-py3-none-any.whl"
    _wheel(user, "cool-user", "1.0", USES, "Requires-Dist: cool-one\n")
    for name in NAMES[:2]:
        for version in AGES:
            _wheel(server.folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl", name, version)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def project(served: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    served.dated = True
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{served.server_port}/simple")
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(
        '[project]\nname = "a"\nversion = "0"\nrequires-python = ">=3.10"\ndependencies = ["cool-one"]\n'
    )
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def rule(environment: Environment, days: float | None) -> None:
    text = "" if days is None else f"[rules]\nminimum_age_days = {days}\n"
    (environment.project.root / "devkeel.toml").write_text(text)


def add(environment: Environment, name: str = "cool-two", **more: Any) -> Any:
    edits = parse_edits([{"kind": "add_library", "language": "python", "names": [name]}])
    return environment.change(edits, **more)


def lock(environment: Environment, action: Any = "create") -> None:
    job = environment.lock(action, ["uv.lock"])
    job.wait(120)
    environment.result(job)


def versions(environment: Environment) -> dict[str, str]:
    import tomllib

    found = tomllib.loads((environment.project.root / "uv.lock").read_text())
    return {item["name"]: item["version"] for item in found["package"] if item["name"] in NAMES}


def test_uv_chooses_no_version_that_is_too_young_and_leaves_no_trace_of_that(project: Environment) -> None:
    rule(project, 30)
    lock(project)
    assert versions(project) == {"cool-one": "2.0"}
    add(project)
    assert versions(project) == {"cool-one": "2.0", "cool-two": "2.0"}
    assert b"exclude-newer" not in (project.project.root / "uv.lock").read_bytes()
    rule(project, None)
    assert project.check_locks().ok


def test_what_is_pinned_already_stays_whatever_its_age(project: Environment) -> None:
    lock(project)
    assert versions(project) == {"cool-one": "3.0"}
    rule(project, 30)
    add(project)
    assert versions(project) == {"cool-one": "3.0", "cool-two": "2.0"}
    assert b"exclude-newer" not in (project.project.root / "uv.lock").read_bytes()


def test_a_version_that_is_asked_for_and_too_young_is_refused(project: Environment) -> None:
    rule(project, 30)
    lock(project)
    before = (project.project.root / "pyproject.toml").read_text()
    with pytest.raises(DevkeelError) as caught:
        add(project, "cool-two==3.0")
    assert caught.value.code == "unresolvable"
    assert (caught.value.details["rule"], caught.value.details["line"]) == ("rules.minimum_age_days", 2)
    assert (project.project.root / "pyproject.toml").read_text() == before
    for wanted in ("cool-two==9.0", "no-such-thing"):
        with pytest.raises(DevkeelError) as caught:
            add(project, wanted)
        assert (caught.value.code, "rule" in caught.value.details) == ("unresolvable", False)
    (project.project.root / "pyproject.toml").write_text(before.replace('["cool-one"]', '["cool-one>2"]'))
    (project.project.root / "uv.lock").unlink()
    with pytest.raises(DevkeelError) as caught:
        lock(project)
    assert (caught.value.code, caught.value.details.get("line")) == ("unresolvable", 2)


def test_a_lock_that_brings_back_a_young_version_is_refused_by_its_dates(project: Environment) -> None:
    lock(project)
    add(project)
    project.undo()
    rule(project, 30)
    with pytest.raises(PolicyRefused) as caught:
        project.undo(redo=True)
    assert (caught.value.code, caught.value.details["rule"]) == ("rule_broken", "rules.minimum_age_days")
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_where_the_index_tells_no_dates_the_answer_says_so(project: Environment, served: Index) -> None:
    served.dated = False
    rule(project, 30)
    result = add(project, "cool-two")
    assert any("unknown" in note for note in result.notes)
    unasked = add(project, "idna==3.7", level="schema")
    assert any("idna" in note and "unknown" in note for note in unasked.notes)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npm_is_told_as_well(project: Environment, served: Index) -> None:
    root = with_javascript(project, served)
    (root / "package-lock.json").write_text(
        '{ "name": "a", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": '
        '{ "": { "name": "a", "version": "1.0.0" } } }\n'
    )
    rule(project, 30)
    project.change(parse_edits([{"kind": "add_library", "language": "javascript", "names": ["is-cool"]}]))
    lock = json.loads((root / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/is-cool"]["version"] == "2.0.0"


CLIENTS = Path(__file__).parents[3] / "conformance" / "node_modules"
# The variables that tell pnpm have other names since 11, which wants a newer Node.js than systems have.
PNPMS = ("pnpm/bin/pnpm.cjs", "pnpm-11/bin/pnpm.mjs")


def with_javascript(project: Environment, served: Index) -> Path:
    root = project.project.root
    (root / "pyproject.toml").unlink()
    (root / "package.json").write_text('{ "name": "a", "version": "1.0.0", "dependencies": {} }\n')
    (root / ".npmrc").write_text(f"registry=http://127.0.0.1:{served.server_port}/\n")
    return root


@pytest.mark.conformance
@pytest.mark.parametrize("program", PNPMS)
def test_pnpm_is_told_as_well(
    project: Environment, served: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str
) -> None:
    node = next(CLIENTS.glob("node-*/bin/node"), None)
    if node is None or not (CLIENTS / program).exists():
        pytest.skip("pnpm is not installed: make clients")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pnpm").symlink_to(CLIENTS / program)
    (tmp_path / "bin" / "node").symlink_to(node)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    root = with_javascript(project, served)
    (root / "pnpm-lock.yaml").write_text("lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n")
    rule(project, 30)
    edits = parse_edits([{"kind": "add_library", "language": "javascript", "names": ["is-cool"]}])
    project.change(edits)
    assert "is-cool@2.0.0:" in (root / "pnpm-lock.yaml").read_text()
    young = parse_edits([{"kind": "add_library", "language": "javascript", "names": ["is-cool@3.0.0"]}])
    with pytest.raises(DevkeelError) as caught:
        project.change(young)
    assert (caught.value.code, caught.value.details.get("line")) == ("unresolvable", 2)


def test_pip_is_told_as_well_where_uv_is_not_there(
    project: Environment, served: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvers, "find_uv", lambda: None)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{served.server_port}/simple")
    root = project.project.root
    (root / "pyproject.toml").unlink()
    (root / "requirements.txt").write_text("cool-one\n")
    rule(project, 30)
    assert "resolution" in add(project, "cool-two").checks.ran
    project.undo()
    for wanted, line in (("cool-two==3.0", 2), ("cool-two==9.0", None)):
        with pytest.raises(DevkeelError) as caught:
            add(project, wanted)
        assert (caught.value.code, caught.value.details.get("line")) == ("unresolvable", line)
    rule(project, None)
    assert "resolution" in add(project, "cool-two==3.0").checks.ran


def test_a_resolver_that_is_too_old_to_be_told_leaves_the_age_unknown(
    project: Environment, served: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "pnpm"
    old.write_text('#!/bin/sh\n[ "$1" != --version ] || echo 9.15.4\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    root = with_javascript(project, served)
    (root / "pnpm-lock.yaml").write_text("lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n")
    edits = parse_edits([{"kind": "add_library", "language": "javascript", "names": ["is-cool"]}])
    for days, said in ((None, False), (30, True)):
        rule(project, days)
        assert (resolvers.AGE_UNTOLD in project.change(edits).notes) is said
        project.undo()


@pytest.mark.skipif(not conda_solver.has_rattler(), reason="py-rattler is not installed")
def test_the_solver_of_conda_is_told_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "channel" / "noarch"
    folder.mkdir(parents=True)
    packages = {
        f"cool-{version}-0.conda": {
            "name": "cool",
            "version": version,
            "build": "0",
            "build_number": 0,
            "depends": [],
            "subdir": "noarch",
            "noarch": "generic",
            "size": 1,
            "sha256": "0" * 64,
            "md5": "0" * 32,
            "timestamp": int((NOW - timedelta(days=days)).timestamp() * 1000),
        }
        for version, days in AGES.items()
    }
    (folder / "repodata.json").write_text(
        json.dumps({"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": packages, "repodata_version": 1})
    )
    asked = f"channels:\n  - {folder.parent.as_uri()}\ndependencies:\n  - cool\n".encode()
    wanted = conda_solver.wanted_of(asked, "environment.yml")
    assert [str(item.version) for item in conda_solver.solve(wanted, 60)] == ["3.0"]
    assert [str(item.version) for item in conda_solver.solve(wanted, 60, NOW - timedelta(days=30))] == ["2.0"]
    root = tmp_path / "project"
    root.mkdir()
    (root / "environment.yml").write_bytes(asked)
    environment = Environment(root, actor="test")
    rule(environment, 30)
    for name, ruled in (("cool=3.0", True), ("cool=9.0", False)):
        with pytest.raises(DevkeelError) as caught:
            add(environment, name)
        found = caught.value
        assert (found.code, found.details.get("line")) == ("unresolvable", 2 if ruled else None)
    (root / "environment.yml").write_bytes(asked.replace(b"- cool\n", b"- cool=3.0\n"))
    job = environment.lock("create", ["conda-lock.yml"])
    job.wait(120)
    with pytest.raises(DevkeelError) as caught:
        environment.result(job)
    assert (caught.value.code, caught.value.details.get("line")) == ("unresolvable", 2)
    environment.close()


def test_the_lock_keeps_what_a_project_says_of_ages_itself() -> None:
    held = CoolDown(NOW, 1)
    own = (
        b'version = 1\n\n[options]\nexclude-newer = "2024-01-01T00:00:00Z"\nprerelease-mode = "allow"\n\n[[package]]\n'
    )
    assert held.without_traces("uv.lock", own, own) == own
    kept = b'version = 1\n\n[options]\nprerelease-mode = "allow"\n\n[[package]]\n'
    assert held.without_traces("uv.lock", kept, own) == kept
    table = b'[options]\nexclude-newer = "2024"\n\n[options.exclude-newer-package]\na = "2024"\n\n[[package]]\n'
    assert held.without_traces("uv.lock", None, table) == b"[[package]]\n"


def test_what_a_broken_library_was_published_with_is_found_by_the_dates(project: Environment) -> None:
    add(project, "cool-user")
    job = project.repair_libraries()
    job.wait(120)
    found = project.result(job)
    assert list(found.wrong) == ["cool-user"]
    assert [edit["names"] for fix in found.fixes for edit in fix.edits] == [["cool-one<2"]]
    rule(project, 250)  # nothing may be as young as the broken library itself
    job = project.repair_libraries()
    job.wait(120)
    assert project.result(job).fixes == ()
