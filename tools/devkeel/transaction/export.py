"""The history as lines of JSON, and comparing such lines again without the records that they are from.

First the header, then a line for each link of the chain in its order (`operation`, or `dropped` for what is not kept
any more), the refused attempts, and the end. What is sealed of an operation is in its line, so that its digest can be
made.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel.text.diff import unified_all
from devkeel.transaction import chain, refusals, schema
from devkeel.transaction.chain import Anchor, Link
from devkeel.transaction.operation import FileImage
from devkeel.transaction.seals import COLUMNS, digest_of
from devkeel.transaction.system_errors import damaged
from devkeel.transaction.verification import Verification, Walk

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from devkeel.state.origin import Seal
    from devkeel.transaction.chain import ChainHead

__all__ = ["FORMAT", "export", "verify_export"]

FORMAT = 1
_KIND = "devkeel-history"
_ROW = f"SELECT {', '.join(COLUMNS)} FROM operation WHERE id = ?"  # noqa: S608
_IMAGES = "SELECT path, before_hash, after_hash, mode_before, mode_after FROM file WHERE operation = ? ORDER BY n"
_IMAGE = ("path", "before_hash", "after_hash", "mode_before", "mode_after")
_JSON = ("edits", "report")
# Each line has a kind of its own, and what is called a token is taken for a secret.
_TOLD = {"kind": "what", "token": "nonce"}
_MOST_CONTENT = 64 * 1024 * 1024
_MOST_LINE = 256 * 1024 * 1024

_HASH = re.compile(r"[0-9a-f]{64}")

Data = dict[str, Any]


def export(
    connection: sqlite3.Connection, seal: Seal, file: Path, *, diffs: bool = False, contents: bool = False
) -> Iterator[Data]:
    """Yield the lines of a history, oldest first. diffs: of each file; contents: its bytes, before and after.

    file: where the records are, for errors. Raises StateError where something cannot be read.
    """
    if not schema.has_chain(connection):
        raise damaged(file, "an older devkeel wrote it, and it has no chain until the next write")
    anchor = chain.anchor_of(connection)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    began = {"operation": anchor.operation, "hash": anchor.hash, "dropped": anchor.dropped}
    began |= {"begun": anchor.begun, "why": anchor.why, "earlier": anchor.earlier}
    yield {"kind": _KIND, "format": FORMAT, "exported": time, "anchor": began}
    operations = dropped = 0
    for link in chain.links(connection):
        place = {"previous": link.previous, "digest": link.digest, "hash": link.hash}
        row = connection.execute(_ROW, (link.operation,)).fetchone()
        if row is None:
            dropped += 1
            yield {"kind": "dropped", "id": link.operation} | place
        else:
            operations += 1
            yield _operation(connection, dict(row), file, diffs=diffs, contents=contents) | place
    attempts = refusals.read(connection, seal, None, None, refusals.MOST_REFUSALS)[0][::-1]
    for item in attempts:
        yield {"kind": "refusal"} | {name: getattr(item, name) for name in item.__struct_fields__}
    newest = chain.head(connection)
    head = {"operation": newest.operation, "hash": newest.hash}
    yield {"kind": "end", "operations": operations, "dropped": dropped, "refusals": len(attempts), "head": head}


def _operation(connection: sqlite3.Connection, row: Data, file: Path, *, diffs: bool, contents: bool) -> Data:
    images = [FileImage(*item) for item in connection.execute(_IMAGES, (row["id"],))]
    found: Data = {"kind": "operation"} | {_TOLD.get(name, name): row[name] for name in COLUMNS}
    for name in _JSON:
        found[name] = _parsed(row[name])
        if json.dumps(found[name]) != row[name]:
            found[f"{name}_text"] = row[name]
    files, changed = list[Data](), list[tuple[str, bytes | None, bytes | None]]()
    for image in images:
        data: Data = {name: getattr(image, name) for name in _IMAGE}
        if diffs or contents:
            both = [_content(connection, name, file) for name in (image.before_hash, image.after_hash)]
            changed += [(image.path, both[0], both[1])] if both[0] != both[1] else []
            if contents:
                told = [None if item is None else base64.b64encode(item).decode() for item in both]
                data |= {"before_base64": told[0], "after_base64": told[1]}
        files.append(data)
    return found | {"files": files} | ({"diff": unified_all(changed)} if diffs else {})


def _parsed(text: str) -> Any:  # noqa: ANN401  (data of any shape)
    try:
        return json.loads(text)
    except ValueError:
        return None


def _content(connection: sqlite3.Connection, name: str | None, file: Path) -> bytes | None:
    if name is None:
        return None
    row = connection.execute("SELECT data FROM blob WHERE hash = ?", (name,)).fetchone()
    try:
        if row is not None:
            data = zlib.decompressobj().decompress(row["data"], _MOST_CONTENT)
            if hashlib.sha256(data).hexdigest() == name:
                return data
    except (zlib.error, TypeError):
        pass
    raise damaged(file, f"the content {name[:16]} is not readable")


def verify_export(lines: Iterable[bytes], expected: ChainHead | None = None) -> Verification:
    """Compare the lines of an export with each other, and with a head. It wants no key, and so believes no seal.

    Raises UsageError `bad_export` for what is no export.
    """
    found = _read(lines)
    header = next(found, None)
    if header is None or header.get("kind") != _KIND or header.get("format") != FORMAT:
        raise _bad("The first line is not the header of an exported history.", 1)
    walk = Walk(_well(_anchor, header, 1), expected)
    end: Data | None = None
    for number, line in enumerate(found, 2):
        if end is not None:
            walk.fault("export_incomplete", "Something comes after the line that ends it.")
            break
        match line.get("kind"):
            case "operation":
                _well(_compared(walk), line, number)
            case "dropped":
                walk.count("dropped")
                walk.go(_well(_link, line, number))
            case "refusal":
                walk.count("refusals")
            case "end":
                end = line
            case _:
                raise _bad("A line is none of an exported history.", number)
    _close(walk, end)
    return walk.result()


def _read(lines: Iterable[bytes]) -> Iterator[Data]:
    for number, line in enumerate(lines, 1):
        if len(line) > _MOST_LINE:
            raise _bad("A line is longer than any export has.", number)
        try:
            data = json.loads(line, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            raise _bad("A line is no JSON.", number) from error
        if not isinstance(data, dict):
            raise _bad("A line is no object.", number)
        yield data


def _object(pairs: list[tuple[str, Any]]) -> Data:
    """Return an object; raises ValueError for a name that stands twice: each reader would take another one of them."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _bad(message: str, line: int) -> UsageError:
    return UsageError("bad_export", message, seen=f"line {line}", remedy="Give a file as it was exported, whole.")


def _well(read: Callable[[Data], Any], line: Data, number: int) -> Any:  # noqa: ANN401  (what is read)
    try:
        return read(line)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad("A line has not the values that an export has.", number) from error


def _anchor(header: Data) -> Anchor:
    told = header["anchor"]
    begun, why, earlier = told["begun"], told["why"], told["earlier"]
    if (begun is None) != (why is None) or why not in {None, *chain.REASONS}:
        raise ValueError(why)
    if begun is not None:
        datetime.fromisoformat(begun)
    return Anchor(
        _number(told["operation"]),
        _hash(told["hash"]),
        _number(told["dropped"]),
        begun,
        why,
        None if earlier is None else _hash(earlier),
    )


def _link(line: Data) -> Link:
    return Link(_number(line["id"]), _hash(line["previous"]), _hash(line["digest"]))


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _hash(text: str) -> str:
    if not _HASH.fullmatch(text):
        raise ValueError(text)
    return text


def _compared(walk: Walk) -> Callable[[Data], None]:
    """Return what compares the line of an operation, and goes on by it."""

    def compare(line: Data) -> None:
        link, number = _link(line), _number(line["id"])
        walk.count("operations")
        if line.get("masked"):
            walk.count("masked")
        elif not _is_sound(line, link):
            walk.fault("operation_changed", f"Operation {number} is not as it was when it was written.", number)
        if line["hash"] != link.hash:
            walk.fault(
                "chain_broken", f"The hash of operation {number} is not the one that follows from its line.", number
            )
        for item in line["files"]:
            for side in ("before", "after"):
                if f"{side}_base64" not in item:
                    continue
                data = _bytes(item[f"{side}_base64"])
                walk.figures["contents"] = walk.figures.get("contents", 0) + (data is not None)
                if (None if data is None else hashlib.sha256(data).hexdigest()) != item[f"{side}_hash"]:
                    walk.fault(
                        "content_changed", f"A content of {item['path']} in operation {number} is another one.", number
                    )
        if not line.get("masked") and not _has_its_diff(line):
            walk.fault("content_changed", f"The diff of operation {number} is not that of its contents.", number)
        walk.go(link)

    return compare


def _is_sound(line: Data, link: Link) -> bool:
    """Return whether what a line says of an operation is what was sealed of it."""
    # What is hashed is the text, where that is another one than the data would be written as: both say the same then.
    for name in _JSON:
        text = line.get(f"{name}_text")
        if text is not None and json.dumps(_parsed(text)) != json.dumps(line[name]):
            return False
    return digest_of(_row(line), [FileImage(*(item[name] for name in _IMAGE)) for item in line["files"]]) == link.digest


def _has_its_diff(line: Data) -> bool:
    """Return whether the diff of a line is the one of its contents; True where it has not both."""
    if "diff" not in line or not all("before_base64" in item for item in line["files"]):
        return True
    both = [(item["path"], *(_bytes(item[f"{side}_base64"]) for side in ("before", "after"))) for item in line["files"]]
    return bool(line["diff"] == unified_all([item for item in both if item[1] != item[2]]))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)


def _row(line: Data) -> Data:
    row = {name: line[_TOLD.get(name, name)] for name in COLUMNS}
    return row | {name: line.get(f"{name}_text", json.dumps(line[name])) for name in _JSON}


def _close(walk: Walk, end: Data | None) -> None:
    """Compare what the last line says with what came before it."""
    if end is None:
        walk.fault("export_incomplete", "The line that ends it is not there: it was cut.")
        return
    figures = {name: walk.figures.get(name, 0) for name in ("operations", "dropped", "refusals")}
    figures["dropped"] -= walk.anchor.dropped
    told = {name: end.get(name) for name in figures}
    head = {"operation": walk.running.operation, "hash": walk.running.hash}
    if told != figures or end.get("head") != head:
        walk.fault("export_incomplete", "The last line speaks of other operations than there are.")
