"""What real test runners write of a small project in Python, JavaScript and Go, each run once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PYTHON = {
    "lib.py": """\
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pragma: no cover
    import os


def f(x):
    if x > 1:
        return (
            2 +
            3
        )
    if x > 5:
        return 7
    for i in range(3):  # pragma: no cover
        print(i)
    return 1
""",
    "test_it.py": """\
import unittest

import pytest
from lib import f


@pytest.fixture
def torn():
    yield
    raise RuntimeError


@pytest.fixture
def broken():
    raise RuntimeError
    yield


def test_ok(): f(2)
def test_fails(): assert 0
def test_teardown(torn): pass
def test_both(torn): assert 0
def test_setup(broken): pass
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.mark.xfail(strict=True)
def test_unexpected(): pass
@pytest.mark.parametrize("x", [1, 2])
def test_each(x): pass


class Cases(unittest.TestCase):
    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                pass

    def test_part(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)
""",
}
# passed: test_ok, test_each twice, test_parts; skipped: test_skipped, test_expected; the other six failed.
JAVASCRIPT = {
    "lib.js": """\
exports.f = (x) => {
  if (x > 1) {
    return 2;
  }
  return 1;
};
""",
    "a.test.js": """\
const { test, describe, it } = require('node:test');
const assert = require('node:assert');
const { f } = require('./lib.js');
test('twice', () => { f(2); });
test('twice', () => { console.log('# pass 99'); });
test('fails', () => { assert.equal(1, 2); });
test('skipped', { skip: true }, () => {});
test('to do', { todo: true }, () => { assert.ok(false); });
describe('outer', () => {
  describe('inner', () => {
    it('one # hash', () => {});
    it('two', () => { assert.ok(false); });
    it('later', { todo: true }, () => { assert.ok(false); });
  });
  it('three', () => {});
});
test('parent', async (t) => { await t.test('child', () => {}); });
""",
}
GO = {
    "go.mod": "module example.com/m\n\ngo 1.19\n",
    "lib.go": """\
package m

func F(x int) int {
	if x > 1 {
		return 2
	}
	return 1
}
""",
    "lib_test.go": """\
package m

import "testing"

func TestPasses(t *testing.T) { F(2) }
func TestFails(t *testing.T)  { t.Error("no") }
func TestSkips(t *testing.T)  { t.Skip("later") }
func TestParts(t *testing.T) {
	t.Run("one", func(t *testing.T) {})
	t.Run("two", func(t *testing.T) { t.Fatal("bad") })
}
""",
    "panics/panics_test.go": """\
package panics

import "testing"

func TestPanics(t *testing.T) { panic("x") }
func TestNever(t *testing.T)  {}
""",
    "unbuilt/unbuilt_test.go": """\
package unbuilt

import "testing"

func TestIt(t *testing.T) { nowhere() }
""",
    "empty/empty.go": "package empty\n",
}


class Real(NamedTuple):
    """A report that a real runner wrote. printed: what it printed."""

    data: bytes
    printed: bytes


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def said(folder: Path, *argv: str) -> bytes:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_", "NODE_"))}
    variables |= {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(folder.parent / "go-cache")}
    return subprocess.run(argv, cwd=folder, env=variables, capture_output=True, check=False, timeout=300).stdout


def run_pytest(folder: Path, *more: str) -> bytes:
    """Run pytest on a directory as a project's own command would, and return what it printed."""
    argv = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *more)
    return said(folder, *argv)


@pytest.fixture(scope="session")
def by_pytest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Real]:
    """What pytest and coverage.py write."""
    folder = written(tmp_path_factory.mktemp("python"), PYTHON)
    reports = ("json", "xml", "lcov")
    printed = run_pytest(
        folder, "--junitxml=report.xml", "--cov=.", "--cov-branch", *(f"--cov-report={name}" for name in reports)
    )
    beside = run_pytest(folder, "-n2", "--junitxml=beside.xml", "-p", "no:cov")
    return {
        "junit": Real((folder / "report.xml").read_bytes(), printed),
        "junit of xdist": Real((folder / "beside.xml").read_bytes(), beside),
        "json": Real((folder / "coverage.json").read_bytes(), b""),
        "cobertura": Real((folder / "coverage.xml").read_bytes(), b""),
        "lcov": Real((folder / "coverage.lcov").read_bytes(), b""),
        "data": Real((folder / ".coverage").read_bytes(), b""),
    }


def node() -> tuple[int, ...]:
    """Return the version of node, nothing where there is none."""
    if shutil.which("node") is None:
        return ()
    told = subprocess.run(["node", "--version"], capture_output=True, check=True, text=True).stdout
    return tuple(map(int, told.strip().removeprefix("v").split(".")[:2]))


@pytest.fixture(scope="session")
def by_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Real]:
    """What node's own runner writes; the lcov of it where it is new enough (20.11), as Debian's is not."""
    if node() < (18, 17):  # the first with reporters
        pytest.skip("node is not installed")
    folder = written(tmp_path_factory.mktemp("javascript"), JAVASCRIPT)
    names = ["tap", "junit", *(["lcov"] if node() >= (20, 11) else [])]
    covered = {"lcov": ("--experimental-test-coverage",)}
    printed = {
        name: said(folder, "node", "--test", f"--test-reporter={name}", *covered.get(name, ())) for name in names
    }
    return {name: Real(data, data) for name, data in printed.items()}


@pytest.fixture(scope="session")
def by_go(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Real]:
    """What go writes."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    folder = written(tmp_path_factory.mktemp("go"), GO)
    printed = said(folder, "go", "test", "-json", "-coverprofile=cover.out", "./...")
    return {
        "tests": Real(printed, printed),
        "coverage": Real((folder / "cover.out").read_bytes(), printed),
    }


def names(found: Iterable[str]) -> set[str]:
    return {item.rpartition(".")[2] for item in found}
