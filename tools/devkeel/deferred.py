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
from types import MemberDescriptorType
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


# What `dataclasses.dataclass` gives a class. Most values are made, and neither compared nor shown: a class has an
# `__init__` of ours until more is asked of it.
_ALWAYS = ("__init__", "__repr__", "__dataclass_fields__", "__dataclass_params__", "__match_args__")
_COMPARED, _FROZEN = ("__eq__", "__hash__"), ("__setattr__", "__delattr__")
# Classes with other options, or with annotations that are no plain fields, are the standard library's own.
_OPTIONS, _NO_FIELDS = {"slots", "frozen", "eq"}, ("ClassVar", "InitVar", "KW_ONLY")
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
        frozen = _FROZEN if options.get("frozen") else ()
        # A class that says itself how it is compared has None as its hash, which the standard library replaces.
        self._missing = [name for name in (*_ALWAYS, *compared, *frozen) if self._space.get(name) is None]
        names = tuple(get_annotations(cls))
        self.defaults = {name: _default(cls, name) for name in names}
        inherited = {slot for base in cls.__mro__[1:-1] for slot in base.__dict__.get("__slots__", ())}
        space = {key: value for key, value in self._space.items() if key not in names}
        space["__slots__"] = tuple(name for name in names if name not in inherited)
        if options.get("frozen"):  # by default, pickle and copy would assign
            space = {"__getstate__": _state, "__setstate__": _set_state} | space
        self.made = self._copy(space | {name: _StandIn(self, name) for name in self._missing})

    def complete(self, name: str) -> None:
        """Give the class what is asked for: the `__init__`, or all that the standard library makes, once."""
        with _lock:
            if name == "__init__" and name in self._missing and (method := self._initializer()):
                self._missing.remove(name)
                setattr(self.made, name, method)
            elif name in self._missing:
                whole: type = dataclasses.dataclass(**self._options)(self._copy(self._space))
                for each in self._missing:
                    setattr(self.made, each, whole.__dict__[each])
                self._missing.clear()

    def _initializer(self) -> Callable[..., None] | None:
        """Return an `__init__` as the standard library's, where nothing but defaults is said of its fields."""
        known: dict[str, Any] = {"_set": object.__setattr__, "_none": dataclasses.MISSING}
        head, body = ["self"], list[str]()
        for name, said in self._fields().items():
            value, default = name, said
            make: Any = dataclasses.MISSING
            if isinstance(said, dataclasses.Field):
                if not said.init or said.kw_only is True:
                    return None
                default, make = said.default, said.default_factory
            if make is not dataclasses.MISSING:
                known[f"_default_{name}"], known[f"_make_{name}"] = dataclasses.MISSING, make
                value = f"_make_{name}() if {name} is _none else {name}"
            elif default is not dataclasses.MISSING:
                known[f"_default_{name}"] = default
            head.append(f"{name}=_default_{name}" if f"_default_{name}" in known else name)
            body.append(f"_set(self, {name!r}, {value})")
        body += ["self.__post_init__()"] if hasattr(self._cls, "__post_init__") else []
        text = f"def __init__({', '.join(head)}):\n " + "\n ".join(body or ["pass"])
        exec(text, known)  # noqa: S102  (as `dataclasses` does; the names are those of the class)
        method: Callable[..., None] = known["__init__"]
        method.__qualname__ = f"{self._cls.__qualname__}.__init__"
        return method

    def _fields(self) -> dict[str, Any]:
        """Return the fields, also those of the bases, with their defaults or what else is said of them."""
        found: dict[str, Any] = {}
        for base in reversed(self._cls.__mro__[1:]):
            known = base.__dict__.get("__dataclass_fields__", {})
            found |= known.stencil.defaults if isinstance(known, _StandIn) else known
        return found | self.defaults

    def _copy(self, space: dict[str, Any]) -> type:
        copy = type(self._cls)(self._cls.__name__, self._cls.__bases__, dict(space))
        copy.__qualname__ = self._cls.__qualname__
        return copy


def _default(cls: type, name: str) -> Any:  # noqa: ANN401  (whatever the class has there)
    found = getattr(cls, name, dataclasses.MISSING)
    return dataclasses.MISSING if isinstance(found, MemberDescriptorType) else found  # a base's slot, and no default


class _StandIn:
    """Stands for a method, or another attribute, of a class and of its instances."""

    def __init__(self, stencil: _Stencil, name: str) -> None:
        self.stencil, self._name = stencil, name

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401  (whatever it stands for)
        self.stencil.complete(self._name)
        real = self.stencil.made.__dict__[self._name]
        return real.__get__(instance, owner) if hasattr(real, "__get__") else real


def _state(self: Any) -> list[object]:  # noqa: ANN401  (a data class)
    return [getattr(self, item.name) for item in dataclasses.fields(self)]


def _set_state(self: Any, state: list[object]) -> None:  # noqa: ANN401
    for item, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, item.name, value)
