"""Requirements files are read as pip reads them, and lose or change the line that was asked about."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pip._internal.req import req_file

from devkeel.errors import Refused
from devkeel.libraries.manifests.requirement_lines import decoded, lines_of
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request
from devkeel.libraries.resolve.includes import require_beneath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "requirements.txt"


def planned(files: dict[str, str], *names: str, remove: bool = False) -> LibraryPlan:
    request = Request("python", names, file=FILE, remove=remove)
    return plan(request, lambda name: files[name].encode() if name in files else None)


def edited(text: str, *names: str, remove: bool = False) -> str:
    return planned({FILE: text}, *names, remove=remove).files.get(FILE, text.encode()).decode()


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("uvicorn[standard]>=0.20  # web\n", "uvicorn>=0.30", "uvicorn[standard]>=0.30  # web\n"),
        ('pywin32==306 ; sys_platform == "win32"\n', "pywin32==307", 'pywin32==307 ; sys_platform == "win32"\n'),
        ("idna >= 3, < 4\n", "idna>=3.1", "idna >=3.1\n"),
        ("idna>=3 \\\n  ,<4 # why\nb\n", "idna>=3.1", "idna>=3.1 # why\nb\n"),
        ("\ufeffidna==3.7\n", "idna==3.10", "\ufeffidna==3.10\n"),
        ("\ufeffidna==3.7\n", "idna", "\ufeffidna==3.7\n"),
        ('pkg==1 --config-settings="a=b"\n', "pkg==2", 'pkg==2 --config-settings="a=b"\n'),
        ("pkg @ https://example.com/p-${V}.zip\n", "pkg>=2", "pkg>=2\n"),
        ("# a \\\nidna==3.7\n", "idna==3.10", "# a \\\nidna==3.10\n"),
        ("idna==3.7\r\nb\r\n", "c", "idna==3.7\r\nb\r\nc\r\n"),
        ("b", "c", "b\nc\n"),
        ("b \\\n", "c", "b \\\n\nc\n"),
        ("b \\", "c", "b \\\n\nc\n"),
        ("b==1 # x \\\nc==1\n", "c==2", "b==1 # x \\\nc==1\nc==2\n"),
    ],
)
def test_a_request_changes_its_line(before: str, wanted: str, after: str) -> None:
    assert edited(before, wanted) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# C:\\\nidna==3.7\n", "# C:\\\n"),
        ('idna==3.7 ; python_version > "3"\nb\n', "b\n"),
        ('b\nidna<3;os_name=="nt"\nc\nIDNA>=3;os_name!="nt"\n', "b\nc\n"),
        ("idna==3.7 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nb\n", "b\n"),
        ("-e git+https://example.com/i.git#egg=idna\nb\n", "b\n"),
        ("git+https://example.com/i.git#subdirectory=x&egg=idna[y]\nb\n", "b\n"),
        ("--editable=git+https://example.com/i.git#egg=idna\nb\n", "b\n"),
        ("https://example.com/idna-3.7-py3-none-any.whl\nb\n", "b\n"),
        ("./wheels/idna-3.7.tar.gz\nb\n", "b\n"),
        ("idna==${IDNA}\nb\n", "b\n"),
        ("idna==3.7 \\\n# about b\nb\n", "# about b\nb\n"),
        ("i\\\ndna==3.7\nb\n", "b\n"),
    ],
)
def test_a_library_is_removed_however_it_is_written(before: str, after: str) -> None:
    assert edited(before, "idna", remove=True) == after


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("b\n-e git+https://example.com/i.git#egg=idna\n", 2),
        ("https://example.com/idna-3.7-py3-none-any.whl\n", 1),
        ("idna==${IDNA}\n", 1),
        ('idna<3;os_name=="nt"\nidna>=3;os_name!="nt"\n', 1),
        ("idna<3\nidna>2\n", 1),
    ],
)
def test_what_has_no_version_of_its_own_or_several_is_refused_with_its_line(text: str, line: int) -> None:
    assert edited(text, "idna") == text
    with pytest.raises(Refused) as caught:
        edited(text, "idna==3.10")
    assert caught.value.place is not None
    assert caught.value.place.line == line


def test_what_an_included_file_has_is_changed_there_and_not_doubled() -> None:
    files = {FILE: "-r req/base.txt\n-c limits.txt\n", "req/base.txt": "a\n-r more.txt\n", "req/more.txt": "idna<4\n"}
    where = "idna<4 stands in req/more.txt, line 1, which requirements.txt includes."
    assert planned(files, "idna").files == {}
    assert planned(files, "idna").notes == [where, "idna<4 is already in req/more.txt."]
    assert planned(files, "idna", "b", remove=True).files == {"req/more.txt": b""}
    changed = planned(files, "idna==3.10", "b")
    assert changed.files == {"req/more.txt": b"idna==3.10\n", FILE: files[FILE].encode() + b"b\n"}
    assert changed.notes == [where]
    with pytest.raises(Refused, match="does not edit"):
        planned({FILE: "-r base\n", "base": "idna\n"}, "idna==3.10")
    with pytest.raises(Refused, match="hashes"):
        planned({FILE: "-r base.txt\n", "base.txt": "idna==3.7 --hash=sha256:aa\n"}, "idna==3.10")
    notes = planned({FILE: "-r gone.txt\n-r https://example.com/r.txt\n"}, "idna", remove=True).notes
    assert "gone.txt" in notes[0]
    assert "could not be read" in notes[0]
    limited = {FILE: "-c limits.txt\n", "limits.txt": "idna<4\n"}
    assert planned(limited, "idna").files == {FILE: b"-c limits.txt\nidna\n"}


@pytest.mark.parametrize(
    ("mark", "encoding"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"", "latin-1")]
)
def test_other_encodings_that_pip_reads_stay(mark: bytes, encoding: str) -> None:
    text = f"# -*- coding: {encoding} -*-\nidna==3.7 # ü\n"
    data = mark + text.encode(encoding)
    found = plan(Request("python", ("idna==3.10",), file=FILE), lambda name: data if name == FILE else None)
    assert found.files[FILE] == mark + text.replace("3.7", "3.10").encode(encoding)


@pytest.mark.parametrize(
    "text", ["\ufeff-r /etc/passwd\n", "-r \\\n/etc/passwd\n", "a # x \\\n-r /etc/passwd\n", "-\\\nr /etc/passwd\n"]
)
def test_no_way_of_writing_an_include_leaves_the_project(tmp_path: Path, text: str) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(Exception, match="outside of the project"):
        require_beneath(tmp_path, FILE, lambda name: text.encode() if name == FILE else None)


PIECES = st.sampled_from(
    ["idna", "a==1", "B[x]>=2", " ", "  ", "\t", "#", " # c", "\\", "\\\n", "\n", "\n\n", "\r\n", "-r x.txt", "-e .",
     "--hash=sha256:aa", " --hash=sha256:bb", "; os_name == 'nt'", "${V}", "c @ https://example.com/c.zip", "\x0c"]
)  # fmt: skip


@settings(max_examples=800, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_lines_are_those_of_pip(text: str) -> None:
    read: Callable[[str], Any] = req_file.preprocess
    assert [(line.number, line.text) for line in lines_of(text)] == [*read(text)]


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=20).map(lambda tail: tail.replace(b"coding", b"")))
def test_bytes_are_read_as_pip_reads_them(tail: bytes) -> None:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        try:
            wanted = tail.decode(encoding)
        except UnicodeDecodeError:
            continue
        if tail.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\0\0")):
            continue  # two marks, or another one with the first: pip's decoder takes the second too
        assert decoded(mark + tail, FILE)[0] == wanted == req_file._decode_req_file(mark + tail, FILE)
