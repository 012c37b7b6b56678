"""What a verb writes to a file that its user named."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from devkeel.errors import UsageError

__all__ = ["place_text"]


def place_text(file: Path, text: str, *, replace: bool) -> None:
    """Write a text to a file that its user alone may read; it is there whole or not at all.

    replace: whether another file may have been there. Raises UsageError `file_exists`, click.FileError.
    """
    try:
        descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:80]}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as target:
                target.write(text)
            if replace:
                Path(beside).replace(file)
                return
            _name(beside, file)
        finally:
            with suppress(FileNotFoundError):
                Path(beside).unlink()
    except FileExistsError as error:
        raise UsageError(
            "file_exists",
            f"{file} is there already, and was left as it is.",
            seen=str(file),
            remedy="Give another name, or --force to replace it.",
        ) from error
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error


def _name(beside: str, file: Path) -> None:
    """Give what was written its name, where nothing has that yet."""
    try:
        os.link(beside, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without a second name for a file
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        Path(beside).replace(file)
