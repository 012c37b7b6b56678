"""Data classes whose methods are made late are as the standard library's."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import threading
from dataclasses import field
from typing import Any, ClassVar

import pytest

from devkeel.deferred import dataclass

LATE, PLAIN = "devkeel.deferred", "dataclasses"


def kinds(make: Any) -> dict[str, Any]:
    """Return classes of the shapes that the library has, made by a decorator."""

    @make(frozen=True, slots=True)
    class Point:
        """A place."""

        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list)

        @property
        def sum(self) -> int:
            return self.x + self.y

    @make(frozen=True, slots=True)
    class Child(Point):
        z: int = 3

    @make(frozen=True, slots=True)
    class Grandchild(Child):
        y: int
        other: tuple[int, ...] = ()

    @make(slots=True)
    class Open:
        x: int

        def __post_init__(self) -> None:
            self.x += 1

    @make(frozen=True, slots=True, kw_only=True)
    class Named:
        x: int = 1
        y: int

    @make(frozen=True, slots=True)
    class Compared:  # noqa: PLW1641  (the decorator makes the hash)
        x: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Compared) and self.x.lower() == other.x.lower()

    @make(slots=True, eq=False)
    class Itself:
        x: int = field(default=1, repr=False, compare=False)

    @make(frozen=True, slots=True, order=True)
    class Ordered:
        x: int
        shared: ClassVar[int] = 1

    found = locals()
    return {
        name: found[name] for name in ("Point", "Child", "Grandchild", "Open", "Named", "Compared", "Itself", "Ordered")
    }


CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "Point": ((1,), {"tags": ["a"]}),
    "Child": ((1, 5), {"z": 7}),
    "Grandchild": ((1,), {"y": 2, "other": (1,)}),
    "Open": ((1,), {}),
    "Named": ((), {"y": 4}),
    "Compared": (("A",), {}),
    "Itself": ((), {}),
    "Ordered": ((1,), {}),
}


def shown(cls: Any, name: str, first: str) -> dict[str, object]:
    """Return what the class and its instances answer; what is asked first must make no difference."""
    given, named = CALLS[name]

    def facts() -> object:
        items = dataclasses.fields(cls)
        return [(i.name, i.type, i.init, i.repr, i.compare, i.kw_only) for i in items], cls.__match_args__

    questions: dict[str, Any] = {
        "repr": lambda: repr(cls(*given, **named)),
        "facts": facts,
        "parameters": lambda: repr(cls.__dataclass_params__).replace("slots=False", "slots=True"),
        "slots": lambda: (cls.__dict__["__slots__"], hasattr(cls(*given, **named), "__dict__")),
        "equal": lambda: cls(*given, **named) == cls(*given, **named),
        "different": lambda: cls(*given, **named) != 1,
        "hash": lambda: answered(lambda: same_hash(cls(*given, **named), cls(*given, **named))),
        "assign": lambda: answered(lambda: setattr(cls(*given, **named), "x", 9)),
        "assign another": lambda: answered(lambda: setattr(cls(*given, **named), "other", 9)),
        "delete": lambda: answered(lambda: delattr(cls(*given, **named), "x")),
        "too many": lambda: answered(lambda: cls(*range(9))),
        "unknown": lambda: answered(lambda: cls(nothing=1)),
        "replaced": lambda: repr(dataclasses.replace(cls(*given, **named), x="B")) if name != "Open" else "",
        "data": lambda: dataclasses.asdict(cls(*given, **named)),
        "copies": lambda: repr(copy.deepcopy(cls(*given, **named))),
    }
    return {first: questions.pop(first)()} | {question: ask() for question, ask in questions.items()}


def same_hash(one: object, other: object) -> bool:
    """Return whether two values that are equal have one hash; both live, so that no address is used twice."""
    first, second = hash(one), hash(other)
    return first == second if one == other else first == hash(one)


def answered(ask: Any) -> object:
    try:
        return ask()
    except (TypeError, AttributeError) as error:
        return type(error), str(error)


FIRST = ("repr", "facts", "parameters", "equal", "hash", "assign", "delete", "too many", "replaced", "data", "copies")


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("name", list(CALLS))
def test_late_methods_are_those_of_the_standard_library(name: str, first: str) -> None:
    assert shown(kinds(dataclass)[name], name, first) == shown(kinds(dataclasses.dataclass)[name], name, first)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is pickled must be found by its name."""

    x: int


def test_a_value_is_unpickled_before_its_class_made_one() -> None:
    data = pickle.dumps(Kept(1)).replace(b"Kept", b"Late")
    globals()["Late"] = dataclass(frozen=True, slots=True)(
        type("Late", (), {"__annotations__": {"x": "int"}, "__module__": __name__})
    )
    assert pickle.loads(data).x == 1  # noqa: S301


def test_a_pattern_matches_before_anything_else_is_asked() -> None:
    cls = kinds(dataclass)["Point"]
    match cls(1, 5):
        case cls(x, y):
            assert (x, y) == (1, 5)
        case _:
            pytest.fail("no match")


def test_classes_are_told_apart_before_any_method_is_made() -> None:
    found = kinds(dataclass)
    assert dataclasses.is_dataclass(found["Child"])
    assert issubclass(found["Child"], found["Point"])
    assert [item.name for item in dataclasses.fields(found["Child"])] == ["x", "y", "tags", "z"]


def test_threads_that_use_a_class_first_at_once_all_get_values() -> None:
    for _ in range(30):
        cls = kinds(dataclass)["Child"]
        barrier, made = threading.Barrier(6), list[Any]()

        def make(cls: Any = cls, barrier: Any = barrier, made: Any = made) -> None:
            barrier.wait()
            made.append((cls(1), repr(cls(1)), cls(1) == cls(1)))

        threads = [threading.Thread(target=make) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 6
        assert all(value == cls(1) and equal for value, _, equal in made)
