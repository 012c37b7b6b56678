"""The one way out: all that a reader gets of a result, an error, a log or a trace is said, cleaned and masked here.

Data is treated before it becomes text, so that nothing that is cut, joined or coloured later can hide a part of a
secret; and text again where it leaves.
"""

from __future__ import annotations

import copy
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.text.actions import plainly, say
from devkeel.text.clean import clean, exact, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from devkeel.disclosure import env_values
    from devkeel.errors import DevkeelError
    from devkeel.text import secrets
    from devkeel.text.actions import Said
else:
    env_values = Deferred("devkeel.disclosure.env_values")
    secrets = Deferred("devkeel.text.secrets")

__all__ = ["Disclosure"]

T = TypeVar("T")
# A record of a setting: what stands beside its name is its value.
_NAMES = ("path", "name", "key")
_VALUES = ("value", "source", "default", "to")
_WORDS = ("argv",)
# Where sentences of the library are. Markers are said here alone: in a diff or a log, which others wrote, a marker is
# a forged one, and saying it would show something else than what is there.
_SENTENCES = frozenset(
    {
        *("differs", "message", "next", "note", "notes", "reason", "remedy", "stands"),
        *("advice", "call", "fix", "refused", "sentence", "uncertain"),
    }
)
_LEFT_OUT = "(characters that cannot be seen were left out here)"
_MOST_DEPTH = 200
_REMEMBERED = 4_096


class Disclosure:
    """What may be shown of a project. root: None where there is no project, so that no values of its own are known.

    speaker: the words of the client for what sentences mark.
    """

    def __init__(
        self, root: Path | None, known: tuple[str, ...] = (), *, speaker: Callable[[Said], str] = plainly
    ) -> None:
        self._root = root
        self._more = known
        self._speaker = speaker
        self._exact = False
        self._remembered: Callable[[str], str] | None = None

    def exactly(self) -> Disclosure:
        """Return one that names what cannot be seen where it stands: for what a person agrees to."""
        other = Disclosure(self._root, self._more, speaker=self._speaker)
        other._exact = True
        return other

    def without(self, given: object) -> Disclosure:
        """Return one that also hides what a request names as the value of a secret, so that no answer repeats it."""
        found: list[str] = []
        _Walk(lambda text: text, plainly, found).of(given)
        known = (*self._more, *(value for value in found if not env_values.famous(value)))
        return Disclosure(self._root, known, speaker=self._speaker)

    def values(self) -> tuple[str, ...]:
        """Return the values that are not to be shown, as they are now."""
        return self._known()

    def remembering(self, values: tuple[str, ...]) -> Disclosure:
        """Return one for many answers in which the same texts come again: each is treated once, with these values."""
        other = Disclosure(None, values, speaker=self._speaker)
        other._remembered = lru_cache(_REMEMBERED)(other._pass())
        return other

    def text(self, text: str) -> str:
        """Return text without control and hidden characters, and without secrets."""
        return self._pass()(text)

    def line(self, text: str) -> str:
        """Return the same on one line."""
        return self._pass()(one_line(text))

    def sentence(self, text: str) -> str:
        """Return a sentence of the library on one line, in the client's words."""
        return self.line(say(text, self._speaker))

    def sentences(self, text: str) -> str:
        """Return the same on its lines: a message, or what a traceback has of it."""
        return self.text(say(text, self._speaker))

    def masked(self, text: str) -> str:
        """Return text without secrets whose control characters are our own, as colours are."""
        return secrets.mask(text, self._known())

    def data(self, value: T) -> T:
        """Return the same data with every text in it treated: frozen records, mappings and sequences, at any depth."""
        treated: T = _Walk(self._pass(), self._speaker).of(value)
        return treated

    def kept(self, value: T) -> T:
        """Return the same data without secrets, and otherwise as it is: what is written out to be compared later."""
        known = self._known()
        treated: T = _Walk(lambda text: secrets.mask(text, known), None).of(value)
        return treated

    def error(self, error: DevkeelError) -> DevkeelError:
        """Return an error whose facts may be shown; it is another one, of the same class and with the same code."""
        walk = _Walk(self._pass(), self._speaker)
        told = copy.copy(error)
        for item in fields(error):
            setattr(told, item.name, walk.of(walk.said(item.name, getattr(error, item.name))))
        return told

    def _known(self) -> tuple[str, ...]:
        if self._root is None:
            return self._more

        try:
            return (*self._more, *env_values.env_values(self._root))
        except OSError:
            return self._more

    def _pass(self) -> Callable[[str], str]:
        """Return what treats the texts of one answer; the project's values are read once for it."""
        if self._remembered is not None:
            return self._remembered
        known = self._known()
        if self._exact:
            return lambda text: _exact(text, known)
        return lambda text: secrets.mask(clean(text), known)


def _exact(text: str, known: tuple[str, ...]) -> str:
    """Return text with what cannot be seen named in it, unless a secret stands around that."""
    plain, named = clean(text), exact(text)
    shown = secrets.mask(plain, known)
    if named == plain:
        return shown
    # By what cannot be seen a secret would be cut in two, of which neither half is known as one.
    return secrets.mask(named, known) if shown == plain else f"{shown} {_LEFT_OUT}"


class _Walk:
    """Treats every text in data of any shape; found: what was hidden because of the name beside it."""

    def __init__(
        self, treat: Callable[[str], str], speaker: Callable[[Said], str] | None, found: list[str] | None = None
    ) -> None:
        self._treat = treat
        self._speaker = speaker
        self._found: list[str] = [] if found is None else found

    def of(self, value: Any, depth: int = 0) -> Any:  # noqa: ANN401  (data of any shape)
        if isinstance(value, str):
            return self._treat(value)
        if depth > _MOST_DEPTH:
            return "…"
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
            return type(value)(self.of(item, depth + 1) for item in value)
        # Records are frozen; what works, as a job does, is not, and is no data.
        if isinstance(value, Struct) and value.__struct_config__.frozen:
            return self._record(value, depth)
        return value

    def said(self, name: str, item: Any) -> Any:  # noqa: ANN401
        """Return what is in a field, in the client's words where it is for sentences."""
        if self._speaker is None:
            return item
        if name in _SENTENCES and isinstance(item, str):
            return say(item, self._speaker)
        if name in _SENTENCES and type(item) in (list, tuple):
            return type(item)(self.said(name, each) for each in item)
        return item

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
        name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
        result: dict[Any, Any] = {}
        for key, item in value.items():
            told = self._treat(key) if isinstance(key, str) else key
            said = str(name if name is not None and key in _VALUES else key)
            if key == "source" and isinstance(item, str):
                result[told] = self._source(said, item)
            elif key in _WORDS:
                result[told] = self._words(item)
            else:
                result[told] = self._named(said, self.said(str(key), item), depth)
        return result

    def _record(self, value: Struct, depth: int) -> Struct:
        items = {name: getattr(value, name) for name in value.__struct_fields__}
        treated = self._mapping(items, depth)
        changed = {name: item for name, item in treated.items() if item is not items[name] and item != items[name]}
        return replace(value, **changed) if changed else value

    def _named(self, name: str, item: Any, depth: int) -> Any:  # noqa: ANN401
        """Return a value whose name is given apart from it."""
        if isinstance(item, str):
            treated = self._treat(item)
            shown = secrets.hide(treated, name)
            self._found += [item] if shown != treated else []
            return shown
        if type(item) in (int, float) and len(str(item)) >= _FIGURES and secrets.names_a_secret(name):
            return secrets.MASK
        if isinstance(item, (list, tuple)) and secrets.names_a_secret(name):
            return type(item)(self._named(name, each, depth + 1) for each in item)
        return self.of(item, depth + 1)

    def _source(self, name: str, text: str) -> str:
        """Return the text of an expression, as it is masked behind its name."""
        before = f"{name} = "
        treated = self._treat(f"{before}{text}")
        return treated.removeprefix(before) if treated.startswith(before) else self._treat(text)

    def _words(self, item: Any) -> Any:  # noqa: ANN401

        if isinstance(item, (list, tuple)) and all(isinstance(word, str) for word in item):
            return type(item)(secrets.mask_arguments([self._treat(word) for word in item]))
        return self.of(item)


_FIGURES = 6
