"""What of an event may be shown: every text is cleaned, masked and cut, before any listener has it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.disclosure.output import Disclosure
    from devkeel.events.event import Event

__all__ = ["Treatment"]

_MOST_CHARACTERS, _MOST_FILES, _MOST_DETAILS = 500, 100, 8_000
# What is looked at of one text: the end of what is shown is far from where that is cut, so that no part of a secret is
# cut off before it is seen.
_LOOKED_AT = 20 * _MOST_CHARACTERS
_MOST_DEPTH = 8
_REMEMBERED = 4_096
# As devkeel computes them; each is another one, and none is worth a look.
_REVISION = re.compile(r"[0-9a-f]{1,64}")
_encoded = msgspec.json.Encoder(enc_hook=str).encode


class Treatment:
    """Makes events ones that may be shown. The same words come again and again, and are looked at once.

    What is kept is forgotten as soon as the project's secret values are others.
    """

    def __init__(self, disclosure: Disclosure) -> None:
        self._disclosure = disclosure
        self._know(disclosure.values())

    def _know(self, values: tuple[str, ...]) -> None:
        shown = self._disclosure.remembering(values)
        # Words that may be shown as they are.
        harmless: set[object] = {None}

        def line(text: str) -> str:
            told = _cut(shown.line(text[:_LOOKED_AT]))
            if told == text and len(harmless) < _REMEMBERED:
                harmless.add(text)
            return told

        def sentence(text: str) -> str:
            return line(shown.sentence(text[:_LOOKED_AT]))

        def details(encoded: bytes) -> Mapping[str, Any] | None:
            """Return what may be shown instead, None for the same."""
            given = msgspec.json.decode(encoded)
            told: Mapping[str, Any] = _each_cut(shown.data(_each_cut(given, _LOOKED_AT)), _MOST_CHARACTERS)
            size = len(_encoded(told))
            if size > _MOST_DETAILS:
                return {"left_out": size}
            return None if told == given else told

        self._values, self._harmless = values, harmless
        self._line, self._sentence = lru_cache(_REMEMBERED)(line), lru_cache(_REMEMBERED)(sentence)
        self._details = lru_cache(_REMEMBERED)(details)

    def of(self, events: Sequence[Event]) -> list[Event]:
        """Return what may be shown of events. The project's secret values are read once for all of them."""
        values = self._disclosure.values()
        if values != self._values:
            self._know(values)
        return [event if self._may_be_shown(event) else self._treated(event) for event in events]

    def _may_be_shown(self, event: Event) -> bool:
        """Return whether every word of an event was looked at before, and may be shown as it is."""
        known = self._harmless
        return (
            event.actor in known
            and event.action in known
            and event.reason in known
            and event.code in known
            and event.role in known
            and len(event.files) <= _MOST_FILES
            and known.issuperset(event.files)
            and (event.revision is None or _REVISION.fullmatch(event.revision) is not None)
            and (not event.details or self._details(_encoded(event.details)) is None)
        )

    def _treated(self, event: Event) -> Event:
        changed: dict[str, Any] = {}
        for name, text in (
            ("actor", event.actor),
            ("role", event.role),
            ("action", event.action),
            ("code", event.code),
            ("revision", event.revision),
        ):
            if text not in self._harmless and not (name == "revision" and _REVISION.fullmatch(str(text))):
                changed[name] = self._line(str(text))
        if event.reason not in self._harmless:
            changed["reason"] = self._sentence(str(event.reason))
        if not self._harmless.issuperset(event.files) or len(event.files) > _MOST_FILES:
            changed["files"] = self._files(event.files)
        details = self._details(_encoded(event.details)) if event.details else None
        changed |= {} if details is None else {"details": details}
        return replace(event, **changed)

    def _files(self, files: tuple[str, ...]) -> tuple[str, ...]:
        shown = tuple(map(self._line, files[:_MOST_FILES]))
        return (*shown, f"… {len(files) - _MOST_FILES} more") if len(files) > _MOST_FILES else shown


def _each_cut(value: Any, most: int, depth: int = 0) -> Any:  # noqa: ANN401  (data of any shape)
    if isinstance(value, str):
        return _cut(value, most)
    if depth > _MOST_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {_cut(key, most): _each_cut(item, most, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_each_cut(item, most, depth + 1) for item in value[:_MOST_CHARACTERS]]
    return value


def _cut(text: str, most: int = _MOST_CHARACTERS) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
