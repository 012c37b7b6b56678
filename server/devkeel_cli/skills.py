"""What teaches the verbs to agents of hosts without MCP: a skill of Claude Code, and a section of AGENTS.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Place, Refused
from devkeel_cli.placed import Placed, read_placed

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SECTION", "SKILL", "planned"]

_BEGIN = "<!-- devkeel: begin (devkeel install --skills) -->"
_END = "<!-- devkeel: end -->"
_SKILL_FILE, _AGENTS_FILE = ".claude/skills/devkeel/SKILL.md", "AGENTS.md"

# agentskills.io/specification: `name` is that of the directory; `description`, at most 1,024 characters, is all that is
# read until the skill is used.
_HEAD = """\
---
name: devkeel
description: >-
  Changes this project's development environment: packages, libraries, services, variables, processes, locks. Use
  before editing devenv.nix, devenv.yaml, flake.nix, environment.yml, pyproject.toml, requirements.txt or a lock,
  before pip, npm -g, apt-get, brew, cargo or conda install, and when a program, library or service is missing.
---
"""

SKILL = """\
# The development environment

Change it with `devkeel`: it checks a change before it writes, keeps a history and undoes. Where devkeel's MCP tools are
connected, use those instead. Never install past it.

Look first:

```sh
devkeel inspect
devkeel search postgres
devkeel search services.postgres
```

Change; `-n` only tries it, `-m` says why:

```sh
devkeel add ripgrep -n
devkeel add ripgrep -m "for the search tests"
devkeel library add --language python httpx
devkeel enable postgres --setting port=5433
devkeel set env.LOG_LEVEL debug
devkeel patch devenv.nix --old "old text" --new "new text"
devkeel lock
```

Make it, and run things in it:

```sh
devkeel apply
devkeel run -- pytest
devkeel up
devkeel logs postgres
devkeel down
```

Something failed: have what it printed explained, and publish the fix of a number:

```sh
devkeel diagnose build.log
devkeel diagnose build.log --apply 1
```

Go back:

```sh
devkeel history --since 7d
devkeel undo
devkeel undo 12
```

`next:` in an answer is the call to make. Exit codes: 0 done, 1 refused, 3 a check found errors, 4 somebody else changed
the file (look again, repeat). `devkeel VERB --help` says the rest.
"""

SECTION = """\
## Development environment

Do not edit devenv.nix, devenv.yaml, flake.nix, environment.yml, dependencies or locks by hand, and install nothing past
them (`pip install`, `npm install -g`, `apt-get`, `brew`). Use `devkeel`, which checks first and can undo; `-n` tries:

```sh
devkeel inspect
devkeel search postgres
devkeel add ripgrep -m "why"
devkeel library add --language python httpx
devkeel enable postgres
devkeel set env.LOG_LEVEL debug
devkeel apply
devkeel run -- pytest
devkeel undo
```

`next:` in an answer is the call to make; `devkeel --help` lists the verbs.
"""


def planned(root: Path, *, remove: bool) -> list[Placed]:
    """Return the changes of the skill and of AGENTS.md. What stands around devkeel's own section stays.

    Raises Refused `foreign_section` where a file has something else in that place.
    """
    return [
        _placed(root / _SKILL_FILE, _HEAD, SKILL, remove=remove),
        _placed(root / _AGENTS_FILE, "", SECTION, remove=remove),
    ]


def _placed(path: Path, head: str, text: str, *, remove: bool) -> Placed:
    path = path.resolve()
    before = read_placed(path)
    if before is None:
        return Placed(path, None, b"" if remove else f"{head}{_section(text)}".encode())
    found = before.decode("utf-8", "surrogateescape")
    ends = "\r\n" if "\r\n" in found else "\n"
    begin, end = found.find(_BEGIN), found.find(_END)
    if (begin < 0) != (end < 0) or end < begin or (begin < 0 and head and not remove):
        raise _foreign(path)
    if begin < 0:
        between = "" if not found or found.endswith(f"{ends}{ends}") else ends if found.endswith(ends) else ends * 2
        after = found if remove else found + between + _section(text).replace("\n", ends)
        return Placed(path, before, after.encode("utf-8", "surrogateescape"))
    stop = end + len(_END)
    stop += len(ends) if found.startswith(ends, stop) else 0
    if not remove:
        after = found[:begin] + _section(text).replace("\n", ends) + found[stop:]
        return Placed(path, before, after.encode("utf-8", "surrogateescape"))
    # The blank line before it came with it.
    above = found[:begin].removesuffix(ends) if found[:begin].endswith(ends * 2) else found[:begin]
    after = above + found[stop:]
    gone = not after.strip() or after.replace(ends, "\n").strip() == head.strip()
    return Placed(path, before, b"" if gone else after.encode("utf-8", "surrogateescape"), gone=gone)


def _section(text: str) -> str:
    return f"{_BEGIN}\n{text}{_END}\n"


def _foreign(path: Path) -> Refused:
    return Refused(
        "foreign_section",
        f"{path.name} was there already, or one of the marks around devkeel's section is missing. Nothing was written.",
        place=Place(str(path)),
        remedy=f"Put the section between a line `{_BEGIN}` and a line `{_END}`, or move the file away.",
    )
