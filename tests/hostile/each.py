"""Runs lines of the command, each in a child of its own, so that Python starts and imports once for all of them.

It is run as the console script is: with the directory that it is called in on no path. Arguments: a file with the
lines as JSON, and a directory for what each of them says.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from devkeel_cli import main


def _main(lines: str, told: str) -> None:
    for number, line in enumerate(json.loads(Path(lines).read_text("utf-8"))):
        os.access(f"{told}/{number}.begins", os.F_OK)  # where the calls of this line begin in the record
        child = os.fork()
        if child == 0:
            says = os.open(f"{told}/{number}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            for stream, place in ((0, os.open(os.devnull, os.O_RDONLY)), (1, says), (2, says)):
                os.dup2(place, stream)
            sys.argv = ["devkeel", *line]
            sys.exit(main())
        os.waitpid(child, 0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
