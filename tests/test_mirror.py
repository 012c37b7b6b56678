"""The tests mirror the rooms: whoever changes a room finds its tests under the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "tools" / "devkeel"
TESTS = ROOT / "tests" / "devkeel"
# Folders of tests that are no room, and why.
NO_ROOM = {
    "network": "every evaluation, of whichever room: no spelling of an address reaches a listener on loopback",
}
# Rooms and modules without a folder or module of tests of their own: where their tests are, and why.
ELSEWHERE = {
    "change": ("tests/devkeel/test_api.py", "a change is the verb `change` of `Environment`, from edit to publication"),
    "deferred": ("tests/test_imports.py", "a module that stands for another is imported by its first use"),
    "errors": ("tests/test_documentation.py", "each code, its remedy and its section are compared with the source"),
}
ROOMS = {item.name for item in LIBRARY.iterdir() if item.is_dir() and list(item.rglob("*.py"))}
MODULES = {item.stem for item in LIBRARY.glob("*.py")} - {"__init__"}


def has_tests(name: str) -> bool:
    return bool(list((TESTS / name).rglob("test_*.py"))) or (TESTS / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", sorted(ROOMS | MODULES))
def test_a_room_has_tests_of_its_name_or_a_reason(name: str) -> None:
    if not has_tests(name):
        assert name in ELSEWHERE, f"tests/devkeel/{name}/ has no tests"
        assert (ROOT / ELSEWHERE[name][0]).is_file()


def test_a_reason_is_for_what_is_there() -> None:
    assert ELSEWHERE.keys() <= ROOMS | MODULES


def test_a_folder_of_tests_is_a_room_or_has_a_reason() -> None:
    folders = {item.name for item in TESTS.iterdir() if item.is_dir() and list(item.rglob("test_*.py"))}
    assert folders - NO_ROOM.keys() <= ROOMS
    assert NO_ROOM.keys() <= folders - ROOMS


@pytest.mark.parametrize("package", sorted(item.name for item in (ROOT / "server").iterdir() if item.is_dir()))
def test_a_package_of_the_server_has_a_folder_of_tests(package: str) -> None:
    assert list((ROOT / "tests" / package).glob("test_*.py"))
