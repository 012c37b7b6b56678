"""What is evaluated reads no canary outside of the project, reaches no host, and takes no more than it is given.

Each attack ends a Nix of its own, since what purity refuses cannot be caught. They run side by side.
"""

from __future__ import annotations

import hashlib
import socket
import subprocess
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.derivations import derivation, unique

from devkeel.api import Environment
from devkeel.builds.evaluation import EvaluationLimits
from devkeel.errors import DevkeelError
from devkeel.nix_cli.enclosure import encloses

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("nix_machine")]

_WRONG = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
# Of an expression the same Nix is asked as of a flake: those that differ by where the project lies, and a few more.
_BY_EXPRESSION = (
    *("read-above", "read-link", "read-link-text", "list-link", "path-hash", "path-of-caller", "tree-hash"),
    *("flake-hash", "find", "search-path", "home", "time"),
)
# @dir, @file: of the canary; @port, @socket: those that listen; @git: a repository.
FILES = {
    "read": 'builtins.readFile "@file"',
    "read-path": "builtins.readFile @file",
    "read-above": 'builtins.readFile (@project + "/../@name/secret")',
    "read-link": "builtins.readFile (@project + /link)",
    "read-link-text": 'builtins.readFile "${@project}/link"',
    "read-process": 'builtins.readFile "/proc/1/root@file"',
    "list": 'builtins.readDir "@dir"',
    "list-link": "builtins.readDir (@project + /folder)",
    "exists": 'if builtins.pathExists "@file" then "LEAKED" else "no"',
    "type": 'builtins.readFileType "@file"',
    "hash": 'builtins.hashFile "sha256" "@file"',
    "import": 'import "@dir/code.nix"',
    "import-scoped": 'builtins.scopedImport { } "@dir/code.nix"',
    "find": 'builtins.readFile (builtins.findFile [ { prefix = "x"; path = "@dir"; } ] "x/secret")',
    "search-path": "builtins.readFile <x/secret>",
    "interpolated": 'builtins.readFile "${@file}"',
    "filter": 'builtins.readFile "${builtins.filterSource (_: _: true) @dir}/secret"',
    "path": 'builtins.readFile (builtins.path { path = "@file"; name = "@name"; })',
    "path-hash": 'builtins.path { path = "@file"; name = "@name"; sha256 = "@wrong"; }',
    "path-folder": 'builtins.path { path = @dir; name = "@name"; sha256 = "@wrong"; }',
    "path-process": 'builtins.path { path = "/proc/1/root@file"; name = "@name"; sha256 = "@wrong"; }',
    "path-of-caller": 'builtins.path { path = "/proc/self/cwd/../@name/secret"; name = "@name"; sha256 = "@wrong"; }',
    "path-trace": 'builtins.path { path = @dir; filter = p: _: builtins.trace "LEAKED ${p}" true; sha256 = "@wrong"; }',
    "tree": 'builtins.readFile "${builtins.fetchTree { type = "path"; path = "@dir"; }}/secret"',
    "tree-hash": '(builtins.fetchTree { type = "path"; path = "@dir"; narHash = "@wrong"; }).outPath',
    "tree-git": '(builtins.fetchTree { type = "git"; url = "file://@git"; }).outPath',
    "git": '(builtins.fetchGit "file://@git").outPath',
    "git-revision": '(builtins.fetchGit { url = "file://@git"; rev = "@rev"; }).outPath',
    "hg": '(builtins.fetchMercurial "file://@dir").outPath',
    "flake": '(builtins.getFlake "path:@dir").secret',
    "flake-hash": 'builtins.getFlake "path:@dir?narHash=@wrong"',
    "flake-git": '(builtins.getFlake "git+file://@git?rev=@rev").secret',
    "url": 'builtins.readFile (builtins.fetchurl "file://@file")',
    "url-hash": 'builtins.fetchurl { url = "file://@file"; sha256 = "@wrong"; }',
    "tarball-hash": 'builtins.fetchTarball { url = "file://@dir/code.tar"; sha256 = "@wrong"; }',
    "closure": 'builtins.fetchClosure { fromStore = "unix://@socket"; fromPath = /nix/store/@zero-x; }',
    "program": 'builtins.exec [ "/bin/cat" "@file" ]',
    "native": 'builtins.importNative "@file" "x"',
    "home": 'if builtins.getEnv "HOME" == "" then "no" else "LEAKED"',
    "time": 'if builtins ? currentTime then "LEAKED" else "no"',
    "search-paths": 'if builtins.nixPath == [ ] then "no" else "LEAKED"',
    "built": "import @derivation",
    "web": 'builtins.fetchurl "http://127.0.0.1:@port/x"',
    "web-hash": 'builtins.fetchurl { url = "http://127.0.0.1:@port/x"; sha256 = "@wrong"; }',
    "web-tree": 'builtins.fetchTree { type = "tarball"; url = "http://127.0.0.1:@port/x.tar"; narHash = "@wrong"; }',
    "web-git": 'builtins.fetchGit { url = "http://127.0.0.1:@port/x.git"; rev = "@rev"; }',
    "web-flake": 'builtins.getFlake "http://127.0.0.1:@port/x.tar?narHash=@wrong"',
}


class Outside(NamedTuple):
    """What must not be reached. heard: connections that came."""

    words: dict[str, str]
    content: str
    hashes: tuple[str, ...]
    heard: list[str]

    def text(self, attack: str, project: str) -> str:
        """Return an attack as Nix."""
        for word, value in (self.words | {"project": project}).items():
            attack = attack.replace(f"@{word}", value)
        return attack

    def tells(self, answer: str) -> bool:
        """Return whether an answer has the canary or a hash of it."""
        return any(word in answer for word in (self.content, "LEAKED", *self.hashes))


def hashes_of(*places: Path) -> tuple[str, ...]:
    """Return the hashes of files and folders as Nix may write them."""
    found = [hashlib.sha256(place.read_bytes()).hexdigest() for place in places if place.is_file()]
    for words in ((), ("--flat",)):
        told = subprocess.run(
            ["nix-hash", "--type", "sha256", *words, *(place for place in places if not words or place.is_file())],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        found += told.stdout.split()
    short = subprocess.run(
        ["nix-hash", "--type", "sha256", "--to-base32", *found], capture_output=True, text=True, check=True, timeout=20
    )
    return (*found, *short.stdout.split(), *(b64encode(bytes.fromhex(item)).decode() for item in found))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    if not encloses():
        pytest.skip("this system gives no namespaces to this user")
    name, content = unique("canary"), f"the canary {unique()}"
    folder = tmp_path / name
    folder.mkdir()
    for file, text in {"secret": content, "code.nix": f'"{content}"', "code.tar": content}.items():
        (folder / file).write_text(text)
    (folder / "flake.nix").write_text(f'{{ outputs = _: {{ secret = "{content}"; }}; }}')
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder))
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "made"]):
        subprocess.run([*git, *words], check=True, timeout=20)
    revision = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as web, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        unix.listen()
        for listener in (web, unix):
            threading.Thread(target=_listen, args=(listener, heard), daemon=True).start()
        given = {"derivation": derivation('echo "1" > $out'), "port": str(web.getsockname()[1]), "rev": revision}
        given |= {"dir": str(folder), "file": str(folder / "secret"), "git": str(folder), "name": name}
        given |= {"wrong": _WRONG, "zero": "0" * 32, "socket": str(tmp_path / "socket")}
        yield Outside(given, content, hashes_of(folder, folder / "secret", folder / "code.tar"), heard)


def _listen(listener: socket.socket, heard: list[str]) -> None:
    try:
        while True:
            listener.accept()[0].close()
            heard.append(str(listener.family))
    except OSError:
        return


def told(environment: Environment, limits: EvaluationLimits, **question: str) -> str:
    """Return all that an answer says."""
    try:
        return repr(environment.evaluate_nix(**question, limits=limits))
    except DevkeelError as error:
        return repr(error.as_data())


@pytest.mark.parametrize("way", ["flake", "expression"])
def test_nothing_outside_is_read_hashed_copied_or_reached(tmp_path: Path, outside: Outside, way: str) -> None:
    root = tmp_path.resolve() / "project"
    root.mkdir()
    (root / "link").symlink_to(f"../{outside.words['name']}/secret")
    (root / "folder").symlink_to(outside.words["dir"])
    names = FILES if way == "flake" else _BY_EXPRESSION
    lines = (f"lib.{name} = {outside.text(FILES[name], './.')};" for name in FILES)
    (root / "flake.nix").write_text("\n".join(["{ outputs = _: {", *lines, "}; }"]))
    environment = Environment(root, actor="test")

    def ask(name: str) -> str:
        if way == "flake":
            return told(environment, EvaluationLimits(depth=0), target=f"#lib.{name}")
        return told(environment, EvaluationLimits(depth=0), expression=outside.text(FILES[name], "project"))

    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(names, pool.map(ask, names), strict=True))
    environment.close()
    assert [name for name, answer in answers.items() if outside.tells(answer)] == []
    assert outside.heard == []
    assert list(Path("/nix/store").glob(f"*{outside.words['name']}*")) == []
    refused = {name for name, answer in answers.items() if "'evaluation_failed'" in answer or "'not_fetched'" in answer}
    assert set(answers) - refused <= {"exists", "home", "time", "search-paths"}


def test_an_input_outside_is_not_read(tmp_path: Path, outside: Outside) -> None:
    root = tmp_path.resolve() / "project"
    root.mkdir()
    text = '{ inputs.x.url = "path:@dir"; outputs = { x, ... }: { lib.x = x.secret; }; }'
    (root / "flake.nix").write_text(outside.text(text, ""))
    environment = Environment(root, actor="test")
    answer = told(environment, EvaluationLimits(), target="#lib.x")
    environment.close()
    assert not outside.tells(answer)
    assert not (root / "flake.lock").exists()


LIMITS = {
    # Much to do, and little to keep.
    "time": "let count = number: do: builtins.foldl' (a: _: do) 0 (builtins.genList (x: x) number); "
    "in builtins.foldl' (a: _: builtins.seq (count 1000 a) a) 0 (builtins.genList (x: x) 1000000)",
    "memory": "builtins.length (builtins.filter (x: x.y == {}) (builtins.genList (x: { y = x; z = [ x ]; }) 99999999))",
    "text": 'builtins.stringLength (builtins.foldl\' (a: _: a + a) "0123456789" (builtins.genList (x: x) 40))',
    "depth": "let f = x: 1 + f (x + 1); in f 1",
    "output": 'builtins.genList (_: builtins.genList (_: "0123456789") 100) 100',
    "flood": 'builtins.foldl\' (a: _: builtins.trace "0123456789" a) 0 (builtins.genList (x: x) 50000)',
}


def test_an_evaluation_says_which_limit_ended_it(tmp_path: Path) -> None:
    if not encloses():
        pytest.skip("this system gives no namespaces to this user")
    environment = Environment(tmp_path.resolve(), actor="test")

    def ask(name: str) -> str:
        limits = EvaluationLimits(timeout=2 if name == "time" else 60, memory=512, output=4096)
        return told(environment, limits, expression=LIMITS[name])

    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(LIMITS, pool.map(ask, LIMITS), strict=True))
    environment.close()
    assert "'value': 0" in answers["flood"] or "value=0" in answers["flood"]
    for name in ("time", "memory", "depth", "output"):
        assert "evaluation_limit" in answers[name], answers[name]
        assert f"'seen': '{name}'" in answers[name], answers[name]
    assert "'seen': 'memory'" in answers["text"]
