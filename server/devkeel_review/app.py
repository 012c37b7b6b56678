"""The application: addresses of the page, and how a view is read, an act done and a change followed."""

from __future__ import annotations

import json
import logging
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from devkeel import __version__
from devkeel.errors import DevkeelError, PolicyRefused, UsageError
from devkeel_review.acts import ACTS
from devkeel_review.attendance import Attendance, Followed
from devkeel_review.front import Front, signed_in
from devkeel_review.live import Live
from devkeel_review.logs import Logs
from devkeel_review.rendering import render
from devkeel_review.sessions import Sessions, TooManyTriesError
from devkeel_review.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from devkeel_review.review import Review

__all__ = ["ServedPage"]

logger = logging.getLogger(__name__)
_THREADS = 150
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class ServedPage:
    """One page with those who are signed in. port: where it is served, on loopback. name: of its own, beside that."""

    def __init__(self, review: Review, port: int, name: str = "") -> None:
        self._review = review
        self._sessions = Sessions()
        self._live = Live(review)
        self._logs = Logs(review)
        self._attendance = Attendance(review)
        self._cookie = f"devkeel-{port}"
        self._name = name

    @property
    def token(self) -> str:
        """What opens it, behind the `#` of its address."""
        return self._sessions.token

    @property
    def application(self) -> ASGIApp:
        """The ASGI application."""
        inner = Starlette(
            routes=[
                Route("/", self._shell),
                Route("/assets/{name}", self._asset),
                Route("/session", self._sign_in, methods=["POST"]),
                Route("/view/{name}", self._view),
                Route("/do/{name}", self._act, methods=["POST"]),
                Route("/events", self._events),
                Route("/log/follow", self._log),
            ],
            lifespan=self._living,
        )
        inner.router.redirect_slashes = False  # each place has one name
        return Front(inner, cookie=self._cookie, sessions=self._sessions, name=self._name)

    @asynccontextmanager
    async def _living(self, _: Starlette) -> AsyncIterator[None]:
        # Each log that is followed keeps a thread in its watch; the views must not wait for one of those.
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        async with anyio.create_task_group() as group:
            group.start_soon(self._live.watch)
            group.start_soon(self._attendance.keep)
            try:
                yield
            finally:
                self.end()
                group.cancel_scope.cancel()

    def end(self) -> None:
        """Let those go who follow."""
        self._live.end()
        self._logs.end()

    async def _shell(self, _: Request) -> Response:
        """Answer with what has nothing of the project in it: its script asks for the rest."""
        return HTMLResponse(render("shell.html", {"views": VIEWS.values(), "version": __version__}))

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        kind = _KINDS.get(name.rpartition(".")[2])
        # By the names that there are, so that none leads out of the directory.
        found = next((item for item in (files("devkeel_review") / "assets").iterdir() if item.name == name), None)
        if kind is None or found is None:
            return JSONResponse({"code": "no_asset"}, 404)
        return Response(found.read_bytes(), media_type=kind)

    async def _sign_in(self, request: Request) -> Response:
        fields = await _fields(request)
        try:
            signed = self._sessions.sign_in(fields.get("token", ""), request.cookies.get(self._cookie))
        except TooManyTriesError:
            return JSONResponse({"code": "too_many_tries"}, 429, {"Retry-After": "1"})
        if signed is None:
            return JSONResponse({"code": "wrong_token"}, 401)
        answer = JSONResponse({"page": signed.page, "may": sorted(self._review.may)})
        answer.set_cookie(self._cookie, signed.cookie, httponly=True, samesite="strict")
        return answer

    async def _view(self, request: Request) -> Response:
        view = VIEWS.get(request.path_params["name"])
        if view is None:
            return await self._failed(_unknown("view", tuple(VIEWS)), 404)
        query = dict(request.query_params)
        return await self._answer(view.template, lambda: view.read(self._review, query), {"view": view})

    async def _act(self, request: Request) -> Response:
        act = ACTS.get(request.path_params["name"])
        if act is None:
            return await self._failed(_unknown("act", tuple(ACTS)), 404)
        if act.needs is not None and act.needs not in self._review.may:
            return await self._failed(_not_started(act.needs), 403)
        fields = await _fields(request)
        answer = await self._answer(act.template, lambda: act.do(self._review, fields), {})
        await self._live.look()
        return answer

    async def _answer(
        self, template: str, read: Callable[[], Mapping[str, Any]], beside: Mapping[str, Any]
    ) -> Response:
        """Read in a thread, and answer with a fragment; what is raised is a fragment too."""
        try:
            # What was begun is ended, whatever becomes of the page that asked.
            values = await anyio.to_thread.run_sync(read, abandon_on_cancel=False)
            told = {"may": self._review.may, **beside, **values}
            return HTMLResponse(await anyio.to_thread.run_sync(render, template, told))
        except DevkeelError as error:
            return await self._failed(error, 403 if isinstance(error, PolicyRefused) else 409)
        except Exception as error:
            logger.exception("the page met an unexpected error")
            return await self._failed(_unexpected(error), 500)

    async def _failed(self, error: DevkeelError, status: int) -> Response:
        told = self._review.disclosure.error(error)
        return HTMLResponse(render("error.html", {"error": told}), status)

    async def _events(self, request: Request) -> Response:
        if self._live.full:
            return JSONResponse({"code": "too_many_pages"}, 503, {"Retry-After": "5"})
        told = self._live.follow(lambda: signed_in(request.headers, self._cookie, self._sessions))
        return Followed(told, self._attendance)

    async def _log(self, request: Request) -> Response:
        if self._logs.full:
            return JSONResponse({"code": "too_many_pages"}, 503, {"Retry-After": "5"})
        try:
            told = self._logs.follow(
                request.query_params.getlist("of"), lambda: signed_in(request.headers, self._cookie, self._sessions)
            )
        except UsageError as error:
            return await self._failed(error, 404)
        return StreamingResponse(told, media_type="text/event-stream")


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form, as its script sends them; nothing of what is not such an object."""
    try:
        found = json.loads(await request.body())
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _unknown(what: str, known: tuple[str, ...]) -> UsageError:
    return UsageError(
        "unknown_view", f"The page has no such {what}.", remedy="Begin at its first view.", alternatives=known
    )


def _unexpected(error: Exception) -> DevkeelError:
    return DevkeelError(
        "internal_error",
        f"devkeel met an unexpected error ({type(error).__name__}): what was printed where it was started has it.",
        remedy="Look at what is there before you repeat what you asked for, and report it.",
    )


def _not_started(flag: str) -> PolicyRefused:
    return PolicyRefused(
        "not_offered",
        f"The page was started without --{flag}.",
        remedy=f"Start it with --{flag}: `devkeel review --{flag}`.",
    )
