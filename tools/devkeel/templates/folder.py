"""The directory of a kit: its files by plain paths, through no link, none of them large."""

from __future__ import annotations

import errno
import os
from pathlib import Path  # noqa: TC003  (a field's type)

from msgspec import Struct

from devkeel.errors import Place, ProjectError
from devkeel.system.beneath import opened, read_regular
from devkeel.system.reading_room import Leaves, Located, Room
from devkeel.templates.paths import why_not_beneath

__all__ = ["KitFolder"]

_LARGEST = 256 * 1024


class KitFolder(Struct, frozen=True):
    """A directory that a kit is in. root: resolved; inner: the way from there, which goes through no link either."""

    root: Path
    inner: str = ""

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, None where there is none. Raises ProjectError `bad_template`."""
        why = why_not_beneath(name)
        if why is not None:
            raise _unread(name, why)

        path = f"{self.inner}/{name}" if self.inner else name

        def plainly(place: Located) -> None:
            if place.parts != tuple(path.split("/")):
                raise _unread(name, "it is a link, and a template has none")

        try:
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
            descriptor, _ = Room(self.root).open(path, flags, beyond=False, allow=plainly)
        except FileNotFoundError:
            return None
        except Leaves as error:
            raise _unread(name, "it is a link, and a template has none") from error
        except OSError as error:
            why = "it is a link, and a template has none" if error.errno == errno.ELOOP else error.strerror
            raise _unread(name, why or str(error)) from error
        with opened(descriptor):
            data = read_regular(descriptor, _LARGEST + 1)
        if data is None:
            raise _unread(name, "it is no regular file")
        if len(data) > _LARGEST:
            raise _unread(name, f"it has more than {_LARGEST} bytes")
        return data


def _unread(name: str, why: str) -> ProjectError:
    return ProjectError(
        "bad_template",
        f"The template is not sound: {name[:200]} cannot be read: {why}.",
        place=Place(name[:200]),
        seen=name[:200],
        remedy="Correct the template, or use another one.",
    )
