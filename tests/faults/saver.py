"""Somebody who saves a file over and over, as a process of its own: `saver.py FILE WAY SEED LOG`.

Each save adds one numbered line to what the file then holds. WAY: `in-place` truncates and writes; `beside` writes
another file and renames it; `append` writes through a descriptor that is kept open for many saves. LOG gets the number
of each save that has come to its end. Saves come in bursts, so that a change succeeds now and then, until standard
input is closed.
"""

from __future__ import annotations

import os
import random
import select
import sys
import threading

_BURST, _WITHIN, _BETWEEN = 70, 0.001, 1.2
_LONGEST = 4.0
_KEPT = 40  # saves through one descriptor
_pause = threading.Event()


def line_of(number: int, *, as_json: bool) -> str:
    """Return the line of a save: a comment, or a member of an object in JSON."""
    return f'  "saved-{number}": 0,\n' if as_json else f"# saved-{number}.\n"


def with_line(text: str, number: int, *, as_json: bool) -> str:
    """Return the text of a file with the line of a save: JSON takes it first, others last."""
    line = line_of(number, as_json=as_json)
    if as_json:
        head, brace, rest = text.partition("{\n")
        return f"{head}{brace}{line}{rest}"
    return f"{text}{line}"


class Saver:
    """The file, and the descriptor that is kept open."""

    def __init__(self, path: str) -> None:
        self.path, self.as_json = path, path.endswith((".json", "devenv.lock"))
        self.descriptor, self.left = -1, 0

    def save(self, way: str, number: int) -> None:
        {"in-place": self._in_place, "beside": self._beside, "append": self._append}[way](number)

    def _read(self) -> str:
        while True:
            try:
                with open(self.path, encoding="utf-8") as stream:  # noqa: PTH123  (a process that starts fast)
                    return stream.read()
            except FileNotFoundError:  # the moment in which the names are exchanged in steps
                _pause.wait(_WITHIN)

    def _in_place(self, number: int) -> None:
        text = with_line(self._read(), number, as_json=self.as_json)
        with open(self.path, "w", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write(text)

    def _beside(self, number: int) -> None:
        text = with_line(self._read(), number, as_json=self.as_json)
        with open(f"{self.path}.swap", "w", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write(text)
        os.rename(f"{self.path}.swap", self.path)  # noqa: PTH104

    def _append(self, number: int) -> None:
        if not self.left:
            if self.descriptor >= 0:
                os.close(self.descriptor)
            self.descriptor, self.left = self._open(), _KEPT
        self.left -= 1
        if self.as_json:
            text = os.pread(self.descriptor, 1 << 24, 0).decode()
            os.pwrite(self.descriptor, with_line(text, number, as_json=True).encode(), 0)
        else:
            os.lseek(self.descriptor, 0, os.SEEK_END)
            os.write(self.descriptor, line_of(number, as_json=False).encode())

    def _open(self) -> int:
        while True:
            try:
                return os.open(self.path, os.O_RDWR)
            except FileNotFoundError:
                _pause.wait(_WITHIN)


def main(path: str, way: str, seed: str, log: str) -> None:
    chance, saver = random.Random(seed), Saver(path)
    number, burst = 0, 0
    with open(log, "w", buffering=1, encoding="ascii") as done:  # noqa: PTH123
        while not select.select([sys.stdin], [], [], 0)[0]:
            saver.save(way, number)
            done.write(f"{number}\n")
            number += 1
            burst = burst - 1 if burst else chance.randrange(1, 2 * _BURST)
            _pause.wait(_WITHIN * chance.random() if burst else min(chance.expovariate(1 / _BETWEEN), _LONGEST))


if __name__ == "__main__":
    main(*sys.argv[1:])
