"""What came of the verbs of Nix, as lines that both clients say: a row of `LINES` for each kind of result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.builds.build import BuildResult
    from devkeel.builds.builders import BuilderReport
    from devkeel.builds.caches import CacheList, CacheReport, CacheVerification, UploadResult
    from devkeel.builds.evaluation import Evaluation
    from devkeel.builds.reproducibility import Reproducibility
    from devkeel.builds.reproduction import Reproduction
    from devkeel.builds.shell_description import ShellDescription
    from devkeel.builds.tree_comparison import FileDifference
    from devkeel.policy.allowed import Distribution

__all__ = ["LINES", "build", "evaluation", "proof", "reproducibility", "shell", "size"]

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def size(count: int | None) -> str:
    """Return bytes as a person reads them."""
    if count is None:
        return "unknown"
    value, unit = float(count), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} bytes"


def build(result: BuildResult) -> Iterator[str]:
    """Yield what was built."""
    yield f"built {result.target} in {result.seconds:g} s (evaluated in {result.evaluation_seconds:g} s)"
    for item in result.outputs:
        yield f"{item.name}: {item.path}"
        yield f"  {size(item.bytes)}, with all that it needs {size(item.closure_bytes)}"
        yield from (f"  needs {path}" for path in item.references)
    yield f"derivation: {result.derivation}"
    yield from (f"note: {note}" for note in result.notes)


def evaluation(result: Evaluation) -> Iterator[str]:
    """Yield a value: JSON, by lines."""
    yield f"{result.target}: {result.kind}, evaluated in {result.seconds:g} s"
    yield from json.dumps(result.value, indent=2, ensure_ascii=False).split("\n")
    yield from (f"note: {note}" for note in result.notes)


_STATES = {"holds": "holds", "does_not_hold": "does not hold", "not_looked_at": "not looked at"}


def reproducibility(result: Reproducibility) -> Iterator[str]:
    """Yield what holds, line by line."""
    yield f"{result.target or 'project'}: {'nothing found' if result.ok else 'not all of it holds'}"
    for line in result.lines:
        yield f"{line.name.replace('_', ' ')}: {_STATES[line.state]}: {line.reason}"
        yield from (f"  {item.place}: {item.message}" if item.place else f"  {item.message}" for item in line.findings)


def proof(result: Reproduction) -> Iterator[str]:
    """Yield what came of a second build."""
    if result.same:
        yield f"{result.target}: the second build gave the same hash, in {result.seconds:g} s"
    else:
        yield f"{result.target}: the second build differs: {result.output}"
    yield from (f"{path} {text}" for path, text in result.hashes.items())
    if result.differing:
        yield f"{result.differing} of {result.compared} paths differ"
    for item in result.files:
        yield from _difference(item)
    yield f"derivation: {result.derivation}"
    yield from (f"note: {note}" for note in result.notes)


def _difference(item: FileDifference) -> Iterator[str]:
    if item.kind == "content":
        yield f"{item.path}: {item.first} and {item.second} bytes, which differ from byte {item.offset} on"
    else:
        yield f"{item.path}: {item.first}, then {item.second}"
    yield from (f"  {cause.message}: {cause.remedy}" for cause in item.causes)
    yield from (f"  {row}" for row in (item.diff or "").splitlines())


def shell(result: ShellDescription) -> Iterator[str]:
    """Yield what a shell has."""
    pure = "evaluated purely" if result.pure else "not evaluated purely"
    count = f"{len(result.packages)} package{'s' if len(result.packages) != 1 else ''}"
    yield f"{result.name} of {result.file}, for {result.system}, {pure}: {count}"
    yield from (f"{' '.join(filter(None, (item.name, item.version)))}: {item.path}" for item in result.packages)
    for name, text in result.variables.items():
        yield f"{name}={text}"
    if result.hook.strip():
        yield "on entering:"
        yield from (f"  {line}" for line in result.hook.strip().splitlines())
    yield f"derivation: {result.derivation}"
    yield from (f"not looked at: {text}" for text in result.not_looked_at)


def distribution(result: Distribution) -> Iterator[str]:
    """Yield the caches and builders of a project: what each says, and whether a person has agreed to it."""
    if not result.entries:
        yield "devkeel.toml names no caches and no builders"
    for entry in result.entries:
        given = {key: value for key, value in asdict(entry).items() if value not in (None, ())}
        (_, named), *others = given.items()
        yield f"{'waits for you' if entry in result.waiting else 'agreed to'}: {named}"
        yield from (f"  {key}: {value if isinstance(value, (str, int)) else ', '.join(value)}" for key, value in others)


def caches(result: CacheList) -> Iterator[str]:
    """Yield the caches that devkeel.toml names."""
    if not result.caches:
        yield "devkeel.toml names no caches"
    for item in result.caches:
        yield f"{'agreed to' if item.allowed else 'waits for you'}: {item.url}"
        yield from (f"  public key: {item.public_key}",) if item.public_key else ()
        yield from (f"  priority: {item.priority}",) if item.priority is not None else ()
        yield from ("  signs what is uploaded",) if item.signs else ()


def cache_content(result: CacheReport) -> Iterator[str]:
    """Yield which cache has which paths."""
    count = len(result.paths)
    yield f"{count - len(result.missing)} of {count} paths are in a cache"
    for cache in result.caches:
        if cache.why is not None:
            yield f"{cache.cache}: {cache.why}"
            continue
        yield f"{cache.cache}: {len(cache.present)} of {count}, {size(cache.size)}"
        yield from (f"  without its signature: {path}" for path in cache.unsigned)
    yield from (f"missing: {path}" for path in result.missing)


def verification(result: CacheVerification) -> Iterator[str]:
    """Yield what came of reading a cache."""
    wrong = len(result.modified) + len(result.untrusted) + len(result.unreadable)
    told = ", not all as signed" if wrong else ", all as signed" if result.checked else ""
    missing = f", {len(result.missing)} missing" if result.missing else ""
    yield f"{result.cache}: {result.checked} paths read{told}{missing}"
    for name in ("missing", "modified", "untrusted", "unreadable"):
        yield from (f"{name}: {path}" for path in getattr(result, name))


def uploaded(result: UploadResult) -> Iterator[str]:
    """Yield what an upload brought."""
    new = f"{len(result.uploaded)} of {result.paths} paths, {size(result.size)}"
    signed = f", signed by {result.signed_by}" if result.signed_by else ""
    if result.dry_run:
        yield f"would upload {new}, to {result.cache}{signed}"
    else:
        yield f"uploaded {new}, to {result.cache} in {result.seconds:g} s{signed}"
    yield from (f"  {path}" for path in result.uploaded)
    yield from (f"note: {note}" for note in result.notes)


def builders(result: BuilderReport) -> Iterator[str]:
    """Yield what the machines said."""
    for item in result.builders:
        if item.reachable is None:
            yield f"{item.uri}: waits for you"
        elif not item.reachable:
            yield f"{item.uri}: does not answer: {item.why or 'no reason was given'}"
        else:
            yield f"{item.uri}: answers, in {item.seconds:g} s"
            yield f"  builds {', '.join(item.builds) or 'none of the systems that it is described with'}"
            yield from (f"  features: {', '.join(item.features)}",) if item.features else ()
            yield from (f"  described with, and lacks: {', '.join(item.lacks)}",) if item.lacks else ()
    yield from (f"note: {note}" for note in result.notes)


# By the name of the class: what loads a client loads no result of the library.
LINES: dict[str, Callable[[Any], Iterator[str]]] = {
    "BuildResult": build,
    "BuilderReport": builders,
    "CacheReport": cache_content,
    "CacheVerification": verification,
    "Evaluation": evaluation,
    "Reproducibility": reproducibility,
    "Reproduction": proof,
    "ShellDescription": shell,
    "UploadResult": uploaded,
}
