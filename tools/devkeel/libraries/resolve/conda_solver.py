"""Conda's solver: whether specifications go together, and their packages in a prefix.

Micromamba does both where it is there, py-rattler in process where it is not. Neither is installed here.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.diagnosis.causes import both_ends, cause
from devkeel.diagnosis.network import is_unreached
from devkeel.errors import CheckFailed, DevkeelError, Diagnostic, Place, Unavailable
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.resolve.conda_lock import LOCK, LockedDistribution, LockedPackage, read_lock, subdir
from devkeel.libraries.resolve.installers import tool_environment
from devkeel.libraries.resolve.micromamba import INSTALL
from devkeel.runtime.holding import HeldProgram, run_held

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "CondaPackages",
    "has_rattler",
    "install",
    "is_pinned",
    "record_of",
    "require_resolvable",
    "solve",
    "solve_for",
    "wanted_of",
]

_SHOWN = 2000
_CHANNEL = "conda-forge"


class CondaPackages(Struct, frozen=True):
    """What is to be installed: specifications from channels, or the exact packages of a lock.

    pip: requirements that pip installs behind them; distributions: those of a lock, each a file with its hash.
    """

    file: str
    channels: tuple[str, ...]
    specs: tuple[str, ...]
    locked: tuple[LockedPackage, ...] = ()
    pip: tuple[str, ...] = ()
    distributions: tuple[LockedDistribution, ...] = ()

    @property
    def names(self) -> set[str]:
        """The distributions that the specifications are about, where they are called as their packages are."""
        return {
            match[1].lower()
            for spec in self.specs
            if "://" not in spec and (match := re.match(r"(?:\S+::)?([\w.-]+)", spec))
        }


def has_rattler() -> bool:
    """Return whether py-rattler is installed beside devkeel."""
    return importlib.util.find_spec("rattler") is not None


def wanted_of(data: bytes, name: str, python: str | None = None) -> CondaPackages:
    """Return what environment.yml or conda-lock.yml asks for; `python` takes the place of its version of Python."""
    if name == LOCK:
        lock = read_lock(data)
        found = lock.pip_here()
        named = tuple(f"{item.name}=={item.version}" for item in found)
        return CondaPackages(name, (), (), lock.here(), named, found)
    model = conda_file.load(data, name)
    # conda documentation, "Managing environments": `nodefaults` is no channel, and says that the default ones are left
    # out.
    channels = tuple(str(item) for item in _list(model, "channels") if item != "nodefaults") or (_CHANNEL,)
    specs = conda_file.specifications(model)
    if python is not None:
        specs = (*(spec for spec in specs if not re.match(r"python\b(?!-)", spec)), f"python={python}")
    groups = [item for item in _list(model, "dependencies") if isinstance(item, dict)]
    pip = tuple(str(item) for group in groups for item in _list(group, "pip"))
    return CondaPackages(name, channels, specs, pip=pip)


def _list(model: Mapping[str, Any], key: str) -> list[Any]:
    found = model.get(key)
    return found if isinstance(found, list) else []


def is_pinned(pinned: Mapping[str, str], spec: str) -> bool:
    """Return whether versions by package have what a specification asks for, as far as it says `name=1.2`."""
    found = re.match(r"(?:\S+::)?([\w.-]+)\s*(?:=\s*([\d.]+))?", spec)
    if found is None or found[1].lower() not in pinned:
        return False
    return found[2] is None or pinned[found[1].lower()].startswith(found[2].rstrip("."))


def require_resolvable(data: bytes, name: str, tool: str | None, timeout: float, newest: datetime | None = None) -> str:
    """Ask whether what environment.yml names can be had together; return who was asked.

    newest: when it was published at the latest; micromamba knows no such time, and is not asked where there is one.

    Raises CheckFailed `unresolvable`, Unavailable `tool_missing` or `registry_unreachable`.
    """
    wanted = wanted_of(data, name)
    if tool is None or (newest is not None and has_rattler()):
        solve(wanted, timeout, newest)
        return "rattler"
    argv = (tool, "create", "--dry-run", "--prefix", str(Path("/nonexistent") / "environment"))
    done = run_held(HeldProgram((*argv, *_arguments(wanted)), timeout=timeout, environment=tool_environment()))
    if done.returncode:
        raise _unresolvable(done.stderr.decode("utf-8", "replace"), name)
    return "micromamba"


def _arguments(wanted: CondaPackages) -> tuple[str, ...]:
    channels = tuple(part for channel in wanted.channels for part in ("--channel", channel))
    asked = tuple(item.explicit() for item in wanted.locked) or (*channels, "--override-channels", *wanted.specs)
    return ("--yes", "--quiet", "--no-rc", "--no-env", *asked)


def install(wanted: CondaPackages, prefix: Path, tool: str | None, root: Path, timeout: float) -> None:
    """Make a prefix of what is wanted, and compare it with that.

    tool: micromamba; None for py-rattler. root: where it runs. timeout: seconds. Raises CheckFailed `unresolvable`,
    `install_failed` or `hash_mismatch`, Unavailable `tool_missing` or `registry_unreachable`.
    """
    for item in wanted.locked:
        item.require_same()
    if tool is not None:
        _by_micromamba(tool, wanted, prefix, root, timeout)
    else:
        _by_rattler(wanted, prefix, timeout)
    _require_whole(prefix, wanted)


def _by_micromamba(tool: str, wanted: CondaPackages, prefix: Path, root: Path, timeout: float) -> None:
    argv = (tool, "create", "--prefix", str(prefix), *_arguments(wanted))
    done = run_held(HeldProgram(argv, timeout=timeout, environment=tool_environment(), cwd=root, writes=(str(prefix),)))
    if done.returncode:
        raise _unresolvable((done.stderr or done.stdout).decode("utf-8", "replace"), wanted.file)


def _by_rattler(wanted: CondaPackages, prefix: Path, timeout: float) -> None:
    solution = solve(wanted, timeout)
    rattler: Any = importlib.import_module("rattler")
    try:
        _awaited(rattler.install(solution, prefix, show_progress=False, execute_link_scripts=False))
    except Exception as error:
        raise _installing(str(error), wanted.file) from error


def solve(wanted: CondaPackages, timeout: float, newest: datetime | None = None) -> list[Any]:
    """Return py-rattler's records of what is wanted. newest: when it was published at the latest."""
    if not has_rattler():
        raise Unavailable(
            "tool_missing",
            "The project declares a conda environment, and neither micromamba nor py-rattler is there.",
            seen=wanted.file,
            remedy=INSTALL,
            details={"bootstrap": "micromamba"},
        )
    rattler: Any = importlib.import_module("rattler")  # an extra, and half a second

    if wanted.file == LOCK:
        return [record_of(rattler, item.explicit()) for item in wanted.locked]
    return _solved(
        wanted,
        sources=[*wanted.channels],
        specs=[*wanted.specs],
        platforms=[subdir(), "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
        timeout=timedelta(seconds=timeout),
        **({} if newest is None else {"exclude_newer": newest}),
    )


def solve_for(
    wanted: CondaPackages,
    timeout: float,
    platform: str,
    machine: Mapping[str, str],
    kept: Sequence[tuple[str, str]] = (),
    newest: datetime | None = None,
) -> list[Any]:
    """Return py-rattler's records of what is wanted on a platform. newest: when it was published at the latest.

    machine: the virtual packages that it has, each with version and build. kept: name and URL of packages that stay
    where they fit, as far as the channels still have them. Raises CheckFailed `unresolvable`, Unavailable
    `registry_unreachable`.
    """
    rattler: Any = importlib.import_module("rattler")
    gateway, places, channels = rattler.Gateway(), [platform, "noarch"], [*wanted.channels]
    names, urls = sorted({name for name, _ in kept}), {url for _, url in kept}
    known: list[list[Any]] = []
    if names:
        known = _asked(wanted, gateway.query(channels, places, names, recursive=False))
    return _solved(
        wanted,
        sources=channels,
        specs=[*wanted.specs],
        gateway=gateway,
        platforms=places,
        locked_packages=[record for records in known for record in records if str(record.url) in urls],
        virtual_packages=[_virtual(rattler, name, text) for name, text in machine.items()],
        timeout=timedelta(seconds=timeout),
        **({} if newest is None else {"exclude_newer": newest}),
    )


def _virtual(rattler: Any, name: str, text: str) -> Any:  # noqa: ANN401  (of rattler)
    version, _, build = text.partition(" ")
    return rattler.GenericVirtualPackage(
        rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build or "0")
    )


def _solved(wanted: CondaPackages, **asked: Any) -> list[Any]:  # noqa: ANN401  (as `rattler.solve` has them)
    rattler: Any = importlib.import_module("rattler")
    return [*_asked(wanted, rattler.solve(**asked))]


def _asked(wanted: CondaPackages, asking: Any) -> Any:  # noqa: ANN401  (of rattler)
    try:
        return _awaited(asking)
    except DevkeelError:
        raise
    except Exception as error:
        raise _unresolvable(str(error), wanted.file) from error


def _awaited(asked: Any) -> Any:  # noqa: ANN401  (of rattler)
    import asyncio  # noqa: PLC0415  (60 ms, and only py-rattler needs it)

    async def awaited() -> Any:  # noqa: ANN401  (what rattler gives is awaitable, and no coroutine)
        return await asked

    return asyncio.run(awaited())


def record_of(rattler: Any, url: str) -> Any:  # noqa: ANN401  (of rattler)
    """Return the record of an exact package, from its file name."""
    place, _, mark = url.partition("#")
    sha256 = mark.removeprefix("sha256:") if mark.startswith("sha256:") else ""
    md5 = "" if sha256 else mark
    file = place.rpartition("/")[2]
    name, version, build = re.sub(r"\.(?:conda|tar\.bz2)$", "", file).rsplit("-", 2)
    number = re.search(r"(\d+)$", build)
    channel, folder = place.rsplit("/", 2)[:2]
    # A lock does not say what kind of noarch a package is; by convention the build of one for Python begins with py.
    noarch = ("python" if build.startswith("py") else "generic") if folder == "noarch" else None
    record = rattler.PackageRecord(
        name,
        version,
        rattler.BuildString(build),
        int(number[1]) if number else 0,
        folder,
        noarch=noarch,
        md5=bytes.fromhex(md5) if md5 else None,
        sha256=bytes.fromhex(sha256) if sha256 else None,
    )
    return rattler.RepoDataRecord(record, file, place, channel)


_SENTENCE = 600


def _unresolvable(told: str, name: str) -> DevkeelError:
    told = both_ends(told.strip(), _SHOWN)
    if is_unreached(told):
        return Unavailable(
            "registry_unreachable",
            "The channel could not be reached.",
            seen=told,
            remedy="Try again with a network, or without the resolver.",
        )
    lines = [line.strip(" \t└├─│") for line in told.splitlines() if line.strip()]
    whole = " ".join(lines)
    why = (whole if len(whole) <= _SENTENCE else cause(told) or whole[-_SENTENCE:]) or "It does not resolve"
    return CheckFailed(
        "unresolvable",
        f"{why.rstrip('.')}. Nothing was written.",
        place=Place(name),
        remedy="Ask for versions that go together, or for a name that exists.",
        diagnostics=(Diagnostic("unresolvable", "error", told, "resolution", Place(name)),),
    )


def _installing(told: str, name: str) -> CheckFailed:
    return CheckFailed(
        "install_failed",
        f"{(cause(told) or told.strip()[-600:]).rstrip('.')}. The environment is as it was.",
        place=Place(name),
        remedy="Ask for another version, or look whether the channel is whole.",
        diagnostics=(Diagnostic("install_failed", "error", both_ends(told.strip(), _SHOWN), "build", Place(name)),),
    )


def _require_whole(prefix: Path, wanted: CondaPackages) -> None:
    """Compare what was installed with what was asked for, whatever the installer said of it."""
    # conda keeps a record of each package in conda-meta, named name-version-build.json.
    there = {path.name.removesuffix(".json").rsplit("-", 2)[0].lower() for path in prefix.glob("conda-meta/*.json")}
    asked = wanted.names | {item.package for item in wanted.locked}
    # conda documentation, "Managing virtual packages": two underscores begin what the system has, which is never
    # installed.
    lost = sorted(name for name in asked - there if not name.startswith("__"))
    if lost:
        raise _installing(f"It ended without an error, and {', '.join(lost[:5])} is not there", wanted.file)
