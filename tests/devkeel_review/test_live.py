"""A page follows the project, whoever changes it: other processes, while it slept, with others, where nothing tells."""

from __future__ import annotations

import gc
import json
import shutil
import tracemalloc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import watchfiles
from tests.devkeel_mcp.wire import Wire

from devkeel_review.live import Live
from devkeel_review.marks import MARKS
from devkeel_review.review import Review
from devkeel_review.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("review-live")]
LONG = 60.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text("{ }\n")
    return tmp_path


class Follower:
    """One who follows, and what it knows."""

    def __init__(self, live: Live, known: Callable[[], bool] = lambda: True) -> None:
        self.events = live.follow(known)
        self.marks: dict[str, str] = {}

    async def next(self) -> dict[str, str]:
        """Return the marks of the next event."""
        with anyio.fail_after(LONG):
            async for event in self.events:
                data = [line for line in event.split("\n") if line.startswith("data: ")]
                if data:
                    self.marks = json.loads(data[0][6:])
                    return self.marks
        raise AssertionError("it has ended")

    async def until(self, *names: str) -> set[str]:
        """Wait until all of these have changed, and return all that have."""
        before = self.marks
        changed: set[str] = set()
        while not changed >= set(names):
            now = await self.next()
            changed |= {name for name in now if now[name] != before.get(name)}
        return changed


@asynccontextmanager
async def following(root: Path, number: int = 1) -> AsyncIterator[tuple[Live, list[Follower]]]:
    """Follow a project; all have the marks as they are."""
    live = Live(Review(root, "tester"))
    async with anyio.create_task_group() as group:
        group.start_soon(live.watch)
        found = [Follower(live) for _ in range(number)]
        for item in found:
            await item.next()
        yield live, found
        live.end()
        for item in found:
            await item.events.aclose()  # type: ignore[attr-defined]


def test_what_views_follow_has_marks() -> None:
    for view in VIEWS.values():
        assert set(view.follows) <= set(MARKS), view.name


async def test_each_who_follows_hears_of_each_change(root: Path) -> None:
    async with following(root, 3) as (live, pages):
        assert live.followers == 3
        assert {frozenset(page.marks) for page in pages} == {frozenset(MARKS)}
        for text in ("{ a = 1; }\n", "{ a = 2; }\n"):
            (root / "devenv.nix").write_text(text)
            for page in pages:
                assert await page.until("declaration") == {"declaration"}
        assert pages[0].marks == pages[1].marks == pages[2].marks


async def test_an_operation_of_another_process_is_seen_with_every_listener_off(root: Path) -> None:
    async with following(root) as (_, [page]):
        with Wire(root, client="agent") as agent:
            await anyio.to_thread.run_sync(lambda: agent.told("add_packages", names=["jq"]))
            assert {"history", "declaration"} <= await page.until("history", "declaration")


async def test_records_that_are_made_later_removed_and_made_anew_are_followed(root: Path) -> None:
    state = root / ".devkeel"
    async with following(root) as (_, [page]):
        for _ in range(2):
            (state / "jobs").mkdir(parents=True)
            (state / "jobs" / "0a.json").write_text("{}")
            await page.until("jobs")
            (state / "gates.json").write_text("{}")
            await page.until("gates")
            shutil.rmtree(state)
            await page.until("jobs", "gates")


async def test_a_directory_that_is_imported_later_is_followed(root: Path) -> None:
    async with following(root) as (_, [page]):
        (root / "nix").mkdir()
        (root / "nix" / "db.nix").write_text("{ }\n")
        (root / "devenv.nix").write_text("{ imports = [ ./nix/db.nix ]; }\n")
        await page.until("declaration")
        (root / "nix" / "db.nix").write_text("{ b = 1; }\n")
        await page.until("declaration")


async def test_a_project_that_is_moved_away_and_back_is_followed(root: Path) -> None:
    inner = root / "inner"
    inner.mkdir()
    (inner / "devenv.nix").write_text("{ }\n")
    async with following(inner) as (_, [page]):
        inner.rename(root / "away")
        await page.until("declaration")
        (root / "away").rename(inner)
        await page.until("declaration")
        (inner / "devenv.nix").write_text("{ a = 1; }\n")
        await page.until("declaration")


async def test_where_the_system_has_no_watch_left_the_server_looks_by_itself(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that uses up what a user may have would take it from all others."""

    def none_left(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watchfiles, "awatch", none_left)
    async with following(root) as (_, [page]):
        (root / "devenv.nix").write_text("{ a = 1; }\n")
        await page.until("declaration")
        monkeypatch.undo()
        (root / "devenv.nix").write_text("{ a = 2; }\n")
        await page.until("declaration")


async def test_a_file_system_that_tells_nothing_is_looked_at_now_and_then(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    real = watchfiles.awatch
    monkeypatch.setattr(watchfiles, "awatch", lambda *_, **given: real(elsewhere, **given))
    async with following(root) as (_, [page]):
        (root / "devenv.nix").write_text("{ a = 1; }\n")
        await page.until("declaration")


async def test_settings_that_cannot_be_read_end_no_watch(root: Path) -> None:
    async with following(root) as (_, [page]):
        (root / "devkeel.toml").write_text("roles = 1\n[")
        await page.until("declaration")
        (root / "devkeel.toml").unlink()
        await page.until("declaration")


async def test_nothing_is_watched_while_no_page_is_open(root: Path) -> None:
    live = Live(Review(root, "tester"))
    async with anyio.create_task_group() as group:
        group.start_soon(live.watch)
        await anyio.wait_all_tasks_blocked()
        assert live.followers == 0
        page = Follower(live)
        first = await page.next()
        await page.events.aclose()  # type: ignore[attr-defined]
        assert live.followers == 0
        # What happened meanwhile is in the first event of who comes back.
        (root / "devenv.nix").write_text("{ a = 1; }\n")
        assert (await Follower(live).next())["declaration"] != first["declaration"]
        live.end()


async def test_who_is_signed_out_is_let_go(root: Path) -> None:
    known = [True]
    live = Live(Review(root, "tester"))
    async with anyio.create_task_group() as group:
        group.start_soon(live.watch)
        page = Follower(live, lambda: known[0])
        await page.next()
        known[0] = False
        (root / "devenv.nix").write_text("{ a = 1; }\n")
        with anyio.fail_after(LONG):
            assert [event async for event in page.events] == []
        live.end()


async def test_hundreds_of_events_leave_nothing_behind(root: Path) -> None:
    """Those who do not read miss what was between, and cost nothing."""
    (root / ".devkeel").mkdir()
    gates = root / ".devkeel" / "gates.json"
    async with following(root, 10) as (live, pages):
        taken: list[int] = []
        tracemalloc.start()
        for number in range(300):
            gates.write_text(" " * (number % 7 + 1))
            await live.look()
            if number % 30 == 0:
                await pages[0].until("gates")
            if number in (59, 299):
                gc.collect()
                # Blocks, not bytes: a table of the interpreter doubles now and then.
                taken.append(sum(item.count for item in tracemalloc.take_snapshot().statistics("lineno")))
        tracemalloc.stop()
        assert taken[1] - taken[0] < 200
        for page in pages:
            await page.until("gates")
        assert len({page.marks["gates"] for page in pages}) == 1
