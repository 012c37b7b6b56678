"""The benchmark of manifests sees what it is there to see: a lost comment, another meaning, a larger difference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from benchmarks import manifests
from benchmarks.manifest_editing.meaning import Entry, Unreadable, comments, read
from benchmarks.manifest_editing.requests import Edit, edits_of
from benchmarks.manifest_editing.verdicts import judge, lost_comments, style_faults

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = b"""\
[project]
name = "a"
dependencies = [
    # why it is here
    "Httpx[http2]>=0.27 ; python_version > '3.9'",  # a remark
    "rich",
]

[dependency-groups]
dev = ["pytest>=8", { include-group = "lint" }]
lint = ["ruff"]
"""
CHANGE = Edit("pyproject", "change", "", "httpx", "project", ">=9.9")
REMOVE = Edit("pyproject", "remove", "", "httpx", "project")
RIGHT = PYPROJECT.replace(b">=0.27", b">=9.9")


def test_a_manifest_is_its_entries_and_the_rest() -> None:
    meaning = read("pyproject", PYPROJECT)
    assert meaning.named("httpx") == [Entry("project", "httpx", ">=0.27", '[http2];python_version > "3.9"')]
    assert meaning.sections() == ["group:dev", "group:lint", "project"]
    assert meaning.other == {
        "project": {"name": "a"},
        "dependency-groups": {"dev": [{"include-group": "lint"}]},
    }
    with pytest.raises(Unreadable):
        read("pyproject", b"[project")


@pytest.mark.parametrize(
    ("kind", "data", "entry"),
    [
        (
            "requirements",
            b"a==1 \\\n  --hash=sha256:00\n-r other.txt\n",
            Entry("", "a", "==1", "[];{'sha256': ['00']}"),
        ),
        ("conda", b"dependencies:\n  - conda-forge::a>=1,<2\n", Entry("", "a", ">=1,<2", "conda-forge::a")),
        ("conda", b"dependencies:\n  - pip:\n    - a[x]==1\n", Entry("pip", "a", "==1", "[x];")),
        ("npm", b'{"peerDependencies": {"a": "^1"}}', Entry("peerDependencies", "a", "^1")),
        ("cargo", b'[target.x.dependencies]\na = { version = "1" }\n', Entry("target:x:dependencies", "a", "1", "{}")),
        ("gem", b"gem 'a', '~> 1', require: false\n", Entry("", "a", "~> 1", ", require: false")),
        ("go", b"require (\n\ta.b/c v1.0.0 // indirect\n)\n", Entry("", "a.b/c", "v1.0.0", "// indirect")),
    ],
)
def test_each_kind_is_read(kind: str, data: bytes, entry: Entry) -> None:
    assert read(kind, data).entries == (entry,)


def test_a_right_change_is_the_same_as_the_tools() -> None:
    assert judge(CHANGE, PYPROJECT, RIGHT, None).outcome == "same"
    assert judge(CHANGE, PYPROJECT, RIGHT, RIGHT).outcome == "same"
    moved = judge(CHANGE, PYPROJECT, RIGHT, RIGHT.replace(b"[http2]", b""))
    assert moved.outcome == "apart"  # as asked, and yet not what the tool says


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (RIGHT.replace(b"[http2]", b""), "it was"),
        (RIGHT.replace(b"> '3.9'", b"> '3.8'"), "it was"),
        (RIGHT.replace(b'"rich"', b'"rich>1"'), "another library"),
        (RIGHT.replace(b'"a"', b'"b"'), "something else"),
        (PYPROJECT, "it says []"),
        (RIGHT.replace(b'"rich",\n]', b'"rich",'), "does not parse"),
    ],
)
def test_a_wrong_change_is_different(after: bytes, why: str) -> None:
    verdict = judge(CHANGE, PYPROJECT, after, None)
    assert (verdict.outcome, why in verdict.reason) == ("different", True), verdict.reason


def test_a_lost_comment_is_seen() -> None:
    assert [text for text, _ in comments("pyproject", PYPROJECT)] == ["# why it is here", "# a remark"]
    assert lost_comments(CHANGE, PYPROJECT, RIGHT) == ()
    assert lost_comments(CHANGE, PYPROJECT, RIGHT.replace(b"  # a remark", b"")) == ("# a remark",)
    lines = PYPROJECT.splitlines(keepends=True)
    without = b"".join(line for line in lines if b"Httpx" not in line)
    assert lost_comments(REMOVE, PYPROJECT, without) == ()  # the remark on the line of what was removed goes with it
    assert lost_comments(REMOVE, PYPROJECT, without.replace(lines[3], b"")) == ()  # nor is one right above it lost
    other = PYPROJECT.replace(b"# why it is here", b"# tqdm = 1")
    assert lost_comments(REMOVE, other, without.replace(lines[3], b"")) == ("# tqdm = 1",)
    assert comments("pyproject", b'a = "# no comment"\nb = """\n# nor this"""\n') == []


def test_the_style_of_the_bytes_is_seen() -> None:
    crlf = PYPROJECT.replace(b"\n", b"\r\n")
    assert style_faults(crlf, RIGHT.replace(b"\n", b"\r\n")) == ()
    assert style_faults(crlf, RIGHT.replace(b"\n", b"\r\n", 3)) == ("line endings",)
    assert style_faults(b"\xef\xbb\xbf" + PYPROJECT, RIGHT) == ("byte order mark",)
    assert style_faults(PYPROJECT, RIGHT.rstrip()) == ("final line break",)


def test_every_section_is_tried() -> None:
    tried = {(edit.verb, edit.section, edit.group) for edit in edits_of("pyproject", read("pyproject", PYPROJECT))}
    assert {("add", "project", None), ("absent", "project", None)} < tried
    for section, group in (("project", None), ("group:dev", "dev"), ("group:lint", "lint")):
        assert {("change", section, group), ("bare", section, group), ("remove", section, group)} < tried


def test_a_folder_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        place = tmp_path / "requirements" / name / "requirements.txt"
        place.parent.mkdir(parents=True)
        place.write_bytes(b"# head\nhttpx>=0.27  # why\n-r base.txt\nrich[jupyter]; python_version > '3.9'\n")
    out = tmp_path / "out.json"
    assert manifests.main([str(tmp_path), "--json", str(out)]) == 0
    assert "requirements" in capsys.readouterr().out
    (row,) = json.loads(out.read_text())["rows"]
    assert row["files"] == 2
    assert row["edits"] == row["same"]
