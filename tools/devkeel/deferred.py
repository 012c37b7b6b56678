"""What a call does not need costs it nothing: modules imported, and methods of values made, by their first use.

Type checkers and readers see the import, which stands under TYPE_CHECKING; at run time the name stands for the module:

    if TYPE_CHECKING:
        from devkeel.catalogue import lookup
    else:
        lookup = Deferred("devkeel.catalogue.lookup")

`dataclass` is that of the standard library, with the methods of a class with slots made when the first of them is
called. Python 3.11 compiles up to six for each class, 0.5 ms in all; a command loads 150 classes and uses a third.
"""

from __future__ import annotations

import dataclasses
from importlib import import_module
from inspect import get_annotations
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass

__all__ = ["Deferred", "dataclass"]


class Deferred:
    """Stands for a module. Nothing is kept, so that a test can put another thing in its place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self._name), name)

    def __repr__(self) -> str:
        return f"<deferred {self._name}>"


# What `dataclasses.dataclass` gives a class, in two parts: most values are made, and neither compared nor shown.
_MADE = ("__init__", "__dataclass_fields__", "__match_args__")
_SHOWN, _COMPARED, _FROZEN = (
    ("__repr__", "__dataclass_params__"),
    ("__eq__", "__hash__"),
    ("__setattr__", "__delattr__"),
)
# Classes with other options, or with annotations that are no plain fields, are the standard library's own.
_OPTIONS, _NO_FIELDS = {"slots", "frozen", "eq", "kw_only"}, ("ClassVar", "InitVar", "KW_ONLY")
_lock = RLock()  # a class may need another one, its base

if not TYPE_CHECKING:

    def dataclass(cls=None, /, **options):  # noqa: ANN001, ANN003, ANN201  (the types are those of the import above)
        """Return the class, or a decorator, as `dataclasses.dataclass` does."""
        return _decorator(options) if cls is None else _decorator(options)(cls)


def _decorator(options: dict[str, bool]) -> Callable[[type], type]:
    def decorate(cls: type) -> type:
        marks = " ".join(map(str, get_annotations(cls).values()))
        plain_fields = not any(mark in marks for mark in _NO_FIELDS)
        if options.get("slots") and options.keys() <= _OPTIONS and plain_fields:
            return _Stencil(cls, options | {"slots": False}).made
        return dataclasses.dataclass(**options)(cls)

    return decorate


class _Stencil:
    """A class again, with slots, and with stand-ins for what the standard library makes when one of them is used."""

    def __init__(self, cls: type, options: dict[str, bool]) -> None:
        self._cls, self._options = cls, options
        self._space = {key: value for key, value in cls.__dict__.items() if key not in {"__dict__", "__weakref__"}}
        compared = _COMPARED if options.get("eq", True) else ()
        rest = (*_SHOWN, *compared, *(_FROZEN if options.get("frozen") else ()))
        # A class that says itself how it is compared has None as its hash, which the standard library replaces.
        self._parts = [[name for name in part if self._space.get(name) is None] for part in (_MADE, rest)]
        names = tuple(get_annotations(cls))
        inherited = {slot for base in cls.__mro__[1:-1] for slot in base.__dict__.get("__slots__", ())}
        space = {key: value for key, value in self._space.items() if key not in names}
        space["__slots__"] = tuple(name for name in names if name not in inherited)
        if options.get("frozen"):  # by default, pickle and copy would assign
            space = {"__getstate__": _state, "__setstate__": _set_state} | space
        stand_ins = {name: _StandIn(self, name, part) for part, names in enumerate(self._parts) for name in names}
        self.made = self._copy(space | stand_ins)

    def complete(self, part: int) -> None:
        """Let the standard library make one of the parts, once, and give it to the class."""
        with _lock:
            names, self._parts[part] = self._parts[part], []
            if names:
                less = {} if part else {"repr": False, "eq": False}
                whole: type = dataclasses.dataclass(**self._options | less)(self._copy(self._space))
                for name in names:
                    setattr(self.made, name, whole.__dict__[name])

    def _copy(self, space: dict[str, Any]) -> type:
        copy = type(self._cls)(self._cls.__name__, self._cls.__bases__, dict(space))
        copy.__qualname__ = self._cls.__qualname__
        return copy


class _StandIn:
    """Stands for a method, or another attribute, of a class and of its instances."""

    def __init__(self, stencil: _Stencil, name: str, part: int) -> None:
        self._stencil, self._name, self._part = stencil, name, part

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401  (whatever it stands for)
        self._stencil.complete(self._part)
        real = self._stencil.made.__dict__[self._name]
        return real.__get__(instance, owner) if hasattr(real, "__get__") else real


def _state(self: Any) -> list[object]:  # noqa: ANN401  (a data class)
    return [getattr(self, item.name) for item in dataclasses.fields(self)]


def _set_state(self: Any, state: list[object]) -> None:  # noqa: ANN401
    for item, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, item.name, value)
