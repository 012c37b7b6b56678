"""Other languages' own tools, asked in the stage, where this machine has them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.libraries import AddLibrary, RemoveLibrary
from devkeel.errors import CheckFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not installed")
PACKAGE = '{\n    "name": "x",\n    "version": "1.0.0",\n    "dependencies": {}\n}\n'
CARGO = '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n'
VERSIONS = ("1.0.0", "1.1.0", "2.0.0")


def tarball(version: str) -> bytes:
    held, text = io.BytesIO(), json.dumps({"name": "plain", "version": version}).encode()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return held.getvalue()


class Registry(BaseHTTPRequestHandler):
    """A registry of npm that has one package."""

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        if self.path == "/plain":
            entries = {}
            for version in VERSIONS:
                sum_ = base64.b64encode(hashlib.sha512(tarball(version)).digest()).decode()
                dist = {"tarball": f"http://127.0.0.1:{port}/plain-{version}.tgz", "integrity": f"sha512-{sum_}"}
                entries[version] = {"name": "plain", "version": version, "dist": dist}
            self._answer(
                200, json.dumps({"name": "plain", "dist-tags": {"latest": "1.1.0"}, "versions": entries}).encode()
            )
        elif self.path.endswith(".tgz"):
            self._answer(200, tarball(self.path.removeprefix("/plain-").removesuffix(".tgz")))
        else:
            self._answer(404, b'{"error":"not_found"}')

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_address[1]}/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "devenv.nix").write_text("{ }\n")
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


@needs_npm
@pytest.mark.usefixtures("registry")
class TestJavaScript:
    """npm, against a registry of the tests' own."""

    @pytest.fixture(autouse=True)
    def manifest(self, environment: Environment) -> None:
        root = environment.project.root
        (root / "package.json").write_text(PACKAGE)
        lock = {"name": "x", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": {}}
        lock["packages"] = {"": {"name": "x", "version": "1.0.0"}}
        (root / "package-lock.json").write_text(json.dumps(lock, indent=4) + "\n")

    def test_manifest_and_lock_are_one_operation(self, environment: Environment) -> None:
        root = environment.project.root
        before = {name: (root / name).read_bytes() for name in ("package.json", "package-lock.json")}
        result = environment.change([AddLibrary(language="javascript", names=["plain@^1.0.0"])])
        assert result.files == ("package-lock.json", "package.json")
        assert "resolution" in result.checks.ran
        locked = json.loads((root / "package-lock.json").read_text())
        assert locked["packages"]["node_modules/plain"]["version"] == "1.1.0"
        assert not (root / "node_modules").exists()
        environment.undo()
        assert {name: (root / name).read_bytes() for name in before} == before

    def test_a_name_alone_gets_the_version_that_npm_takes(self, environment: Environment) -> None:
        environment.change([AddLibrary(language="javascript", names=["plain"])])
        root = environment.project.root
        assert (root / "package.json").read_text() == PACKAGE.replace(
            '"dependencies": {}', '"dependencies": {\n        "plain": "^1.1.0"\n    }'
        )
        locked = json.loads((root / "package-lock.json").read_text())
        assert locked["packages"][""]["dependencies"] == {"plain": "^1.1.0"}

    def test_a_lock_is_never_begun(self, environment: Environment) -> None:
        (environment.project.root / "package-lock.json").unlink()
        assert environment.change([AddLibrary(language="javascript", names=["plain"])]).files == ("package.json",)
        assert '"plain": "^1.1.0"' in (environment.project.root / "package.json").read_text()
        assert not (environment.project.root / "package-lock.json").exists()

    @pytest.mark.parametrize("section", ["devDependencies", "optionalDependencies", "peerDependencies"])
    def test_npm_reads_the_version_that_was_asked_for_in_its_section(
        self, environment: Environment, section: str
    ) -> None:
        root = environment.project.root
        (root / "package.json").write_text(PACKAGE.replace('"dependencies": {}', f'"{section}": {{"plain": "~1.0.0"}}'))
        environment.change([AddLibrary(language="javascript", names=["plain@^2.0.0"])])
        assert (root / "package.json").read_text() == PACKAGE.replace(
            '"dependencies": {}', f'"{section}": {{"plain": "^2.0.0"}}'
        )
        locked = json.loads((root / "package-lock.json").read_text())
        assert locked["packages"][""][section] == {"plain": "^2.0.0"}
        assert locked["packages"]["node_modules/plain"]["version"] == "2.0.0"

    def test_the_lock_of_a_workspace_is_renewed_with_a_member(self, environment: Environment) -> None:
        root = environment.project.root
        (root / "package.json").write_text(PACKAGE.replace('"dependencies": {}', '"workspaces": ["m"]'))
        (root / "m").mkdir()
        (root / "m" / "package.json").write_text(PACKAGE.replace('"x"', '"m"'))
        result = environment.change([AddLibrary(language="javascript", names=["plain"], file="m/package.json")])
        assert result.files == ("m/package.json", "package-lock.json")
        assert '"plain": "^1.1.0"' in (root / "m" / "package.json").read_text()
        locked = json.loads((root / "package-lock.json").read_text())
        assert locked["packages"]["m"]["dependencies"] == {"plain": "^1.1.0"}

    @pytest.mark.parametrize("name", ["plain@^3.0.0", "no-such-library"])
    def test_what_does_not_exist_is_refused_with_the_reason(self, environment: Environment, name: str) -> None:
        with pytest.raises(CheckFailed) as caught:
            environment.change([AddLibrary(language="javascript", names=[name])])
        assert caught.value.code == "unresolvable"
        assert name.partition("@")[0] in caught.value.message


@needs_cargo
class TestRust:
    """cargo, with a crate that lies beside the project's own."""

    @pytest.fixture(autouse=True)
    def manifest(self, environment: Environment) -> None:
        root = environment.project.root
        for folder, text in ((root, CARGO + 'beside = { path = "beside" }\n'), (root / "beside", CARGO)):
            (folder / "src").mkdir(parents=True)
            (folder / "src" / "lib.rs").write_text("")
            (folder / "Cargo.toml").write_text(text.replace('"x"', '"beside"') if folder != root else text)
        (root / "Cargo.lock").write_text('version = 3\n\n[[package]]\nname = "x"\nversion = "0.1.0"\n')

    def test_the_lock_is_renewed_with_the_manifest(self, environment: Environment) -> None:
        result = environment.change([AddLibrary(language="rust", names=["beside@0.1"])])
        assert result.files == ("Cargo.lock", "Cargo.toml")
        assert 'name = "beside"' in (environment.project.root / "Cargo.lock").read_text()

    def test_a_version_that_is_not_there_is_refused_with_the_reason(self, environment: Environment) -> None:
        with pytest.raises(CheckFailed) as caught:
            environment.change([AddLibrary(language="rust", names=["beside@7"])])
        assert caught.value.code == "unresolvable"
        assert "beside" in caught.value.message

    def test_the_lock_of_a_workspace_is_renewed_with_a_member(self, environment: Environment) -> None:
        root = environment.project.root
        shared = (
            '[workspace]\nmembers = ["m"]\n\n[workspace.dependencies]\nbeside = { version = "0.1", path = "beside" }\n'
        )
        (root / "Cargo.toml").write_text(shared)
        (root / "m" / "src").mkdir(parents=True)
        (root / "m" / "src" / "lib.rs").write_text("")
        (root / "m" / "Cargo.toml").write_text(CARGO.replace('"x"', '"m"'))
        result = environment.change([AddLibrary(language="rust", names=["beside"], file="m/Cargo.toml")])
        assert result.files == ("Cargo.lock", "m/Cargo.toml")
        assert 'dependencies = [\n "beside",\n]' in (root / "Cargo.lock").read_text()
        with pytest.raises(CheckFailed) as caught:
            environment.change([AddLibrary(language="rust", names=["beside@7"], file="m/Cargo.toml")])
        assert caught.value.code == "unresolvable"
        assert (root / "Cargo.toml").read_text() == shared

    def test_a_library_is_removed_from_both(self, environment: Environment) -> None:
        environment.change([AddLibrary(language="rust", names=["beside@0.1"])])
        environment.change([RemoveLibrary(language="rust", names=["beside"])])
        assert "beside" not in (environment.project.root / "Cargo.lock").read_text()
