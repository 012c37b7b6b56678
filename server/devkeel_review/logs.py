"""Logs as they grow: one stream for all that a page shows, read on by cursors when something was written."""

from __future__ import annotations

import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import anyio
import anyio.to_thread
from msgspec import Struct

from devkeel.errors import DevkeelError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from devkeel.api import Environment
    from devkeel_review.review import Review

__all__ = ["Logs"]

# Milliseconds: what is written meanwhile comes as one, and after which it is looked whether the directories are others.
_DEBOUNCE = 150
_LOOK = 1_000
_SELDOM = 4  # so many of those looks are one for what no event told
_SILENCE = 15.0
_AGAIN = 1.0  # seconds until a directory may be there that is not
_MOST_PAGES = 50
_AT_ONCE = 64_000  # bytes of one stream of a process in one event
_FIRST = 16_000  # bytes from the end with which the log of a job begins
_MOST = 32
_PIECES = 4  # of these in one read, and reads of a log one after the other
_ROUNDS = 3
_BEHIND = 128_000  # bytes that a page may be behind the end of a log, until the middle is left out
_UNFINISHED = 2.0  # seconds for which a line may lack its end until it is shown without
_WHAT = ("process", "job")


class _Following(Struct):
    """One log that is followed. address: as the page names it. cursor: where it goes on. over: whether it has ended.

    more: whether there is more of it already. rest: a line without an end behind the cursor, as last `looked` at.
    shown: whether the page has it.
    """

    address: str
    what: str
    name: str
    cursor: str
    over: bool = False
    more: bool = False
    rest: list[list[str]] = []
    looked: float = 0.0
    shown: bool = True

    def event(self, parts: list[list[str]], *, cut: bool = False, anew: bool = False) -> dict[str, Any]:
        """Return the event of what came: whole lines, so that what is masked in them is never cut in two."""
        self.rest, self.shown = [], True
        facts = {"cursor": self.cursor, "cut": cut, "anew": anew, "over": self.over}
        return {"of": self.address, "parts": parts, "rest": [], **facts}

    def is_due(self) -> bool:
        """Return whether to look for a line without an end: a question of a program, a bar of its progress."""
        now = time.monotonic()
        if now - self.looked < _UNFINISHED:
            return False
        self.looked = now
        return True

    def unfinished(self, rest: list[list[str]]) -> Iterator[dict[str, Any]]:
        """Yield the event of a line without an end that has stood so for a while; the next one takes its place."""
        stands, self.shown = rest == self.rest, self.shown and rest == self.rest
        self.rest = rest
        if stands and not self.shown:
            self.shown = True
            facts = {"cursor": self.cursor, "cut": False, "anew": False, "over": False}
            yield {"of": self.address, "parts": [], "rest": rest, **facts}

    def waiting(self, message: str) -> Iterator[dict[str, Any]]:
        """Yield once why there is nothing of it yet; the next event takes its place."""
        rest = [["waiting", message]]
        if self.rest != rest:
            self.rest, self.shown = rest, True
            yield {
                "of": self.address,
                "parts": [],
                "rest": rest,
                "cursor": "",
                "cut": False,
                "anew": False,
                "over": False,
            }


class Logs:
    """The logs of one project, for all pages."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._ended = anyio.Event()
        self._followers = 0

    @property
    def full(self) -> bool:
        """Whether as many follow as may."""
        return self._followers >= _MOST_PAGES

    def end(self) -> None:
        """Let everybody go."""
        self._ended.set()

    def follow(self, addresses: Sequence[str], known: Callable[[], bool]) -> AsyncIterator[str]:
        """Return server-sent events `log` with what came since the cursors, then what comes, until all logs have ended.

        addresses: such as `process?name=redis&cursor=…`. known: whether who follows may do so still. Data: `of`, the
        address without its cursor; `parts`, each a stream and its text; `rest`, the same of a line without an end yet,
        in place of which the next event stands; `cursor`, to go on from; `cut`, whether something before was left out;
        `anew`, whether the log was begun again; `over`.

        Raises UsageError `unknown_view`.
        """
        return self._events([_following(item) for item in addresses], known)

    async def _events(self, logs: Sequence[_Following], known: Callable[[], bool]) -> AsyncIterator[str]:
        said = anyio.current_time()
        self._followers += 1
        try:
            async with aclosing(self._written()) as written:
                async for _ in written:
                    if not known():
                        return
                    async for event in self._fresh(logs):
                        said = anyio.current_time()
                        yield f"event: log\ndata: {json.dumps(event)}\n\n"
                    if all(log.over for log in logs):
                        return
                    if anyio.current_time() - said > _SILENCE:
                        said = anyio.current_time()
                        yield ": here\n\n"
        finally:
            self._followers -= 1

    async def _fresh(self, logs: Sequence[_Following]) -> AsyncIterator[dict[str, Any]]:
        """Yield what came to the logs since the last look, of each a bounded part."""
        for log in logs[:_MOST]:
            for _ in range(_ROUNDS):
                for event in await anyio.to_thread.run_sync(self._news, log):
                    yield event
                if not log.more:
                    break
        for log in logs[_MOST:]:
            if not log.over:
                yield _failed(log, f"A page follows {_MOST} logs at once: close another one.")

    async def _written(self) -> AsyncGenerator[None]:
        """Yield at first, whenever something may have been written to a log, and now and then, until the end."""
        yield
        while not self._ended.is_set():
            places = await anyio.to_thread.run_sync(self._places)
            try:
                async with aclosing(self._watched(places)) as seen:
                    async for _ in seen:
                        yield
            except OSError:
                # inotify(7): a user has so many watches (ENOSPC) and instances (EMFILE); or a directory has gone.
                places = ()
            if not places:
                with anyio.move_on_after(_AGAIN):
                    await self._ended.wait()
                yield

    async def _watched(self, places: tuple[tuple[Path, int], ...]) -> AsyncGenerator[None]:
        """Yield when something in these directories changes, and now and then, until they are others."""
        from watchfiles import awatch  # noqa: PLC0415  (14 ms, and only where a page is served)

        if not places:
            return
        seen = awatch(
            *(place for place, _ in places),
            watch_filter=None,
            recursive=False,
            debounce=_DEBOUNCE,
            step=_DEBOUNCE // 3,
            # Its thread hears no cancellation, so that this is how long it outlives who followed.
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            stop_event=self._ended,
        )
        quiet = 0
        async with aclosing(seen):
            async for changes in seen:
                quiet = 0 if changes else quiet + 1
                # Whoever clears a directory away and makes another takes what is watched with it.
                if places != await anyio.to_thread.run_sync(self._places):
                    yield
                    return
                if quiet % _SELDOM == 0:
                    yield

    def _places(self) -> tuple[tuple[Path, int], ...]:
        """Return the directories of logs, each with its inode: one that was made anew has another."""
        found = self._review.call(lambda environment: environment.log_folders())
        places = []
        for item in found:
            try:
                places.append((item, item.stat().st_ino))
            except OSError:  # gone since
                continue
        return tuple(places)

    def _news(self, log: _Following) -> list[dict[str, Any]]:
        """Return what came since the last look, and keep where it went on."""
        if log.over:
            return []
        read = _of_process if log.what == "process" else _of_job
        try:
            return self._review.call(lambda environment: list(read(environment, log)))
        except DevkeelError as error:
            message = self._review.disclosure.error(error).message
            return list(log.waiting(message)) if self._comes(log) else [_failed(log, message)]

    def _comes(self, log: _Following) -> bool:
        """Return whether there may be such a log later: its process is declared, and does not run yet."""
        if log.what != "process":
            return False
        return any(
            item.name == log.name for item in self._review.call(lambda environment: environment.named_processes())
        )


def _failed(log: _Following, message: str) -> dict[str, Any]:
    """Return the last event of a log that cannot be followed."""
    log.over = True
    return {"of": log.address, "parts": [], "rest": [], "cursor": log.cursor, "over": True, "error": message}


def _following(address: str) -> _Following:
    what, _, query = address.partition("?")
    asked = dict(parse_qsl(query))
    name = asked.get("id" if what == "job" else "name", "")
    if what not in _WHAT or not name:
        raise UsageError("unknown_view", "There is no such log.", seen=address[:80], remedy="Take one of the page.")
    shown = address.partition("&cursor=")[0]
    return _Following(shown, what, name, asked.get("cursor", ""))


def _of_process(environment: Environment, log: _Following) -> Iterator[dict[str, Any]]:
    (found,) = environment.processes(log.name, cursor=log.cursor or None, limit=_AT_ONCE, whole=True).logs
    first, log.cursor = not log.cursor, found.cursor
    parts = _parts(found.stdout, found.stderr)
    if parts or first or found.anew:
        yield log.event(parts, cut=found.cut, anew=found.anew)
    elif log.is_due():
        (found,) = environment.processes(log.name, cursor=log.cursor, limit=_AT_ONCE).logs
        yield from log.unfinished(_parts(found.stdout, found.stderr))


def _parts(stdout: str, stderr: str) -> list[list[str]]:
    return [[name, text] for name, text in (("stdout", stdout), ("stderr", stderr)) if text]


def _of_job(environment: Environment, log: _Following) -> Iterator[dict[str, Any]]:
    first = not log.cursor
    at = -_FIRST if first else int(log.cursor) if log.cursor.isdigit() else 0
    for _ in range(_PIECES):
        found = environment.job(log.name, cursor=at, whole=True)
        if found.state != "running" and not found.log:
            # What has been read before it had ended may lack its end, which needs no end of a line any more.
            found = environment.job(log.name, cursor=found.cursor)
            log.over = found.cursor >= found.log_bytes  # between two parts that are kept a line may lack its end too
        cut = bool(found.omitted) or (at < 0 and found.log_bytes > _FIRST)
        at, log.cursor = found.cursor, str(found.cursor)
        if found.log or log.over or first:
            yield log.event(_parts(found.log, ""), cut=cut)
        first, log.more = False, bool(found.log) and not log.over
        if not log.more:
            break
        if found.log_bytes - at > _BEHIND:  # nobody reads what comes faster; the end is what there is to see
            at = -_FIRST
    if not log.over and not log.more and log.is_due():
        yield from log.unfinished(_parts(environment.job(log.name, cursor=at).log, ""))
