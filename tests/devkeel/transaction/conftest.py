from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.project.root import Project
from devkeel.state import origin
from devkeel.transaction import FileChange, FileImage, Record, Transactions, files, seals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

KILLED = 77


@dataclass
class Bench:
    """A project in a temporary directory, the transactions on it, and the means to interfere with them."""

    root: Path
    transactions: Transactions

    def write(self, contents: Mapping[str, str]) -> None:
        for name, text in contents.items():
            (self.root / name).write_text(text)

    def text(self, name: str) -> str | None:
        path = self.root / name
        return path.read_text() if path.exists() else None

    def texts(self, *names: str) -> tuple[str | None, ...]:
        return tuple(self.text(name) for name in names)

    def change(self, name: str, after: str | None) -> FileChange:
        before = self.text(name)
        return FileChange(name, None if before is None else before.encode(), None if after is None else after.encode())

    def names(self) -> set[str]:
        found = {str(path.relative_to(self.root)) for path in self.root.rglob("*")}
        return {name for name in found if not name.startswith(".devkeel/") and name != ".devkeel"}

    def temporaries(self) -> set[str]:
        return {name for name in self.names() if "/.devkeel-" in f"/{name}"}

    def fresh(self, *, lock_timeout: float = 5.0) -> Transactions:
        """Return transactions as another process would make them."""
        self.transactions.close()
        self.transactions = Transactions(Project(self.root), lock_timeout=lock_timeout)
        return self.transactions

    def seal_anew(self) -> None:
        """Seal every operation as it is now, as only somebody with the key can."""
        self.transactions.close()
        state = self.root / ".devkeel"
        seal = origin.ownership(state).seal
        assert seal is not None
        with closing(sqlite3.connect(state / "state.db", isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            for row in connection.execute("SELECT * FROM operation").fetchall():
                query = "SELECT path, before_hash, after_hash, mode_before, mode_after FROM file WHERE operation = ?"
                found = tuple(FileImage(*item) for item in connection.execute(f"{query} ORDER BY n", (row["id"],)))
                mark = seals.mark_of(seal, dict(row), found)
                connection.execute("UPDATE operation SET mark = ? WHERE id = ?", (mark, row["id"]))

    @staticmethod
    def record(**values: Any) -> Record:
        defaults: dict[str, Any] = {
            "kind": "edit",
            "actor": "a test",
            "reason": None,
            "edits": [{"kind": "add_packages", "packages": ["hello"]}],
            "report": {"level": "syntax"},
            "revision_before": "0" * 16,
            "revision_after": "1" * 16,
        }
        return Record(**(defaults | values))

    def edit(self, name: str, after: str | None, **values: Any) -> int:
        return self.transactions.publish([self.change(name, after)], self.record(**values)).id

    def reverse(self, number: int, kind: str) -> int:
        """Undo or redo as a caller does: the images swapped, published as a new operation."""
        operation = self.transactions.operation(number)
        swapped = [FileChange(item.path, item.after, item.before) for item in self.transactions.images(operation)]
        return self.transactions.publish(swapped, self.record(kind=kind, reverts=number)).id

    @staticmethod
    def once(step: str, action: Callable[[], None], *, nth: int = 1) -> None:
        """Act when the named step is reached for the nth time."""
        count = 0

        def hook(name: str) -> None:
            nonlocal count
            count += name == step
            if name == step and count == nth:
                action()

        files.hook = hook

    @staticmethod
    def at(number: int, action: Callable[[], None]) -> None:
        """Act at the step of that number, whatever its name."""
        count = -1

        def hook(_name: str) -> None:
            nonlocal count
            count += 1
            if count == number:
                action()

        files.hook = hook

    @staticmethod
    def steps_of(work: Callable[[], object]) -> list[str]:
        """Return the steps that a piece of work goes through."""
        seen: list[str] = []
        files.hook = seen.append
        try:
            work()
        finally:
            files.hook = None
        return seen

    def killed_at(self, number: int, work: Callable[[Transactions], object]) -> bool:
        """Do the work in a child that dies at the step of that number; False when it came to its end."""
        self.transactions.close()
        child = os.fork()
        if child == 0:
            try:
                self.at(number, lambda: os._exit(KILLED))
                work(Transactions(Project(self.root), lock_timeout=5))
                os._exit(0)
            finally:
                os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, KILLED)
        return code == KILLED


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    root = tmp_path / "project"
    root.mkdir()
    bench = Bench(root, Transactions(Project(root), lock_timeout=5))
    yield bench
    bench.transactions.close()


@pytest.fixture(autouse=True)
def _no_hook() -> Iterator[None]:
    yield
    files.hook = None


@pytest.fixture(params=["exchange", "plain rename"])
def _kernel(request: pytest.FixtureRequest, without: Callable[..., None]) -> None:
    """Run a test once with renameat2 and once as on a file system that has none."""
    if request.param == "plain rename":
        without("renameat2")
