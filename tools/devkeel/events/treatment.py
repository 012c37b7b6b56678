"""What of an event may be shown: every text is cleaned, masked and cut, before any listener has it."""

from __future__ import annotations

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
_TEXTS = ("actor", "role", "action", "revision", "code")
_REMEMBERED = 4_096


class Treatment:
    """Makes events ones that may be shown. The same words come again and again, and are looked at once.

    What is kept is forgotten as soon as the project's secret values are others.
    """

    def __init__(self, disclosure: Disclosure) -> None:
        self._disclosure = disclosure
        self._know(disclosure.values())

    def _know(self, values: tuple[str, ...]) -> None:
        shown = self._disclosure.remembering(values)
        self._values, self._data = values, shown.data
        self._line, self._sentence = lru_cache(_REMEMBERED)(shown.line), lru_cache(_REMEMBERED)(shown.sentence)

    def of(self, events: Sequence[Event]) -> list[Event]:
        """Return what may be shown of events. The project's secret values are read once for all of them."""
        values = self._disclosure.values()
        if values != self._values:
            self._know(values)
        return [self._treated(event) for event in events]

    def _treated(self, event: Event) -> Event:
        texts = {
            name: _cut(self._line(text[:_LOOKED_AT])) for name in _TEXTS if (text := getattr(event, name)) is not None
        }
        if event.reason is not None:
            texts["reason"] = _cut(self._sentence(event.reason[:_LOOKED_AT]))
        files = tuple(_cut(self._line(name[:_LOOKED_AT])) for name in event.files[:_MOST_FILES])
        if len(event.files) > _MOST_FILES:
            files += (f"… {len(event.files) - _MOST_FILES} more",)
        return replace(event, **texts, files=files, details=self._detailed(event.details))

    def _detailed(self, details: Mapping[str, Any]) -> Mapping[str, Any]:
        if not details:
            return details
        plain = msgspec.to_builtins(details, enc_hook=str, str_keys=True)
        told: Mapping[str, Any] = _each_cut(self._data(_each_cut(plain, _LOOKED_AT)), _MOST_CHARACTERS)
        size = len(msgspec.json.encode(told))
        return told if size <= _MOST_DETAILS else {"left_out": size}


def _each_cut(value: Any, most: int, depth: int = 0) -> Any:  # noqa: ANN401  (data of any shape)
    if isinstance(value, str):
        return _cut(value, most)
    if depth > _MOST_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {_cut(str(key), most): _each_cut(item, most, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_cut(item, most, depth + 1) for item in value[:_MOST_CHARACTERS]]
    return value


def _cut(text: str, most: int = _MOST_CHARACTERS) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
