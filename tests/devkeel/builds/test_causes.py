"""Why two builds of a file differ is said where it explains the whole difference, and not where it does not."""

from __future__ import annotations

import gzip
import io
import marshal
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.builds.file_causes import CAUSES, causes_of


def zipped(*members: tuple[str, bytes], year: int = 2026, mode: int = 0o644) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members:
            item = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            item.external_attr = mode << 16
            archive.writestr(item, content)
    return data.getvalue()


def tarred(*members: tuple[str, bytes], time: int = 0, owner: str = "root") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in members:
            item = tarfile.TarInfo(name)
            item.size, item.mtime, item.uname = len(content), time, owner
            archive.addfile(item, io.BytesIO(content))
    return data.getvalue()


def compiled(code: bytes, time: int = 1) -> bytes:
    return b"\xcb\x0d\r\n" + struct.pack("<III", 0, time, 10) + code


A, B = ("a", b"first"), ("b", b"second")
CASES = {
    "seconds of the epoch": (b"built 1795921923\n", b"built 1795921988\n", ("time_stamps",)),
    "nanoseconds": (b"1795921923123456789", b"1795921988987654321", ("time_stamps",)),
    "digits together": (b"at 20261129031203", b"at 20261130040000", ("time_stamps",)),
    "date(1)": (b"Sun Nov 29 03:12:03 UTC 2026", b"Mon Nov 30 04:00:00 UTC 2026", ("time_stamps",)),
    "ISO 8601": (b"at 2026-11-29T03:12:03Z.", b"at 2026-11-29T03:12:04.5+01:00.", ("time_stamps",)),
    "__DATE__ in a program": (b"\0Nov 29 2026\0\x01", b"\0Nov  3 2026\0\x01", ("time_stamps",)),
    "a temporary directory": (b"\0/tmp/tmp.aB3dEf/x.c\0", b"\0/tmp/tmp.Zz9yXw/x.c\0", ("build_paths",)),
    "a UUID": (
        b"id=0f8fad5b-d9cb-469f-a165-70867728950e",
        b"id=7c9e6679-7425-40de-944b-e07fc1f90ae7",
        ("random_ids",),
    ),
    "order of lines": (b"a\nb\nc\n", b"c\na\nb\n", ("order",)),
    "order of keys": (b'{"a": 1, "b": 2}', b'{"b": 2, "a": 1}', ("order",)),
    "two causes": (b"1795921923 /tmp/a/x", b"1795921924 /tmp/b/x", ("time_stamps", "build_paths")),
    "gzip's time": (gzip.compress(b"x" * 99, mtime=1), gzip.compress(b"x" * 99, mtime=2), ("gzip_header",)),
    "gzip's level": (
        gzip.compress(b"xyz" * 999, 1, mtime=0),
        gzip.compress(b"xyz" * 999, 9, mtime=0),
        # The level is a byte of the header too (RFC 1952, XFL), which alone is no cause.
        ("compression",),
    ),
    "in gzip": (gzip.compress(b"1795921923", mtime=0), gzip.compress(b"1795921924", mtime=0), ("time_stamps",)),
    "times of a zip": (zipped(A, B), zipped(A, B, year=2027), ("member_times",)),
    "order of a zip": (zipped(A, B), zipped(B, A), ("member_order",)),
    "modes of a zip": (zipped(A), zipped(A, mode=0o600), ("member_owners",)),
    "in a zip": (zipped(("a", b"1795921923")), zipped(("a", b"1795921924")), ("time_stamps",)),
    "times of a tar": (tarred(A, B, time=1), tarred(A, B, time=2), ("member_times",)),
    "order of a tar": (tarred(A, B), tarred(B, A), ("member_order",)),
    "owners of a tar": (tarred(A), tarred(A, owner="build"), ("member_owners",)),
    "a compressed tar": (
        gzip.compress(tarred(A, B, time=1), mtime=1),
        gzip.compress(tarred(B, A, time=2), mtime=2),
        ("gzip_header", "member_times", "member_order"),
    ),
    "times of .pyc": (compiled(b"code"), compiled(b"code", time=2), ("pyc_times",)),
    "sets in .pyc": (
        compiled(marshal.dumps(("a", "b"))),
        compiled(marshal.dumps(("b", "a"))),
        ("pyc_order",),
    ),
    # What is not explained.
    "other words": (b"first\n", b"second\n", ()),
    "a time and other words": (b"1795921923 first", b"1795921924 second", ()),
    "other members": (zipped(A), zipped(B), ()),
    "other content in a zip": (zipped(A), zipped(("a", b"other")), ()),
    "other code": (compiled(b"abcd"), compiled(b"abce"), ()),
    "no archive after all": (b"PK\x03\x04 1795921923", b"PK\x03\x04 1795921924", ("time_stamps",)),
    "a short number": (b"12345", b"12346", ()),
}


@pytest.mark.parametrize("case", CASES)
def test_a_cause_is_named_where_it_explains_the_difference(case: str) -> None:
    first, second, causes = CASES[case]
    assert causes_of(first, second) == causes
    assert set(causes_of(second, first)) == set(causes)


def test_each_cause_is_tried() -> None:
    assert {cause for *_, causes in CASES.values() for cause in causes} == CAUSES.keys()


@given(
    st.binary(max_size=60), st.binary(max_size=60), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"ab\r\n"])
)
def test_whatever_a_build_made_is_compared(first: bytes, second: bytes, magic: bytes) -> None:
    assert causes_of(magic + first, magic + first) == ()
    assert set(causes_of(magic + first, magic + second)) <= CAUSES.keys()


@given(st.data(), st.sampled_from([zipped(A, B), tarred(A, B), gzip.compress(tarred(A), mtime=0), compiled(b"code")]))
def test_a_damaged_archive_is_compared(data: st.DataObject, archive: bytes) -> None:
    place = data.draw(st.integers(0, len(archive) - 1))
    damaged = archive[:place] + data.draw(st.binary(max_size=4)) + archive[place + 1 :]
    assert set(causes_of(archive, damaged)) <= CAUSES.keys()
