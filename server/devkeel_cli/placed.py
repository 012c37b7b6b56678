"""A file that `devkeel install` changes: read, compared when it is written, and taken away where nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import Place, ProjectError

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.policy import protected
    from devkeel.text import diff as diffs
    from devkeel.transaction import single_file
else:
    diffs = Deferred("devkeel.text.diff")
    protected = Deferred("devkeel.policy.protected")
    single_file = Deferred("devkeel.transaction.single_file")

__all__ = ["Placed", "read_placed"]

_EXECUTABLE = 0o755


class Placed(Struct):
    """What becomes of one file. hooks: of a host, which are in it, by their names. gone: nothing is left that it says.

    executable: whether it is a program, where it begins.
    """

    path: Path
    before: bytes | None
    after: bytes
    notes: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    gone: bool = False
    executable: bool = False

    @property
    def changed(self) -> bool:
        """Whether it becomes another one."""
        return self.after != (self.before or b"")

    def result(self, root: Path, *, write: bool) -> dict[str, Any]:
        """Return it as plain data, with the difference."""
        path = self.path
        label = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
        diff = diffs.unified(label, self.before, self.after) if self.changed else ""
        return {"file": str(path), "changed": self.changed, "written": write and self.changed, "diff": diff}

    def write(self) -> list[str]:
        """Write it, and return what is to be said of that. Raises ProjectError `host_file`, Conflict, PolicyRefused."""
        path, before, after = self.path, self.before, self.after
        if not self.changed:
            return []
        protected.require_unprotected_file(path, before, after)
        if self.gone and path.read_bytes() == before:
            path.unlink()
            return []
        if before is not None:
            return single_file.replace_file(path, before, after)
        try:
            single_file.create_file(path, after)
            if self.executable:
                path.chmod(_EXECUTABLE)
        except OSError as error:
            raise _unusable(path, error) from error
        return []


def read_placed(path: Path) -> bytes | None:
    """Return the bytes of a file, None where there is none. Raises ProjectError `host_file`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> ProjectError:
    return ProjectError(
        "host_file",
        f"The host's configuration cannot be used: {error.strerror}.",
        place=Place(str(path)),
        remedy="Correct the file or its permissions, or name another one with --file.",
    )
