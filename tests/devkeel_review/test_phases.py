"""What a manager says is looked at, and a watch that ends meanwhile leaves nothing held."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import anyio
import anyio.to_thread
import pytest

from devkeel_review.phases import follow_phases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel_review.review import Review

pytestmark = pytest.mark.anyio
LONG = 20.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Saying:
    """A review whose manager says something whenever it is let; the moment is what the test is about."""

    def __init__(self) -> None:
        self.says = threading.Semaphore(0)

    @contextmanager
    def environment(self) -> Iterator[Saying]:
        yield self

    def process_changes(self, ended: threading.Event) -> Iterator[None]:
        while not ended.is_set():
            if self.says.acquire(timeout=0.05):
                yield


async def test_a_watch_that_ends_as_a_look_begins_leaves_nothing_held() -> None:
    saying, turn, begun = Saying(), anyio.Lock(), anyio.Event()

    async def look() -> None:
        begun.set()
        async with turn:
            await anyio.to_thread.run_sync(int)

    async with anyio.create_task_group() as group:
        async with turn:
            group.start_soon(follow_phases, cast("Review", saying), look)
            saying.says.release()
            with anyio.fail_after(LONG):
                await begun.wait()
            assert turn.statistics().tasks_waiting == 1
        # The turn is the look's now, and in this very step the watch is given up.
        group.cancel_scope.cancel()
    with anyio.fail_after(LONG):
        async with turn:
            pass


async def test_what_is_said_is_looked_at_and_the_end_of_it_ends_the_watch() -> None:
    saying, looks = Saying(), list[int]()
    ends = anyio.Event()

    async def look() -> None:
        looks.append(len(looks))
        ends.set()

    async with anyio.create_task_group() as group:
        group.start_soon(follow_phases, cast("Review", saying), look)
        saying.says.release()
        with anyio.fail_after(LONG):
            await ends.wait()
        group.cancel_scope.cancel()
    assert looks == [0]
