"""Git's pre-commit hook: where it belongs, what it is, and what to say where another program owns that place."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, ProjectError
from devkeel_cli.placed import Placed, read_placed

if TYPE_CHECKING:
    from devkeel import runtime
else:
    runtime = Deferred("devkeel.runtime")

__all__ = ["SECONDS", "planned"]

SECONDS = 30
"""How long the hook waits for devkeel."""

_GIT_SECONDS = 20.0
_OURS = b"# devkeel: judges the environment files that are staged."
_ROOTS = "set -- "
# The name of the program comes first where a shell finds it: its place may change, and this file stays.
_HOOK = """\
#!/bin/sh
{ours}
# Written by `devkeel install --git-hook`, which takes it out again with --remove. A commit is refused for errors that
# it adds to them, and for nothing else: `git commit --no-verify` goes past it.
set -- {roots}
devkeel=$(command -v devkeel) || devkeel={program}
if [ ! -x "$devkeel" ]; then
  echo "devkeel is not installed, so the environment files of this commit are not judged." >&2
  exit 0
fi
for root do
  "$devkeel" --root "$root" check --staged --quiet >&2 &
  work=$!
  (
    sleep {seconds} &
    nap=$!
    trap 'kill $nap' TERM
    wait $nap && kill -9 $work
  ) >/dev/null 2>&1 &
  clock=$!
  wait $work
  code=$?
  kill $clock 2>/dev/null
  case $code in
    0) ;;
    3)
      echo "This commit adds these errors to the environment files, so it is refused. To go past: --no-verify." >&2
      exit 1
      ;;
    137) echo "devkeel did not answer in {seconds} seconds: the environment files of $root are not judged." >&2 ;;
    *) echo "devkeel could not judge the environment files of $root (exit code $code): the commit goes on." >&2 ;;
  esac
done
exit 0
"""


class _Framework(Struct, frozen=True):
    """What manages the hooks of a repository. files: any of them shows it. line: what to add there."""

    name: str
    files: tuple[str, ...]
    line: str


_LINE = "devkeel --root {root} check --staged --quiet"
_FRAMEWORKS = (
    _Framework(
        "pre-commit",
        (".pre-commit-config.yaml", "prek.toml"),
        "add to {file}, below `repos`: {{repo: local, hooks: [{{id: devkeel, name: devkeel, language: system, "
        "pass_filenames: false, entry: {line}}}]}}",
    ),
    _Framework("husky", (".husky",), "add a line to .husky/pre-commit: {line}"),
    _Framework(
        "lefthook",
        tuple(f"{dot}lefthook.{end}" for dot in ("", ".") for end in ("yml", "yaml", "toml", "json")),
        "add to {file}: pre-commit: {{commands: {{devkeel: {{run: {line}}}}}}}",
    ),
)
_DEVENV = 'git-hooks.hooks.devkeel = {{ enable = true; pass_filenames = false; entry = "{line}"; }}'


def planned(root: Path, program: str, *, remove: bool) -> tuple[list[Placed], list[str]]:
    """Return the change of the hook, and what to say instead where another program owns that place.

    program: devkeel's own path, for where no shell finds it. Raises ProjectError `no_repository`.
    """
    top, place, own = _places(root)
    named = os.path.relpath(root, top)
    found = read_placed(place)
    if found is not None and _OURS in found:
        after = _with_root(found, named, remove=remove)
        return [Placed(place, found, after, gone=not after)], []
    if remove:
        return ([], [f"{place} is not devkeel's."]) if found is not None else ([Placed(place, None, b"")], [])
    line = _LINE.format(root=shlex.quote(named))
    for item in _FRAMEWORKS:
        file = next((name for name in item.files if os.path.lexists(top / name)), None)
        if file is not None:
            return [], [_of_framework(item, top, file, line)]
    if found is not None or not own:
        whose = "is another program's hook" if found is not None else "is outside of this repository"
        return [], [f"{place} {whose}, and stays as it is. Add a line there: {line}; [ $? -ne 3 ] || exit 1"]
    text = _HOOK.format(ours=_OURS.decode(), roots=shlex.quote(named), program=shlex.quote(program), seconds=SECONDS)
    return [Placed(place, None, text.encode(), executable=True)], []


def _of_framework(item: _Framework, top: Path, file: str, line: str) -> str:
    place = top / file
    if place.is_file() and b"devkeel" in (read_placed(place) or b""):
        return f"{item.name} manages the hooks here, and {file} names devkeel already."
    if place.is_symlink() and str(place.readlink()).startswith("/nix/store/"):
        return f"devenv manages the hooks here: add to devenv.nix: {_DEVENV.format(line=line)}"
    return f"{item.name} manages the hooks here: {item.line.format(file=file, line=line)}"


def _with_root(hook: bytes, root: str, *, remove: bool) -> bytes:
    """Return our hook with a root, or without it: nothing where none is left. The rest of it stays as it is."""
    lines = hook.decode("utf-8", "replace").splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.startswith(_ROOTS):
            roots = shlex.split(line.removeprefix(_ROOTS))
            left = [item for item in roots if item != root] if remove else [*roots, *({root} - set(roots))]
            if not left:
                return b""
            lines[number] = f"{_ROOTS}{shlex.join(left)}\n"
            return hook if left == roots else "".join(lines).encode()
    return hook


def _places(root: Path) -> tuple[Path, Path, bool]:
    """Return the top of the work tree, the place of the hook, and whether that place is this repository's own."""
    told = _git(root, "rev-parse", "--show-toplevel", "--git-path", "hooks/pre-commit", "--git-common-dir").splitlines()
    top, place, common = (Path(os.path.realpath(root / item)) for item in told)
    return top, place, place.is_relative_to(top) or place.is_relative_to(common)


def _git(root: Path, *argv: str) -> str:
    # core.hooksPath is the user's, who asks for this
    with runtime.executing():
        try:
            found = runtime.run(("git", "-C", str(root), *argv), timeout=_GIT_SECONDS)
        except DevkeelError:
            found = None
    if found is None or found.returncode:
        raise ProjectError(
            "no_repository",
            f"{root} is in no Git repository that can be read.",
            seen=str(root),
            remedy="Begin one with `git init`, or name another root.",
        )
    return found.stdout.decode()
