"""Who asks a person knows whether one is there: from the first page that follows to a while after the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import pytest

from devkeel.proposals.presence import attended
from devkeel_review.attendance import Attendance
from devkeel_review.review import Review

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def until(root: Path, *, there: bool) -> None:
    with anyio.fail_after(60):
        while await anyio.to_thread.run_sync(attended, root) is not there:  # noqa: ASYNC110  (nothing says so)
            await anyio.sleep(0.01)


async def test_a_person_is_there_while_a_page_follows(tmp_path: Path) -> None:
    attendance = Attendance(Review(tmp_path, "a person", frozenset({"write"})), back=0.0)
    (tmp_path / "devenv.nix").write_text("{ }\n")
    async with anyio.create_task_group() as group:
        group.start_soon(attendance.keep)
        for _ in range(2):
            attendance.comes()
            await until(tmp_path, there=True)
            attendance.comes()
            attendance.goes()
            await anyio.wait_all_tasks_blocked()
            assert attended(tmp_path)
            attendance.goes()
            await until(tmp_path, there=False)
        attendance.comes()
        await until(tmp_path, there=True)
        group.cancel_scope.cancel()
    assert not attended(tmp_path)
    assert not (tmp_path / ".devkeel").exists()


async def test_a_page_that_is_read_anew_was_never_away(tmp_path: Path) -> None:
    attendance = Attendance(Review(tmp_path, "a person", frozenset({"write"})))
    (tmp_path / "devenv.nix").write_text("{ }\n")
    async with anyio.create_task_group() as group:
        group.start_soon(attendance.keep)
        attendance.comes()
        await until(tmp_path, there=True)
        attendance.goes()
        await anyio.wait_all_tasks_blocked()
        assert attended(tmp_path)
        attendance.comes()
        await anyio.wait_all_tasks_blocked()
        assert attended(tmp_path)
        group.cancel_scope.cancel()


async def test_a_page_that_only_looks_is_not_counted(tmp_path: Path) -> None:
    attendance = Attendance(Review(tmp_path, "a person", frozenset({"execute"})))
    attendance.comes()
    await attendance.keep()
    assert not attended(tmp_path)
