"""The work that faults are injected into, and what must hold after each of them."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.project.root import Project
from devkeel.state import origin
from devkeel.transaction import FileChange, Record, Transactions, files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["AFTER", "BEFORE", "CASES", "HUMAN", "KILLED", "NAMES", "Case", "change_three", "interrupted", "texts"]

NAMES = ("devenv.nix", "nix/made.nix", "old.nix")
BEFORE = ("old\n", None, "gone\n")
AFTER = ("new\n", "made\n", None)
HUMAN = "a human's\n"
KILLED = -signal.SIGKILL
DONE, REFUSED, PENDING = 0, 3, 4

Texts = tuple[str | None, ...]


def record(kind: str = "edit", reverts: int | None = None) -> Record:
    return Record(kind, "a test", None, [], {}, "0" * 16, "1" * 16, reverts)  # type: ignore[arg-type]


def texts(root: Path) -> Texts:
    return tuple((root / name).read_text() if (root / name).exists() else None for name in NAMES)


def _changes(old: Texts, new: Texts) -> list[FileChange]:
    return [FileChange(n, b and b.encode(), a and a.encode()) for n, b, a in zip(NAMES, old, new, strict=True)]


def change_three(transactions: Transactions) -> None:
    """Change one file, make one in a new directory, remove one."""
    transactions.publish(_changes(BEFORE, AFTER), record())


def _undo(transactions: Transactions) -> None:
    newest = transactions.newest_undoable()
    assert newest is not None
    swapped = [FileChange(item.path, item.after, item.before) for item in transactions.images(newest)]
    transactions.publish(swapped, record("undo", newest.id))


def _recover(transactions: Transactions) -> None:
    transactions.recover()


def _with_a_human(transactions: Transactions) -> None:
    """Publish while somebody saves a file between the second compare and the exchange."""
    root = transactions.project.root

    def save(step: str) -> None:
        if step == "compared again":
            (root / "devenv.nix").write_text(HUMAN)
            (root.parent / f"{root.name}.saved").touch()

    files.hook = save
    try:
        change_three(transactions)
    finally:
        files.hook = None


def _start(root: Path) -> None:
    (root / "devenv.nix").write_text("old\n")
    (root / "old.nix").write_text("gone\n")
    (root / "devenv.nix").chmod(0o640)


def _with_history(root: Path) -> None:
    _start(root)
    with Transactions(Project(root)) as transactions:
        transactions.publish([FileChange("first.nix", None, b"first\n")], record())


def _published(root: Path) -> None:
    _with_history(root)
    with Transactions(Project(root)) as transactions:
        change_three(transactions)


def interrupted(step: str, nth: int = 1) -> Callable[[Path], None]:
    """Return what prepares a project whose transaction was killed at the nth occurrence of a step."""

    def prepare(root: Path) -> None:
        _with_history(root)
        if (child := os.fork()) == 0:
            left = nth

            def hook(name: str) -> None:
                nonlocal left
                left -= name == step
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

            files.hook = hook
            change_three(Transactions(Project(root)))
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED

    return prepare


def _overwritten(root: Path) -> None:
    interrupted("all moved")(root)
    (root / "devenv.nix").write_text(HUMAN)


@dataclass(frozen=True)
class Case:
    """A project before the work, the work, and the contents that may be there when all is settled.

    done: what must be there when the work came to its end; refused: when devkeel answered with an error.
    """

    name: str
    prepare: Callable[[Path], None]
    work: Callable[[Transactions], None]
    allowed: Sequence[Texts]
    done: Texts | None
    refused: Texts | None = None

    def template(self, place: Path) -> Path:
        """Make the project once, to be copied for each fault."""
        root = place / self.name
        root.mkdir()
        self.prepare(root)
        return root

    def run(self, root: Path) -> int:
        """Do the work; return DONE, or for an error REFUSED, or PENDING where the next start has to settle it."""
        try:
            with Transactions(Project(root), lock_timeout=5) as transactions:
                self.work(transactions)
        except DevkeelError as error:
            return PENDING if error.details.get("recovery_pending") else REFUSED
        return DONE

    def judge(self, root: Path, status: int) -> None:
        """Assert, as the next process would find it, that nothing is mixed, lost or unsettled; status: of the run."""
        assert status in (DONE, REFUSED, PENDING, KILLED), status
        with Transactions(Project(root), lock_timeout=5) as transactions:
            transactions.recover()
            assert transactions.recover() is None
            assert transactions.verify().ok
            assert not transactions.recovery_pending()
            found = texts(root)
            saved = root.parent / f"{root.name}.saved"
            if saved.exists():
                saved.unlink()
                assert found[0] == HUMAN
            assert found in self.allowed
            assert status != DONE or found == self.done
            assert status != REFUSED or self.refused in (found, None)
            left = {item.path: item.after_hash for item in self._standing(transactions)}
            for name, text in zip(NAMES, found, strict=True):
                assert text == HUMAN or (left.get(name) is None) == (text is None or text == BEFORE[NAMES.index(name)])
            assert (root / "devenv.nix").stat().st_mode & 0o777 == 0o640
            names = {path.name for path in root.rglob("*") if ".devkeel" not in path.parts}
            assert not {name for name in names if name.startswith(".devkeel-")}
            transactions.publish([FileChange("next.nix", None, b"next\n")], record())

    @staticmethod
    def _standing(transactions: Transactions) -> list:  # type: ignore[type-arg]
        operations = transactions.history(limit=100)[::-1]
        return [file for item in operations if item.kind == "edit" and item.undone_by is None for file in item.files]


_HUMANS = ((HUMAN, *BEFORE[1:]),)
CASES = (
    Case("first", _start, change_three, (BEFORE, AFTER), AFTER, BEFORE),
    Case("transaction", _with_history, change_three, (BEFORE, AFTER), AFTER, BEFORE),
    Case("undo", _published, _undo, (AFTER, BEFORE), BEFORE, AFTER),
    Case("recovery-back", interrupted("verified", 2), _recover, (BEFORE,), BEFORE),
    Case("recovery-forward", interrupted("all moved"), _recover, (AFTER,), AFTER),
    Case("recovery-of-a-saved-file", _overwritten, _recover, _HUMANS, _HUMANS[0]),
    Case("with-a-human", _with_history, _with_a_human, (BEFORE, *_HUMANS), None),
)


def copy(template: Path, to: Path) -> Path:
    """Copy a project, its records and modes included, as one that devkeel has not seen at this place."""
    copied = Path(shutil.copytree(template, to, symlinks=True))
    # Another copy was here before, and where its history ended is known by the place.
    seal = origin.ownership(copied / ".devkeel").seal
    if seal is not None:
        origin.witness.forget(copied / ".devkeel", seal)
    return copied
