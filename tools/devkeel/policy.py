"""The policy: what the project's own settings (`devkeel.toml`) allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, PolicyRefused, ProjectError, Refused
from devkeel.source import nix
from devkeel.transaction import Keep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.project import Project

__all__ = ["SETTINGS", "Settings", "judge", "read_settings"]

SETTINGS = "devkeel.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a team shares.

    level: the check level of writes that name none. protected: option paths that no edit may change, nor anything
    below them. lock_timeout: seconds to wait for another process. keep: how much history to keep (`history_days`,
    `history_operations`, `history_mib`).
    """

    level: str | None = None
    protected: tuple[str, ...] = ()
    lock_timeout: float = 10.0
    keep: Keep = field(default_factory=Keep)


_KINDS: dict[str, tuple[type, ...]] = {
    "level": (str,),
    "protected": (list,),
    "lock_timeout": (int, float),
    "history_days": (int, float),
    "history_operations": (int,),
    "history_mib": (int, float),
}


def read_settings(project: Project) -> Settings:
    """Return the settings of a project; without a devkeel.toml the defaults. Raises ProjectError `bad_settings`."""
    data = project.read(SETTINGS)
    if data is None:
        return Settings()
    import tomlkit  # noqa: PLC0415  (30 ms that a project without settings does not need)
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        found: dict[str, Any] = tomlkit.parse(data.decode()).unwrap()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise _bad(str(error)) from error
    for name, value in found.items():
        if name not in _KINDS or isinstance(value, bool) or not isinstance(value, _KINDS[name]):
            raise _bad(f"{name} = {value!r} is not a setting of this kind")
    protected = found.get("protected", [])
    if not all(isinstance(item, str) for item in protected):
        raise _bad("protected takes a list of option paths")
    for item in protected:
        nix.parse_path(item)
    return Settings(found.get("level"), tuple(protected), float(found.get("lock_timeout", 10.0)), _keep(found))


def _keep(found: Mapping[str, Any]) -> Keep:
    for name in ("history_days", "history_operations", "history_mib"):
        if found.get(name, 1) <= 0:
            raise _bad(f"{name} is more than 0")
    keep = Keep()
    return Keep(
        days=found.get("history_days", keep.days),
        operations=found.get("history_operations", keep.operations),
        bytes=int(found["history_mib"] * 1024 * 1024) if "history_mib" in found else keep.bytes,
    )


def _bad(why: str) -> ProjectError:
    return ProjectError(
        "bad_settings",
        f"The settings cannot be used: {why}.",
        place=Place(SETTINGS),
        remedy=f"Known settings: {', '.join(_KINDS)}.",
        alternatives=tuple(_KINDS),
    )


def judge(settings: Settings, before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> None:
    """Refuse a candidate that changes a protected option, by whichever edit: PolicyRefused `protected_option`."""
    for path in settings.protected:
        for name, data in after.items():
            if name.endswith(".nix") and _source(path, name, before.get(name)) != _source(path, name, data):
                raise PolicyRefused(
                    "protected_option",
                    f"{path} is protected by {SETTINGS}.",
                    place=Place(name),
                    seen=path,
                    remedy=f"Ask a maintainer to change it, or to take it out of `protected` in {SETTINGS}.",
                )


def _source(path: str, name: str, data: bytes | None) -> list[tuple[tuple[str, ...], str]] | bytes | None:
    """Return what a file says at and below an option, or the whole file where that cannot be told."""
    if data is None:
        return None
    document = nix.Document(data, name)
    names = nix.parse_path(path)
    try:
        found = document.definitions
    except (Refused, ProjectError):
        return data
    size = len(names)
    related = [
        item for item in found if item.path[:size] == names or (item.opaque and names[: len(item.path)] == item.path)
    ]
    return [(item.path, repr(document.value(item))) for item in related]
