"""What a publication does when nothing goes wrong, and what it refuses."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from devkeel.errors import Conflict, ProjectError, UsageError
from devkeel.project.root import digest
from devkeel.transaction import FileChange, Transactions, files

Bench = Any
pytestmark = pytest.mark.usefixtures("_kernel")


def test_one_file_gets_its_new_bytes_and_the_operation_says_so(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n"})
    record = bench.record(reason="because")
    operation = bench.transactions.publish([bench.change("devenv.nix", "new\n")], record)
    assert bench.text("devenv.nix") == "new\n"
    assert bench.names() == {"devenv.nix"}
    assert (operation.kind, operation.actor, operation.reason) == ("edit", "a test", "because")
    assert operation.edits == record.edits
    assert operation.report == record.report
    (image,) = operation.files
    assert (image.path, image.before_hash, image.after_hash) == ("devenv.nix", digest(b"old\n"), digest(b"new\n"))
    assert bench.transactions.operation(operation.id) == operation
    assert bench.transactions.images(operation) == [FileChange("devenv.nix", b"old\n", b"new\n")]


def test_three_files_change_together_one_made_one_changed_one_removed(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n", "old.nix": "gone\n"})
    changes = [
        bench.change("devenv.nix", "new\n"),
        bench.change("nix/parts/made.nix", "made\n"),
        bench.change("old.nix", None),
    ]
    operation = bench.transactions.publish(changes, bench.record())
    assert bench.texts("devenv.nix", "nix/parts/made.nix", "old.nix") == ("new\n", "made\n", None)
    assert bench.names() == {"devenv.nix", "nix", "nix/parts", "nix/parts/made.nix"}
    assert bench.transactions.images(operation) == changes
    assert bench.transactions.operation(operation.id) == operation


@pytest.mark.fault(14, 15, 16, 17)
def test_bytes_are_bytes(bench: Bench) -> None:
    # nothing is decoded on the way
    before, after = b"\xef\xbb\xbfa\r\nb\n\tc", b"\xff\x00\r\n" * 100_000
    (bench.root / "devenv.nix").write_bytes(before)
    operation = bench.transactions.publish([FileChange("devenv.nix", before, after)], bench.record())
    assert (bench.root / "devenv.nix").read_bytes() == after
    assert bench.transactions.images(operation)[0].before == before


def test_the_state_directory_ignores_itself(bench: Bench) -> None:
    bench.edit("devenv.nix", "new\n")
    assert (bench.root / ".devkeel" / ".gitignore").read_text() == "*\n"


@pytest.mark.fault(13, 20)
def test_mode_and_attributes_stay_and_the_time_moves_on(bench: Bench) -> None:
    # a watcher must see that something changed
    bench.write({"devenv.nix": "old\n"})
    path = bench.root / "devenv.nix"
    path.chmod(0o751)
    os.setxattr(path, "user.origin", b"a human")
    os.utime(path, ns=(0, 2**62))
    operation = bench.transactions.publish([bench.change("devenv.nix", "new\n")], bench.record())
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert os.getxattr(path, "user.origin") == b"a human"
    assert path.stat().st_mtime_ns > 2**62
    assert (operation.files[0].mode_before, operation.files[0].mode_after) == (0o751, 0o751)
    assert operation.notes == ()


def test_an_owner_that_cannot_be_kept_is_reported(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write({"devenv.nix": "old\n"})
    monkeypatch.setattr(files, "_copy_owner", lambda *_: False)
    operation = bench.transactions.publish([bench.change("devenv.nix", "new\n")], bench.record())
    assert len(operation.notes) == 1


def test_the_owner_stays(bench: Bench) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    bench.write({"devenv.nix": "old\n"})
    os.chown(bench.root / "devenv.nix", 1234, 2345)
    bench.edit("devenv.nix", "new\n")
    info = (bench.root / "devenv.nix").stat()
    assert (info.st_uid, info.st_gid) == (1234, 2345)


def test_a_new_file_has_the_mode_that_the_umask_leaves(bench: Bench) -> None:
    old = os.umask(0o027)
    try:
        operation = bench.transactions.publish([bench.change("devenv.nix", "new\n")], bench.record())
    finally:
        os.umask(old)
    assert stat.S_IMODE((bench.root / "devenv.nix").stat().st_mode) == 0o640
    assert operation.files[0].mode_after == 0o640
    assert bench.transactions.operation(operation.id).files[0].mode_after == 0o640


def test_undoing_a_removal_brings_the_mode_back(bench: Bench) -> None:
    bench.write({".envrc": "use devenv\n"})
    (bench.root / ".envrc").chmod(0o750)
    bench.reverse(bench.edit(".envrc", None), "undo")
    assert bench.text(".envrc") == "use devenv\n"
    assert stat.S_IMODE((bench.root / ".envrc").stat().st_mode) == 0o750


@pytest.mark.fault(18)
@pytest.mark.parametrize(("before", "there"), [(b"expected\n", b"other\n"), (b"expected\n", None), (None, b"other\n")])
def test_a_conflict_leaves_everything_as_it_was(bench: Bench, before: bytes | None, there: bytes | None) -> None:
    bench.write({"devenv.yaml": "inputs: {}\n"})
    path = bench.root / "devenv.nix"
    if there is not None:
        path.write_bytes(there)
        path.chmod(0o604)
    facts = {item: (item.stat().st_mode, item.stat().st_mtime_ns, item.stat().st_ino) for item in bench.root.iterdir()}
    with pytest.raises(Conflict) as caught:
        bench.transactions.publish(
            [bench.change("devenv.yaml", "new\n"), FileChange("devenv.nix", before, b"mine\n")], bench.record()
        )
    assert caught.value.code == "file_changed"
    details = caught.value.details
    assert details["path"] == "devenv.nix"
    assert details["expected"] == (None if before is None else digest(before))
    assert details["found"] == (None if there is None else digest(there))
    assert {item: (item.stat().st_mode, item.stat().st_mtime_ns, item.stat().st_ino) for item in facts} == facts
    assert bench.names() == {item.name for item in facts}
    assert bench.transactions.history() == []


def test_a_conflict_shows_what_somebody_else_changed(bench: Bench) -> None:
    bench.write({"devenv.nix": "a\nb\n"})
    with pytest.raises(Conflict) as caught:
        bench.transactions.publish([FileChange("devenv.nix", b"a\nc\n", b"mine\n")], bench.record())
    assert {"-c", "+b"} <= set(caught.value.details["diff"].splitlines())


def test_the_diff_of_a_conflict_is_capped_and_left_out_for_other_than_text(bench: Bench) -> None:
    for there, check in ((b"\xff", lambda diff: diff is None), (b"long\n" * 4000, lambda diff: len(diff) < 10_000)):
        (bench.root / "devenv.nix").write_bytes(there)
        with pytest.raises(Conflict) as caught:
            bench.transactions.publish([FileChange("devenv.nix", b"x\n", b"mine\n")], bench.record())
        assert check(caught.value.details["diff"])


def test_a_file_that_is_only_compared_must_be_as_expected(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n", "devenv.yaml": "other\n"})
    expected = FileChange("devenv.yaml", b"expected\n", b"expected\n")
    with pytest.raises(Conflict):
        bench.transactions.publish([bench.change("devenv.nix", "new\n"), expected], bench.record())
    bench.write({"devenv.yaml": "expected\n"})
    operation = bench.transactions.publish([bench.change("devenv.nix", "new\n"), expected], bench.record())
    assert [image.path for image in operation.files] == ["devenv.nix"]


@pytest.mark.fault(12)
def test_a_hard_link_is_refused(bench: Bench) -> None:
    # rename would part the two names
    bench.write({"devenv.nix": "old\n"})
    os.link(bench.root / "devenv.nix", bench.root / "other")
    with pytest.raises(ProjectError) as caught:
        bench.edit("devenv.nix", "new\n")
    assert caught.value.code == "hard_link"
    assert bench.texts("devenv.nix", "other") == ("old\n", "old\n")


def test_a_directory_that_is_not_writable_is_refused_before_anything_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # row 8; root may write anywhere, so the answer of access() is what is set here
    bench.write({"devenv.nix": "old\n"})
    bench.edit("devenv.nix", "older\n")
    monkeypatch.setattr("devkeel.transaction.comparison.os.access", lambda *_args, **_more: False)
    monkeypatch.setattr(os, "supports_effective_ids", {os.access})
    before = bench.names()
    with pytest.raises(ProjectError) as caught:
        bench.edit("devenv.nix", "new\n")
    assert caught.value.code == "not_writable"
    assert (bench.text("devenv.nix"), bench.names()) == ("older\n", before)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EFBIG, "disk_full"),
        (errno.EIO, "write_failed"),
        (errno.EROFS, "not_writable"),
        (errno.EACCES, "not_writable"),
    ],
)
@pytest.mark.fault(6, 7, 8, 46)
def test_a_failing_write_is_told_apart(bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int, code: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    bench.write({"devenv.nix": "old\n"})
    monkeypatch.setattr(files, "write_all", fail)
    with pytest.raises(ProjectError) as caught:
        bench.edit("devenv.nix", "new\n")
    assert caught.value.code == code
    assert bench.text("devenv.nix") == "old\n"
    assert bench.names() == {"devenv.nix"}
    assert not bench.transactions.recovery_pending()


@pytest.mark.fault(9)
def test_a_write_that_takes_fewer_bytes_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr("devkeel.transaction.files.os.write", lambda fd, data: write(fd, bytes(data)[:7]))
    bench.edit("devenv.nix", "a text of more than seven bytes\n")
    assert bench.text("devenv.nix") == "a text of more than seven bytes\n"


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
def test_what_is_no_regular_file_is_not_replaced(bench: Bench, kind: str) -> None:
    path = bench.root / "sub" / "devenv.nix"
    path.parent.mkdir()
    bench.write({"target": "old\n"})
    match kind:
        case "directory":
            path.mkdir()
        case "link":
            # the path was resolved before; the link came later
            path.symlink_to(bench.root / "target")
        case _:
            os.mkfifo(path)
    with pytest.raises((ProjectError, UsageError)):
        bench.transactions.publish([FileChange("sub/devenv.nix", b"old\n", b"new\n")], bench.record())
    assert bench.text("target") == "old\n"


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../b", ".git/config", ".devkeel/x", "./devenv.nix"])
def test_a_path_that_leads_elsewhere_is_refused(bench: Bench, path: str) -> None:
    with pytest.raises((ProjectError, UsageError)):
        bench.transactions.publish([FileChange(path, None, b"new\n")], bench.record())


def test_a_request_that_changes_nothing_or_one_file_twice_is_refused(bench: Bench) -> None:
    change = FileChange("devenv.nix", None, b"new\n")
    for changes, code in (
        ([], "nothing_to_publish"),
        ([FileChange("devenv.nix", None, None)], "nothing_to_publish"),
        ([change, change], "duplicate_path"),
    ):
        with pytest.raises(UsageError) as caught:
            bench.transactions.publish(changes, bench.record())
        assert caught.value.code == code


@pytest.mark.fault(44)
def test_the_project_may_be_gone(bench: Bench) -> None:
    bench.root.rmdir()
    with pytest.raises(ProjectError) as caught:
        bench.transactions.publish([FileChange("devenv.nix", None, b"new\n")], bench.record())
    assert caught.value.code == "root_not_found"
    assert not bench.root.exists()


def test_no_descriptor_stays_open(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n"})
    bench.edit("devenv.nix", "new\n")
    count = len(list(Path("/proc/self/fd").iterdir()))
    bench.edit("devenv.nix", "newer\n")
    with pytest.raises(Conflict):
        bench.transactions.publish([FileChange("devenv.nix", b"x", b"y")], bench.record())
    assert len(list(Path("/proc/self/fd").iterdir())) == count


@pytest.mark.fault(45)
def test_odd_names_are_names(bench: Bench) -> None:
    for name in ("é ü.nix", "n" * 251 + ".nix", "a%20b?mode=rw#.nix"):
        bench.edit(name, "new\n")
        assert bench.text(name) == "new\n"


def test_a_project_whose_own_path_is_odd_keeps_its_records(bench: Bench, tmp_path: Path) -> None:
    root = tmp_path / "a?b%20 #ü"
    root.mkdir()
    with Transactions(type(bench.transactions.project)(root)) as transactions:
        transactions.publish([FileChange("devenv.nix", None, b"new\n")], bench.record())
        assert len(transactions.history()) == 1
    assert (root / ".devkeel" / "state.db").exists()
