"""What a change did, in words: which packages, options, libraries, inputs and pins it added, removed or changed."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from devkeel.deferred import Deferred
from devkeel.history.things import Kind, normal, things_of
from devkeel.pinned import moves
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.history.things import Thing
    from devkeel.text import secrets
else:
    secrets = Deferred("devkeel.text.secrets")

__all__ = ["Difference", "differences", "in_words", "reads"]

_MOST = 2 * 1024 * 1024


class Difference(Struct, frozen=True):
    """One thing that a change of a file did something to.

    kind: `lock` for what a lock pins, `lines` where only lines can be compared, whose numbers `before` and `after`
    then are: how many went, how many came. before, after: what is said of it, None where it is not there.
    """

    file: str
    kind: Kind | Literal["lock", "lines"]
    name: str
    before: str | None = field(name="from", default=None)
    after: str | None = field(name="to", default=None)

    @property
    def sign(self) -> str:
        """`+` for what is new, `-` for what is gone, `~` for what is another one now."""
        if self.kind == "lines":
            return "~"
        return "+" if self.before is None else "-" if self.after is None else "~"


def differences(changes: Iterable[tuple[str, bytes | None, bytes | None]]) -> tuple[Difference, ...]:
    """Return what changes of files did. changes: name, bytes before and after, None where there is no file."""
    return tuple(item for name, *both in changes if both[0] != both[1] for item in _of_file(name, *both))


def _of_file(name: str, before: bytes | None, after: bytes | None) -> Iterator[Difference]:
    moved = moves.moves_of(name, before, after)
    if moved is not None:
        yield from (Difference(name, "lock", item.name, item.before, item.after) for item in moved.moves)
        if (more := moved.total - len(moved.moves)) > 0:
            yield Difference(name, "lock", f"{more} more", "", "")
        return
    old, new = (_things(name, data) for data in (before, after))
    found = [] if old is None or new is None else list(_between(name, old, new))
    yield from found or [_lines(name, before or b"", after or b"")]


def _things(name: str, data: bytes | None) -> Mapping[Thing, str] | None:
    return {} if data is None else things_of(name, data) if len(data) <= _MOST else None


def _between(name: str, old: Mapping[Thing, str], new: Mapping[Thing, str]) -> Iterator[Difference]:
    for kind, thing in dict.fromkeys((*old, *new)):
        was, now = old.get((kind, thing)), new.get((kind, thing))
        if was != now:
            yield Difference(
                name, kind, thing, *(None if said is None else secrets.hide(said, thing) for said in (was, now))
            )


def _lines(name: str, before: bytes, after: bytes) -> Difference:
    if len(before) + len(after) > _MOST:
        return Difference(name, "lines", f"{len(after) - len(before):+} bytes")
    old, new = before.splitlines(), after.splitlines()
    same = sum(block.size for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks())
    gone, come = len(old) - same, len(new) - same
    return Difference(name, "lines", f"+{come} -{gone} lines" if come or gone else "line ends", str(gone), str(come))


def in_words(found: Iterable[Difference]) -> Iterator[str]:
    """Yield each difference on a line: `devenv.nix: +htop`, `devenv.nix: services.redis.port 1 -> 2`."""
    for item in found:
        yield f"{item.file}: {one_line(_said(item))}"


def _said(item: Difference) -> str:
    if item.kind == "lines":
        return item.name
    if item.kind == "lock" and item.before == item.after == "":
        return f"and {item.name}"
    noun = "" if item.kind in ("package", "lock") else f"{item.kind} "
    if item.before is None or item.after is None:
        value = item.after if item.before is None else item.before
        return f"{item.sign}{noun}{item.name}{_value(item, value)}"
    return f"{noun}{item.name} {item.before or 'any'} -> {item.after or 'any'}"


def _value(item: Difference, value: str | None) -> str:
    if not value:
        return ""
    return f" = {value}" if item.kind in ("option", "setting") else f" {value}"


def reads(item: Difference, about: str) -> bool:
    """Return whether a difference is about something: an option at, above or below a path, or a name."""
    if about in (item.file, item.file.rpartition("/")[2]) or item.file.startswith(f"{about.rstrip('/')}/"):
        return True
    if item.kind == "lines":
        return False
    if item.kind in ("option", "setting"):
        return _related(item.name, about)
    return normal(item.name) == normal(about.removeprefix("pkgs."))


def _related(path: str, about: str) -> bool:
    """Return whether one of two option paths is the other or above it; `redis` is `services.redis` too."""
    first, second = path.split("."), about.split(".")
    if len(second) == 1 and first[0] in ("services", "languages", "processes") and first[1:2] == second:
        return True
    return first[: len(second)] == second or second[: len(first)] == first
