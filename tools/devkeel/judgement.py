"""The one place where every verb is judged before it begins, and where listeners learn what came of it."""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from functools import wraps
from inspect import signature
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from msgspec import Struct

from devkeel.errors import CheckFailed, DevkeelError, Place, PolicyRefused, Refused, UsageError, standing
from devkeel.policy.actions import ACTIONS, WITHOUT_SETTINGS
from devkeel.policy.asked import in_short
from devkeel.policy.roles import LIBRARY
from devkeel.project.root import SETTINGS
from devkeel.project.settings import line_of
from devkeel.runtime import holding
from devkeel.system import precedence
from devkeel.transaction import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.context import Context
    from devkeel.events.event import Kind

__all__ = ["UNJUDGED", "judged", "judged_part", "require", "shared", "turned_down"]


class _Face(Protocol):
    @property
    def context(self) -> Context: ...


# What of devkeel.toml refuses, where the code alone says so.
_RULES = {"protected_option": "protected"}
F = TypeVar("F", bound=_Face)
T = TypeVar("T")

# What no caller asks for: they open, close and describe the call itself.
UNJUDGED = frozenset({"close", "overriding", "context", "require", "subscribe", "asking", "turned_down"})
_LOOKING = frozenset({"read"})
# The call that is under way, by the face that it came through: what a verb calls is a part of what was asked for.
_CALL: ContextVar[tuple[object, Context] | None] = ContextVar("call", default=None)


def judged(face: type[F]) -> type[F]:
    """Have each public verb of a class judged by its row in ACTIONS; raises KeyError for one that has none."""
    for name, function in tuple(vars(face).items()):
        if not name.startswith("_") and name not in UNJUDGED and callable(function):
            setattr(face, name, _judging(name, function))
    return face


def judged_part(face: _Face, prefix: str, part: T) -> T:
    """Return an object that belongs to a verb, as `Environment.environments` returns one, with its own verbs judged.

    Their rows in ACTIONS have the prefix before their names; raises KeyError for one that has none.
    """
    return cast("T", _Part(face, prefix, part))


def require(face: _Face, action: str, given: Mapping[str, Any]) -> None:
    """Judge what a client does by itself, and no verb of the library; it has a row in ACTIONS too. Raises as a verb."""
    _performed(face, action, given, lambda: None)


def shared(face: _Face) -> Context | None:
    """Return the context of the call that is under way through a face: what was judged is what is done."""
    call = _CALL.get()
    return call[1] if call is not None and call[0] is face else None


class _Shared(Struct, frozen=True):
    """A face whose calls have one context: that of the verb by which a part was got."""

    context: Context


class _Part:
    """An object whose verbs are judged by the call that it was got through."""

    def __init__(self, face: _Face, prefix: str, part: object) -> None:
        self._face, self._prefix, self._part = _Shared(face.context), prefix, part

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (any verb of the part)
        title = f"{self._prefix}.{name}"
        face, part = self._face, self._part
        if not hasattr(type(part), name):
            raise AttributeError(name)
        _ = ACTIONS[title]
        if not callable(getattr(type(part), name)):
            return _performed(face, title, {}, lambda: getattr(part, name))
        function = getattr(part, name)
        asked = tuple(signature(function).parameters)

        def verb(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  (any verb's)
            return _performed(face, title, _given(asked, arguments, named), lambda: function(*arguments, **named))

        return verb


def _judging(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    _ = ACTIONS[name]
    asked = tuple(function.__code__.co_varnames[1 : function.__code__.co_argcount])

    @wraps(function)
    def verb(face: _Face, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  (any verb's)
        given = _given(asked, arguments, named)
        return _performed(face, name, given, lambda: function(face, *arguments, **named))

    verb.__dict__["judged"] = True
    return verb


def _performed(face: _Face, action: str, given: Mapping[str, Any], perform: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Judge an action, perform it, and pass on what came of it; one within another is a part of that."""
    if _CALL.get() is not None:
        return perform()
    needed = ACTIONS[action].needed(given)
    context = face.context
    if action in WITHOUT_SETTINGS and needed <= _LOOKING and context.caller.kind != LIBRARY.kind:
        context = context.looking()
    token, began = _CALL.set((face, context)), perf_counter()
    try:
        _allow(context, action, needed)
        with holding.held_by(context.holder()):
            if "write" in needed:
                with precedence.First():
                    return perform()
            return perform()
    except DevkeelError as error:
        if error.code == "person_needed" and context.asks:
            raise  # what comes of it is told by who asks
        context.explain(error)
        _told(context, action, error)
        if "write" in needed:
            _keep(context, action, given, error, perf_counter() - began)
        raise
    finally:
        _CALL.reset(token)


def turned_down(face: _Face, action: str, error: PolicyRefused, given: Mapping[str, Any]) -> None:
    """Emit and keep that what was asked for was not begun, as no person has agreed to it. It raises nothing."""
    context = face.context
    with suppress(DevkeelError, OSError):
        _told(context, action, error)
        if "write" in ACTIONS[action].needed(given):
            _keep(context, action, _as_edits(given), error, 0.0)


def _as_edits(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a client with its edits as records; it has them as data, with None for what is not."""
    edits = [
        SimpleNamespace(**{name: value for name, value in edit.items() if value is not None})
        if isinstance(edit, dict)
        else edit
        for edit in given.get("edits") or ()
    ]
    return {**given, "edits": edits}


def _allow(context: Context, action: str, needed: frozenset[str]) -> None:
    """Raise PolicyRefused `permission_denied`, or `unknown_role`, or ProjectError `bad_settings` but for looking."""
    if needed - _LOOKING and context.caller.kind != LIBRARY.kind:
        _ = context.settings
    context.permission.require(action, needed)


def _given(names: tuple[str, ...], arguments: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
    return dict(zip(names, arguments, strict=False)) | dict(named)


def _told(context: Context, action: str, error: DevkeelError) -> None:
    """Emit that a verb came to nothing: what the policy refuses is denied, the rest has failed. It raises nothing."""
    # What ended a job was emitted when it did.
    if action == "result":
        return
    # Its sentences are left out: they may repeat what only this call knows to be a secret.
    details: dict[str, Any] = {name: error.details[name] for name in ("rule", "lacks") if name in error.details}
    details |= {} if error.place is None else {"place": error.place}
    kind: Kind = "denied" if isinstance(error, PolicyRefused) else "failed"
    context.tell(kind, action=action, code=error.code, **details)


def _keep(context: Context, action: str, given: Mapping[str, Any], error: DevkeelError, seconds: float) -> None:
    """Keep in the records that an attempt to write came to nothing. It raises nothing.

    A request that could not be read is no attempt, and one that was published did not come to nothing. The records
    are begun for what was judged and refused, where the caller may write; anything else is kept where there are some.
    """
    if isinstance(error, UsageError) or standing(error) is not None:
        return
    judged = isinstance(error, PolicyRefused | Refused | CheckFailed)
    reason, rule = given.get("reason"), str(error.details.get("rule", "")) or _RULES.get(error.code)
    attempt = Attempt(
        actor=context.actor,
        action=action,
        code=error.code,
        role=_role(context, error),
        rule=rule,
        place=_place(context, rule, error),
        reason=reason if isinstance(reason, str) else None,
        files=_files(given, error),
        asked=in_short(given),
        seconds=seconds,
    )
    with suppress(DevkeelError, OSError):  # settings that cannot be read
        context.records.keep_refusal(attempt, make=judged and "write" in context.permission.names)


def _role(context: Context, error: DevkeelError) -> str | None:
    """Return the role that refused an attempt, else the one in which it was made."""
    refusing = error.details.get("role")
    return refusing if isinstance(refusing, str) else context.role


def _place(context: Context, rule: str | None, error: DevkeelError) -> str | None:
    """Return where a rule stands in devkeel.toml, else where the error is."""
    place = error.place
    if isinstance(error, PolicyRefused) and rule is not None and (place is None or place.file != SETTINGS):
        with suppress(DevkeelError, OSError):
            line = line_of(context.project.read(SETTINGS) or b"", tuple(rule.split(".")))
            place = place if line is None else Place(SETTINGS, line)
    return None if place is None else str(place)


def _files(given: Mapping[str, Any], error: DevkeelError) -> tuple[str, ...]:
    """Return the files that an attempt was about, as far as its arguments and its error name them."""
    found = [error.details.get("path"), *(getattr(edit, "file", None) for edit in given.get("edits") or ())]
    findings = error.diagnostics if isinstance(error, CheckFailed) else ()
    found += [item.place.file for item in findings if item.place is not None]
    found += [item.get("file") for item in error.details.get("broken", ())]
    found += [error.place.file] if error.place is not None and error.place.file != SETTINGS else []
    return tuple(dict.fromkeys(item for item in found if isinstance(item, str) and item))
